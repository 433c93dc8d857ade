import Almanac
import Foundation
import RecordedWeather
import Testing
import Weather

@testable import ForecastSources

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

    /// At every 97th byte; of the few answers that are very long at some hundreds of places.
    @Test(arguments: Recording.all) func aRecordingThatWasCutIsRefused(_ recording: Recording) throws {
        let answers = try recording.answers()
        for (number, answer) in answers.enumerated() {
            let end = answer.lastIndex { $0 > 0x20 } ?? 0
            for length in stride(from: 0, to: end, by: max(97, answer.count / 300)) {
                var cut = answers
                cut[number] = Array(answer[..<length])
                let error = #expect(throws: SourceError.self, "cut at \(length)") {
                    try Recordings.read(recording.source, cut)
                }
                #expect(error?.kind == .misunderstood)
                #expect(error?.description.contains("is not JSON: ") == true)
                #expect(error?.description.contains(recording.source.rawValue) == true)
            }
        }
    }

    /// Whatever kind of value comes where another is expected: it is read, or refused with a sentence, and what
    /// is read can be told.
    @Test(arguments: Recording.all) func valuesOfOtherKindsAreReadOrRefused(_ recording: Recording) throws {
        let strange = [
            "null", "true", "-9999", "1e999", "1e18", "0.5", "[]", "{}", #""""#, #""x""#,
            #""2026-13-45T99:99""#,
        ]
        let answers = try recording.answers()
        var dice = Dice(state: 97)
        var refused = 0
        let texts = try answers.map { try JSONText($0) }
        // Long answers take long to read, here where nothing is optimised.
        let rounds = max(40, min(220, 4_000_000 / answers.reduce(0) { $0 + $1.count }))
        for round in 0..<rounds {
            let number = dice.roll(answers.count)
            let text = texts[number]
            let node = text.nodes[dice.roll(text.nodes.count)]
            let quotes = node.kind == .string ? 1 : 0
            var changed = answers
            changed[number].replaceSubrange(
                (Int(node.start) - quotes)..<(Int(node.end) + quotes),
                with: strange[round % strange.count].utf8)
            do throws(SourceError) {
                let told = try Recordings.read(recording.source, changed)
                expectTold(told.forecast(for: try place()))
            } catch {
                #expect(error.kind == .misunderstood)
                #expect(error.description.contains(recording.source.rawValue))
                #expect(error.description.utf8.count < 1000)
                refused += 1
            }
        }
        #expect(refused > 0 && refused < rounds)
    }

    private func place() throws(SourceError) -> Place {
        guard let place = Reader.place else { throw SourceError(.unknownPlace, "") }
        return place
    }

    /// Events come of it without a number that could not be shown.
    private func expectTold(_ forecast: Forecast) {
        let rules = EventRule.standard + EventRule.windows
        var options = EventOptions()
        options.sun = true
        let events = forecast.events(under: rules, options: options, clock: .utc, now: forecast.hours.start)
        for event in events {
            #expect(event.end > event.start)
            #expect(!event.title.contains("nan") && !event.title.contains("∞"))
        }
    }

    /// Numbers that are the same in every run.
    private struct Dice {
        var state: UInt64

        mutating func roll(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
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
