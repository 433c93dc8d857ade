import Almanac
import AsyncHTTPClient
import ForecastSources
import Foundation
import HTTPTypes
import RecordedWeather
import ServerKit
import Testing
import Weather

/// What every service sees of us, and what is made of what it answers.
@Suite(.timeLimit(.minutes(2))) struct PolitenessTests {
    static let key = "0123-secret-key"

    static func place(station: String? = nil) throws -> Place {
        let id = try #require(PlaceID("here"))
        return try #require(
            Place(
                id: id, name: "Here", latitude: 52.520008, longitude: 13.404954, timeZone: "Europe/Berlin",
                station: station))
    }

    static func source(
        _ name: SourceName, at root: String, timeout: Int64 = 15,
        now: Date = Date(timeIntervalSince1970: 1_774_700_000)
    ) throws -> any ForecastSource {
        let services = ForecastServices(
            client: .weather, version: "1.2.3", timeoutInSeconds: timeout, now: { now })
        return try services.source(
            name,
            SourceSettings(
                baseURL: root, key: name.needsKey ? Secret(key) : nil, contact: "ops@example.com"))
    }

    /// A server that answers like all services at once.
    static let everyService = { @Sendable (question: ServiceDouble.Question) -> ServiceDouble.Reply in
        let weather = InventedWeather.spring
        let path = question.path
        let source: SourceName
        var file = 0
        switch path {
        case "/v1/forecast": source = .openMeteo
        case "/locationforecast/2.0/complete": source = .metNorway
        case "/weather": source = .brightSky
        case "/data/3.0/onecall": source = .openWeatherMap
        case "/points/52.5200,13.4050":
            return .answer(
                200,
                #"{"properties":{"forecastGridData":"https://127.0.0.1/gridpoints/OKX/1,2","timeZone":"Europe/Berlin"}}"#
            )
        case "/gridpoints/OKX/1,2": source = .nationalWeatherService
        case "/forecast/\(key)/52.5200,13.4050": source = .pirateWeather
        case "/v3/wx/forecast/hourly/15day": source = .weatherCompany
        case "/v3/wx/forecast/daily/15day": (source, file) = (.weatherCompany, 1)
        case "/api/\(key)/forecast10day/hourly10day/q/52.5200,13.4050.json":
            // Both features come in one answer.
            let both = weather.answers(of: .weatherUnderground)
            return .answer(200, "\(both[0].dropLast()),\(both[1].dropFirst())")
        default: return .answer(404, #"{"message":"not found"}"#)
        }
        return .answer(200, weather.answers(of: source)[file])
    }

    @Test(arguments: SourceName.allCases)
    func theServiceLearnsWhoAsksAndNoMoreThanItNeeds(_ name: SourceName) async throws {
        let double = ServiceDouble(Self.everyService)
        let answer = try await double.serve { root in
            try await Self.source(name, at: root).forecast(for: Self.place(), since: nil)
        }
        let forecast = try #require(answer.forecast)
        #expect(forecast.source == name)
        #expect(forecast.hours.count > 40)
        #expect(!forecast.licence.text.isEmpty && forecast.licence.url.hasPrefix("https://"))
        #expect(
            double.questions.count == (name == .nationalWeatherService || name == .weatherCompany ? 2 : 1))
        for question in double.questions {
            #expect(question.headers[.userAgent] == "homeport/1.2.3 ops@example.com")
            #expect(question.headers[.accept] == "application/json")
            #expect(question.headers[.acceptEncoding]?.contains("gzip") == true)
            #expect(question.target.firstMatch(of: /\d\.\d{5}/) == nil, "\(question.target)")
            #expect(question.target.contains(Self.key) == name.needsKey)
        }
    }

    /// The grid cell of a place is asked for once; it does not change.
    @Test func whatDoesNotChangeIsAskedOnce() async throws {
        let double = ServiceDouble(Self.everyService)
        try await double.serve { root in
            let source = try Self.source(.nationalWeatherService, at: root)
            for _ in 0..<3 { _ = try await source.forecast(for: Self.place(), since: nil) }
        }
        #expect(double.questions.count { $0.path.hasPrefix("/points/") } == 1)
        #expect(double.questions.count == 4)
    }

    /// MET Norway wants its own `Last-Modified` back, letter by letter, and says how long an answer is good.
    @Test func anAnswerThatIsStillGoodIsNotSentAgain() async throws {
        let mark = "Fri, 27 Mar 2026 22:41:07 GMT"
        let double = ServiceDouble { question in
            let headers: HTTPFields = [.lastModified: mark, .expires: "Sat, 28 Mar 2026 13:00:00 GMT"]
            guard question.headers[.ifModifiedSince] == nil else { return .answer(304, headers, "") }
            return .answer(200, headers, InventedWeather.spring.answers(of: .metNorway)[0])
        }
        let (first, second) = try await double.serve { root in
            let source = try Self.source(.metNorway, at: root)
            let first = try await source.forecast(for: Self.place(), since: nil)
            return (first, try await source.forecast(for: Self.place(), since: first.mark))
        }
        #expect(first.forecast != nil)
        #expect(first.mark?.text == mark)
        #expect(second.forecast == nil)
        #expect(second.mark == first.mark)
        #expect(double.questions.map { $0.headers[.ifModifiedSince] } == [nil, mark])
        // 2026-03-28 13:00 UTC.
        #expect(
            [first.expires, second.expires]
                == Array(repeating: Date(timeIntervalSince1970: 1_774_702_800), count: 2))
    }

    @Test func anAgeThatAServiceAllowsIsKept() async throws {
        let double = ServiceDouble { _ in
            .answer(
                200, [.cacheControl: "public, max-age=1800"],
                InventedWeather.spring.answers(of: .openMeteo)[0])
        }
        let answer = try await double.serve { root in
            try await Self.source(.openMeteo, at: root).forecast(for: Self.place(), since: nil)
        }
        #expect(answer.expires == Date(timeIntervalSince1970: 1_774_701_800))
    }

    @Test func aStationIsAskedForByItsName() async throws {
        let double = ServiceDouble { _ in .answer(404, "{}") }
        await #expect(throws: SourceError.self) {
            try await double.serve { root in
                try await Self.source(.weatherUnderground, at: root).forecast(
                    for: Self.place(station: "IBERLIN1705"), since: nil)
            }
        }
        #expect(double.questions.first?.path.hasSuffix("/q/pws:IBERLIN1705.json") == true)
    }

    /// A key that owners of stations get is good for five days; what it is not good for is asked once.
    @Test func whatAKeyIsNotGoodForIsAskedOnce() async throws {
        let double = ServiceDouble { question in
            question.path.hasSuffix("daily/5day")
                ? .answer(200, InventedWeather.spring.answers(of: .weatherCompany)[1])
                : .answer(401, #"{"errors":[{"error":{"message":"Unauthorized"}}]}"#)
        }
        try await double.serve { root in
            let source = try Self.source(.weatherCompany, at: root)
            for _ in 0..<2 {
                let answer = try await source.forecast(for: Self.place(), since: nil)
                #expect(answer.forecast?.days.count == 11)
            }
        }
        #expect(
            double.questions.map { $0.path.split(separator: "/").suffix(2).joined(separator: "/") }
                == ["hourly/15day", "hourly/2day", "daily/15day", "daily/5day", "daily/5day"])
    }

    @Test func whoNeedsAKeyOrAContactSaysSoBeforeAnythingIsAsked() {
        let services = ForecastServices(client: .weather, version: "1", now: { Date() })
        for name in SourceName.allCases where name.needsKey || name.needsContact {
            let error = #expect(throws: SourceSettingsError.self) {
                try services.source(name, SourceSettings())
            }
            #expect(error?.description.contains(name.rawValue) == true)
        }
        for base in ["ftp://host", "host", "https://", "https://host?key=1", ""] {
            #expect(throws: SourceSettingsError.self) {
                try services.source(.openMeteo, SourceSettings(baseURL: base))
            }
        }
        #expect(throws: SourceSettingsError.self) {
            try services.source(.openMeteo, SourceSettings(contact: "me\r\nX-Evil: 1"))
        }
    }

    @Test func aServerOfOnesOwnMayLieUnderAPath() async throws {
        let double = ServiceDouble { _ in .answer(200, InventedWeather.spring.answers(of: .openMeteo)[0]) }
        try await double.serve { root in
            for base in ["\(root)/meteo", "\(root)/meteo/"] {
                _ = try await Self.source(.openMeteo, at: base).forecast(for: Self.place(), since: nil)
            }
        }
        #expect(double.questions.map(\.path) == ["/meteo/v1/forecast", "/meteo/v1/forecast"])
    }
}
