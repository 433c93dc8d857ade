import Almanac
import AsyncHTTPClient
import CalendarPeers
import CalendarServers
import Contracts
import Foundation
import ICalendar
import ServerKit
import Testing

/// Against a real Radicale, and looked at with the PyPI client `caldav`.
@Suite(.timeLimit(.minutes(2))) struct CalDAVServerTests {
    private static let (user, password) = ("me", "a secret: ü")

    @Test func itKeepsTheContract() async throws {
        try await withRadicale { base in
            let server = try Self.server(base)
            try await checkCalendarServerContract(server) {
                try await Self.found(base).map(\.summary).sorted()
            }
        }
    }

    @Test func theCalendarHoldsExactlyWhatIsWantedAndASecondRunWritesNothing() async throws {
        try await withRadicale { base in
            let wanted = (0..<120).map {
                sampleEvent("e\($0)@x", summary: "Wind, \($0) km/h", start: 1_774_756_800 + $0)
            }
            let sync = try CalendarSync(server: Self.server(base), pause: { _ in }, chance: { 0.5 })
            #expect(try await sync.run(wanted).written == 120)
            let found = try await Self.found(base)
            #expect(found.map(\.uid) == wanted.map(\.event.uid).sorted())
            #expect(found.count { $0.transparent } == 120)
            #expect(found.first { $0.uid == "e0@x" }?.start == "2026-03-29T04:00:00+00:00")

            let again = try await CalendarSync(server: Self.server(base), pause: { _ in }, chance: { 0.5 })
                .run(wanted)
            #expect(again.plan.isEmpty && again.written == 0)
        }
    }

    @Test func eventsOfOthersAreNotTouched() async throws {
        try await withRadicale { base in
            let server = try Self.server(base)
            try await server.makeCalendar()
            _ = try await Peers.run(
                "caldav_add.py", [Self.calendar(base), Self.user, Self.password, "theirs@x", "Dentist"])
            let sync = CalendarSync(server: server, pause: { _ in }, chance: { 0.5 })
            #expect(
                try await sync.run([sampleEvent("ours@x", summary: "Rain")]).plan.description == "+1 ~0 -0")
            #expect(try await sync.run([]).plan.description == "+0 ~0 -1")
            #expect(try await Self.found(base).map(\.summary) == ["Dentist"])
        }
    }

    @Test func aWrongPasswordIsSaidOnceAndNotShown() async throws {
        try await withRadicale { base in
            var settings = Self.settings(base)
            settings.password = Secret("wrong-password")
            let server = try CalDAVServer(settings: settings, client: .calendars)
            let error = await #expect(throws: CalendarServerError.self) { try await server.ownEvents() }
            #expect(error?.kind == .unauthorized)
            #expect(error?.description.contains("wrong-password") == false)
        }
    }

    @Test func theHomeOfAnAccountIsFoundAndTheCalendarMadeInIt() async throws {
        try await withRadicale { base in
            var settings = Self.settings(base)
            settings.url = base
            let server = try CalDAVServer(settings: settings, client: .calendars)
            #expect(try await server.ownEvents() == nil)
            try await server.makeCalendar()
            #expect(try await server.apply([.add(sampleEvent("e@x", summary: "Rain"))]) == [.done])
            #expect(try await Self.found(base, at: "\(base)me/weather-berlin/").map(\.uid) == ["e@x"])
        }
    }

    @Test func anAddressWithCredentialsInItIsRefused() {
        for url in [
            "ftp://x/", "https://me:pw@x.example/", "nonsense", "https:///", "https://x.example/?a=b",
        ] {
            var settings = Self.settings("http://127.0.0.1/")
            settings.url = url
            #expect(throws: CalendarServerError.self) {
                try CalDAVServer(settings: settings, client: .calendars)
            }
        }
    }

    private struct Found: Decodable {
        let uid: String
        let summary: String
        let start: String
        let transparent: Bool
    }

    private static func calendar(_ base: String) -> String { "\(base)me/weather/" }

    private static func settings(_ base: String) -> CalDAVServer.Settings {
        .init(
            url: calendar(base), user: user, password: Secret(password), owner: "weather-berlin",
            name: "Weather & <Berlin>", description: "Forecast", color: NamedColor("steelblue"),
            zones: [berlin])
    }

    private static func server(_ base: String) throws -> CalDAVServer {
        try CalDAVServer(settings: settings(base), client: .calendars)
    }

    private static func found(_ base: String, at url: String? = nil) async throws -> [Found] {
        let lines = try await Peers.run("caldav_summaries.py", [url ?? calendar(base), user, password])
        return try lines.split(separator: "\n").map {
            try JSONDecoder().decode(Found.self, from: Data($0.utf8))
        }
    }

    private func withRadicale(_ body: @escaping @Sendable (String) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        try await Peers.withServer("radicale_server.py", [folder.path, Self.user, Self.password]) { port in
            try await body("http://127.0.0.1:\(port)/")
        }
    }
}

/// The clock of Berlin in 2026.
let berlin = ZoneDefinition(
    id: "Europe/Berlin", initial: .init(seconds: 3600, abbreviation: "CET", isDaylight: false),
    transitions: [
        .init(
            at: UTCSeconds(1_774_746_000),
            offset: .init(seconds: 7200, abbreviation: "CEST", isDaylight: true)),
        .init(
            at: UTCSeconds(1_792_890_000),
            offset: .init(seconds: 3600, abbreviation: "CET", isDaylight: false)),
    ])
