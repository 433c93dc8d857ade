import CalendarPeers
import Contracts
import Foundation
import Harness
import RecordedWeather
import Testing

/// `homeport weather sync` and the push of `homeport serve` into a real Radicale, looked at with the PyPI
/// client `caldav`.
@Suite(.timeLimit(.minutes(5))) struct RadicaleTests {
    private static let (user, password) = ("me", "a secret: ü")

    /// A weather service, a Radicale and a configuration that brings them together.
    private final class Scene: Sendable {
        let source: ForecastServer
        let folder: TemporaryFolder
        let settings: String
        let calendar: String
        private let radicale: TemporaryFolder

        init(
            _ source: ForecastServer, _ address: String, _ radicale: TemporaryFolder, port: Int, only: String
        )
            throws
        {
            let folder = try TemporaryFolder()
            let secret = folder.path + "/password"
            try (RadicaleTests.password + "\n").write(toFile: secret, atomically: true, encoding: .utf8)
            let calendar = "http://127.0.0.1:\(port)/me/weather/"
            self.source = source
            self.folder = folder
            self.radicale = radicale
            self.calendar = calendar
            self.settings = weatherSettings(
                address,
                more: """
                      calendars:
                        - name: mine
                          kind: caldav
                          place: york
                          url: \(calendar)
                          user: \(RadicaleTests.user)
                          password_file: \(secret)
                    \(only)
                    """)
        }

        var data: String { folder.path + "/data" }

        func homeport(_ arguments: String...) async throws -> Finished {
            let file = folder.path + "/homeport.yaml"
            try settings.write(toFile: file, atomically: true, encoding: .utf8)
            return try await Harness.homeport(arguments + ["--config", file], data: data)
        }

        /// The methods of the requests that came, since the last time this was asked.
        func requests() throws -> [String] {
            let file = radicale.path + "/requests"
            let text = try String(contentsOfFile: file, encoding: .utf8)
            try Data().write(to: URL(filePath: file))
            return text.split(separator: "\n").map(String.init)
        }

        /// What somebody finds in the calendar.
        func found() async throws -> Set<ToldEvent> {
            let lines = try await Peers.run(
                "caldav_summaries.py", [calendar, RadicaleTests.user, RadicaleTests.password])
            let events = try lines.split(separator: "\n").map {
                try JSONDecoder().decode(ToldEvent.self, from: Data($0.utf8))
            }
            #expect(Set(events).count == events.count, "no event is there twice")
            return Set(events)
        }

        /// What the feed and the preview of the same data tell; both must agree.
        func told() async throws -> Set<ToldEvent> {
            let feed = toldEvents(try await homeport("weather", "feed", "york").succeeded().output)
            let preview = try await homeport("weather", "preview", "york", "--json").succeeded().output
            let document = try JSONDecoder().decode(Preview.self, from: Data(preview.utf8))
            #expect(
                Set(
                    document.events.map {
                        ToldEvent(uid: "\($0.uid)@york.weather.homeport", summary: $0.title)
                    })
                    == feed)
            return feed
        }

        private struct Preview: Decodable {
            struct Event: Decodable {
                let uid: String
                let title: String
            }
            let events: [Event]
        }
    }

    private func withScene(
        only: String = "", _ body: @escaping @Sendable (Scene) async throws -> Void
    ) async throws {
        let source = ForecastServer()
        try await source.serve { address in
            let folder = try TemporaryFolder()
            try await Peers.withServer("radicale_server.py", [folder.path, Self.user, Self.password]) {
                port in
                try await body(try Scene(source, address, folder, port: port, only: only))
            }
        }
    }

    private static func writes(_ requests: [String]) -> [String] {
        requests.filter { ["PUT", "DELETE", "MKCALENDAR", "PROPPATCH", "MKCOL", "POST"].contains($0) }
    }

    @Test func theCalendarHoldsExactlyWhatFeedAndPreviewShowAndASecondRunWritesNothing() async throws {
        try await withScene { scene in
            let dry = try await scene.homeport("weather", "sync", "--dry-run").succeeded()
            #expect(try Self.writes(scene.requests()).isEmpty, "a dry run writes nothing")
            #expect(!FileManager.default.fileExists(atPath: scene.data), "here neither")

            let first = try await scene.homeport("weather", "sync").succeeded()
            let told = try await scene.told()
            #expect(told.count > 20)
            #expect(first.output == "mine  +\(told.count) ~0 -0\n" && dry.output == first.output)
            #expect(try Self.writes(scene.requests()).count { $0 == "PUT" } == told.count)
            #expect(try await scene.found() == told)

            _ = try scene.requests()
            let second = try await scene.homeport("weather", "sync").succeeded()
            #expect(second.output == "mine  +0 ~0 -0\n")
            let requests = try scene.requests()
            #expect(Self.writes(requests).isEmpty && requests.count { $0 == "REPORT" } == 1, "\(requests)")
            #expect(scene.source.asked == 2, "once for the dry run, once for all others")
        }
    }

    @Test func soManyChangesAreSoManyWrites() async throws {
        try await withScene { scene in
            try await scene.homeport("weather", "sync").succeeded()
            let before = try await scene.told()
            scene.source.blow(in: [100, 101])
            try ageForecast(of: "york", in: scene.data, by: 2 * 3600)
            _ = try scene.requests()
            let dry = try await scene.homeport("weather", "sync", "--dry-run").succeeded()
            let second = try await scene.homeport("weather", "sync").succeeded()
            let after = try await scene.told()
            #expect(second.output == dry.output && second.output != "mine  +0 ~0 -0\n")
            let counts = second.output.matches(of: /[+~-](\d+)/).compactMap { Int($0.1) }
            #expect(try Self.writes(scene.requests()).count == counts.reduce(0, +))
            #expect(after != before)
            #expect(try await scene.found() == after)
        }
    }

    @Test func aRunThatIsKilledIsCompletedByTheNext() async throws {
        try await withScene { scene in
            let file = scene.folder.path + "/homeport.yaml"
            try scene.settings.write(toFile: file, atomically: true, encoding: .utf8)
            let (_, status) = try await withGuardedProcess(
                try homeportPath(), ["weather", "sync", "--config", file, "--data", scene.data],
                environment: [:], log: scene.folder.path + "/log"
            ) { process in
                var seen: [String] = []
                while seen.count(where: { $0 == "PUT" }) < 3 {
                    seen += (try? scene.requests()) ?? []
                    await Task.yield()
                }
                try await process.signal("KILL")
                await process.ended()
            }
            #expect(status == 137, "it was killed in the middle")
            let half = try await scene.found()
            let second = try await scene.homeport("weather", "sync").succeeded()
            let told = try await scene.told()
            #expect((3..<told.count).contains(half.count))
            #expect(second.output == "mine  +\(told.count - half.count) ~0 -0\n")
            #expect(try await scene.found() == told)
        }
    }

    @Test func aCalendarOfTheWindAloneHoldsTheWind() async throws {
        try await withScene(only: "      only: [wind]\n      title: Wind") { scene in
            try await scene.homeport("weather", "sync").succeeded()
            let feed = try await scene.homeport("weather", "feed", "york", "--only", "wind").succeeded()
                .output
            #expect(!toldEvents(feed).isEmpty)
            #expect(try await scene.found() == toldEvents(feed))
        }
    }

    @Test func theServerWritesByItselfAndOnceIsEnough() async throws {
        try await withScene { scene in
            try await withHomeport(in: scene.folder, settings: scene.settings) { homeport in
                var numbers = ""
                while !numbers.contains("homeport_calendar_age_seconds{calendar=\"mine\"}") {
                    numbers = try await homeport.nobody.get("/metrics").text
                }
                let told = toldEvents(try await homeport.nobody.get("/calendar/york.ics").text)
                #expect(try await scene.found() == told)
                #expect(
                    numbers.contains("homeport_calendar_writes_total{calendar=\"mine\"} \(told.count)"))
            }
            // What the server has written, the command finds as it should be: both tell the same.
            _ = try scene.requests()
            #expect(try await scene.homeport("weather", "sync").succeeded().output == "mine  +0 ~0 -0\n")
            #expect(try Self.writes(scene.requests()).isEmpty)
        }
    }

    @Test func whenTheSourceFailsTheCalendarIsLeftAsItIs() async throws {
        try await withScene { scene in
            try await scene.homeport("weather", "sync").succeeded()
            scene.source.isFailing = true
            try ageForecast(of: "york", in: scene.data, by: 2 * 3600)
            _ = try scene.requests()
            #expect(try await scene.homeport("weather", "sync").succeeded().output == "mine  +0 ~0 -0\n")
            #expect(try Self.writes(scene.requests()).isEmpty)
        }
    }

    @Test func aPasswordThatIsNotTakenIsSaid() async throws {
        try await withScene { scene in
            try "wrong".write(toFile: scene.folder.path + "/password", atomically: true, encoding: .utf8)
            let refused = try await scene.homeport("weather", "sync")
            #expect(refused.status == 1 && refused.errors.contains("mine: caldav \(scene.calendar) does not"))
            #expect(!refused.text.contains("wrong"))
        }
    }
}
