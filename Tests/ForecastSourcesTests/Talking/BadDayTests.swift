import Almanac
import ForecastSources
import Foundation
import HTTPTypes
import RecordedWeather
import Testing
import Weather

/// Services that are down, slow, cut off, full or lying.
@Suite(.timeLimit(.minutes(2))) struct BadDayTests {
    private static func error(
        _ name: SourceName = .openMeteo, timeout: Int64 = 15,
        _ reply: @escaping @Sendable (ServiceDouble.Question) -> ServiceDouble.Reply
    ) async throws -> (error: SourceError?, questions: Int) {
        let double = ServiceDouble(reply)
        let error = try await double.serve { root -> SourceError? in
            do {
                let source = try PolitenessTests.source(name, at: root, timeout: timeout)
                _ = try await source.forecast(for: PolitenessTests.place(), since: nil)
                return nil
            } catch {
                return error as? SourceError
            }
        }
        return (error, double.questions.count)
    }

    struct Told: Sendable {
        let status: Int
        let kind: SourceError.Kind
        let words: String

        init(_ status: Int, _ kind: SourceError.Kind, _ words: String) {
            self.status = status
            self.kind = kind
            self.words = words
        }
    }

    static let told = [
        Told(429, .unavailable, "asked too often"), Told(500, .unavailable, "not well"),
        Told(503, .unavailable, "not well"), Told(401, .refused, "401"), Told(403, .refused, "403"),
        Told(400, .refused, "400"), Told(422, .refused, "422"), Told(404, .unknownPlace, "404"),
        Told(302, .misunderstood, "302"), Told(204, .misunderstood, "204"),
    ]

    @Test(arguments: told, SourceName.allCases)
    func aStatusSaysWhatIsWrong(_ told: Told, _ name: SourceName) async throws {
        let (error, _) = try await Self.error(name) { _ in
            .answer(told.status, told.status == 204 ? "" : #"{"reason":"because\nit is so"}"#)
        }
        // What a key of this service is not good for is tried in other ways first.
        let isTried = name == .weatherCompany && [401, 403].contains(told.status)
        #expect(error?.kind == told.kind)
        #expect(error?.description.contains(isTried ? "refuses every forecast" : told.words) == true)
        #expect(error?.description.contains("\n") == false)
        #expect(error?.description.contains(PolitenessTests.key) == false)
        if told.status == 400 { #expect(error?.description.contains("because it is so") == true) }
    }

    @Test func howLongToWaitIsForTheServiceToSay() async throws {
        let told = try await Self.error { _ in .answer(429, [.retryAfter: "77"], "") }
        #expect(told.error?.retryAfter == 77)
        let silent = try await Self.error { _ in .answer(429, "") }
        #expect(silent.error?.retryAfter == 900)
        let endless = try await Self.error { _ in .answer(503, [.retryAfter: "99999999"], "") }
        #expect(endless.error?.retryAfter == 86_400)
    }

    @Test func aServiceThatSaysNothingIsGivenUp() async throws {
        let (error, questions) = try await Self.error(timeout: 1) { _ in .silence }
        #expect(error?.kind == .unavailable)
        #expect(error?.description.contains("cannot be asked") == true)
        #expect(questions == 1)
    }

    @Test func anAnswerThatEndsInTheMiddleIsNone() async throws {
        let text = String(InventedWeather.spring.answers(of: .openMeteo)[0].prefix(2000))
        let (error, _) = try await Self.error { _ in .cut(text) }
        #expect(error?.kind == .unavailable)
    }

    @Test func aServiceThatIsNotThereIsUnavailable() async throws {
        let source = try PolitenessTests.source(.openMeteo, at: "http://127.0.0.1:1")
        let error = await #expect(throws: SourceError.self) {
            try await source.forecast(for: PolitenessTests.place(), since: nil)
        }
        #expect(error?.kind == .unavailable)
        #expect(error?.description.contains("127.0.0.1") == true)
    }

    @Test func anAnswerWithoutEndIsCutOff() async throws {
        let (error, _) = try await Self.error { _ in .answer(200, String(repeating: " ", count: 5 << 20)) }
        #expect(error?.kind == .misunderstood)
        #expect(error?.description.contains("more than 4 MiB") == true)
    }

    /// A service with keys that sends us elsewhere would have the key carried there.
    @Test func nobodyIsFollowedElsewhere() async throws {
        let (error, questions) = try await Self.error(.openWeatherMap) { _ in
            .answer(302, [.location: "/stolen"], "")
        }
        #expect(error?.kind == .misunderstood)
        #expect(questions == 1)
        let (linked, _) = try await Self.error(.nationalWeatherService) { question in
            .answer(200, #"{"properties":{"forecastGridData":"https://evil.example/grid"}}"#)
        }
        #expect(linked?.description.contains("another host") == true)
    }

    @Test(arguments: [
        (SourceName.openMeteo, #"{"error":true,"reason":"Minutely API request limit exceeded"}"#, "Minutely"),
        (
            .weatherUnderground,
            #"{"response":{"error":{"type":"keynotfound","description":"this key does not exist"}}}"#,
            "does not exist"
        ),
        (.brightSky, #"{"detail":"No sources match"}"#, "No sources"),
        (.pirateWeather, #"{"message":"API rate limit exceeded"}"#, "rate limit"),
        (.openWeatherMap, #"{"cod":401,"message":"Invalid API key"}"#, "Invalid API key"),
    ]) func anErrorInAGoodAnswerIsAnError(_ name: SourceName, _ text: String, _ words: String) async throws {
        let (error, _) = try await Self.error(name) { _ in .answer(200, text) }
        #expect(error?.kind == .misunderstood)
        #expect(error?.description.contains(words) == true)
    }
}
