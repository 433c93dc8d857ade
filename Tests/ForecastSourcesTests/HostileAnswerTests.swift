import Almanac
import ForecastSources
import Foundation
import Testing
import Weather

/// What services send on bad days.
@Suite struct HostileAnswerTests {
    private func error(_ source: SourceName, _ files: [String]) -> SourceError? {
        do {
            _ = try Reader.forecast(source, files)
            return nil
        } catch {
            return error as? SourceError
        }
    }

    @Test(arguments: Samples.all) func anAnswerThatWasCutIsRefused(_ sample: Samples.Sample) throws {
        let bytes = Array(try #require(sample.files.first).utf8)
        for length in stride(from: 0, to: bytes.count - 2, by: 13) {
            let cut = String(decoding: bytes[..<length], as: UTF8.self)
            let error = error(sample.source, [cut])
            #expect(error?.kind == .misunderstood, "cut at \(length)")
            #expect(error?.description.contains(sample.source.rawValue) == true)
        }
    }

    @Test(arguments: Samples.all) func noByteCanBringTheReaderDown(_ sample: Samples.Sample) throws {
        for (file, text) in sample.files.enumerated() {
            let bytes = Array(text.utf8)
            for index in stride(from: 0, to: bytes.count, by: 3) {
                for byte in [
                    UInt8(ascii: "9"), UInt8(ascii: "\""), UInt8(ascii: "]"), UInt8(ascii: "-"), 0xFF,
                ] {
                    var changed = bytes
                    changed[index] = byte
                    var files = sample.files
                    files[file] = String(decoding: changed, as: UTF8.self)
                    _ = error(sample.source, files)
                }
            }
        }
    }

    /// Numbers where texts are expected, lists where numbers are: an error that says where.
    @Test func wrongTypesAreToldByTheirPlace() {
        let text = Samples.toronto.replacingOccurrences(of: "[0.0,0.5,", with: "[0.0,\"warm\",")
        #expect(
            error(.openMeteo, [text])?.description
                == "the answer of open-meteo is not understood: hourly.temperature_2m[1] should be a number")
        let sky = Samples.brightSky.replacingOccurrences(of: "\"dew_point\":0.1", with: "\"dew_point\":[]")
        #expect(
            error(.brightSky, [sky])?.description.contains("weather[1].dew_point should be a number") == true)
    }

    @Test(
        arguments: [
            (
                SourceName.openMeteo, #"{"error":true,"reason":"Cannot initialize WeatherVariable"}"#,
                "Cannot initialize"
            ),
            (.weatherUnderground, #"{"response":{"error":{"type":"Station:OFFLINE"}}}"#, "Station:OFFLINE"),
            (
                .weatherUnderground,
                #"{"response":{"error":{"type":"querynotfound","description":"No cities match"}}}"#,
                "No cities match"
            ),
            (
                .openWeatherMap, #"{"cod":"500","message":"Error: Internal server error"}"#,
                "Internal server error"
            ),
            (.brightSky, #"{"detail":"No sources match your criteria"}"#, "No sources match"),
            (.metNorway, "<html>", "not JSON"), (.pirateWeather, "{}", "hourly"),
            (.weatherCompany, "[]", "temperature"),
            (.nationalWeatherService, #"{"properties":{}}"#, "neither a grid"),
            (.openMeteo, #"{"hourly":{"time":[]}}"#, "no hours"), (.openMeteo, "", "ends in the middle"),
            (.openMeteo, #"{"hourly":{"time":[7200,3600]}}"#, "not in order"),
            (.openMeteo, #"{"hourly":{"time":[1e300]}}"#, "whole number"),
            (.openMeteo, #"{"hourly":{"time":[3600]}} x"#, "follows the end"),
            (.openMeteo, #"{"hourly":{"time":[0,3600],"rain":[0],"temperature_2m":[1]}}"#, "another length"),
        ]
    ) func errorsInGoodAnswersAreErrors(_ source: SourceName, _ text: String, _ expected: String) {
        let error = error(source, [text])
        #expect(error?.kind == .misunderstood)
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "no error")")
    }

    @Test func numbersThatMeanUnknownAreUnknown() throws {
        let text = Samples.toronto.replacingOccurrences(of: "[0.0,0.5,", with: "[-9999,1e30,")
        let forecast = try Reader.forecast(.openMeteo, [text])
        #expect(forecast.hours[.temperature, 0] == nil)
        #expect(forecast.hours[.temperature, 1] == nil)
        #expect(forecast.hours[.temperature, 2] == 1)
    }

    @Test func bracketsWithoutEndAreRefused() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(error(.openMeteo, [deep])?.description.contains("nested too deep") == true)
    }

    @Test func warningsThatAreTestsAreNone() throws {
        let text = """
            {"features":[{"properties":{"event":"Tsunami Warning","status":"Test","effective":"2026-03-24T10:00:00-04:00",
            "expires":"2026-03-24T16:00:00-04:00","severity":"Extreme"}},
            {"properties":{"event":"Flood Watch","status":"Actual","messageType":"Update","id":"NWS-1",
            "onset":"2026-03-24T10:00:00-04:00","expires":"2026-03-24T16:00:00-04:00",
            "ends":"2026-03-25T10:00:00-04:00","severity":"Severe","senderName":"NWS Portland OR",
            "parameters":{"VTEC":["/O.CON.KPQR.FA.A.0004.000000T0000Z-191222T1800Z/"]}}}]}
            """
        let warnings = try Recordings.warnings(Array(text.utf8))
        #expect(warnings.map(\.id) == ["KPQR.FA.A.0004"])
        #expect(warnings.map(\.severity) == [.severe])
        #expect(warnings.first?.end == Date(timeIntervalSince1970: 1_774_447_200))
    }

    @Test func germanWarningsComeInTwoLanguages() throws {
        let text = #"""
            {"alerts":[{"alert_id":"2.49.0.0.276.0.DWD.1","effective":"2026-03-06T11:37:00+00:00",
            "onset":"2026-03-07T00:00:00+00:00","expires":null,"severity":"minor","event_en":"frost",
            "event_de":"FROST","headline_de":"Amtliche WARNUNG vor FROST","description_de":"leicht\u00e4 \ud83e\udd76\n2",
            "status":"actual"}]}
            """#
        let warning = try #require(try Recordings.warnings(Array(text.utf8)).first)
        #expect(warning.text(in: .german).event == "FROST")
        #expect(warning.text(in: .german).details == "leichtä 🥶\n2")
        #expect(warning.text(in: .english).event == "frost")
        #expect(warning.end == Date(timeIntervalSince1970: 1_773_014_400))
    }
}
