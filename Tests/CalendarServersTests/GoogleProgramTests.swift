import AsyncHTTPClient
import CalendarPeers
import Contracts
import Foundation
import Harness
import NIOCore
import NIOHTTP1
import RecordedWeather
import Testing

/// `homeport weather authorize google` and `homeport weather sync` against the double of Google.
@Suite(.timeLimit(.minutes(3))) struct GoogleProgramTests {
    /// A weather service, a Google and a configuration that brings them together.
    private struct Scene: Sendable {
        let google: GoogleDouble
        let root: String
        let folder: TemporaryFolder

        init(_ google: GoogleDouble, root: String, source: String) throws {
            self.google = google
            self.root = root
            self.folder = try TemporaryFolder()
            try write(
                "credentials.json",
                """
                {"installed": {"client_id": "X", "client_secret": "S", "auth_uri": "\(root)/auth",
                 "token_uri": "\(root)/token"}}
                """)
            try write(
                "homeport.yaml",
                """
                weather:
                  warnings: off
                  places:
                    - name: york
                      at: 40.71,-74.01
                      zone: America/New_York
                  sources:
                    - name: open-meteo
                      url: \(source)
                  calendars:
                    - name: mine
                      kind: google
                      place: york
                      url: \(root)
                      credentials_file: credentials.json
                """)
        }

        private func write(_ name: String, _ text: String) throws {
            try text.write(toFile: "\(folder.path)/\(name)", atomically: true, encoding: .utf8)
        }

        private var options: [String] {
            ["--config", folder.path + "/homeport.yaml", "--data", folder.path + "/data"]
        }

        func homeport(_ arguments: String..., input: String = "") async throws -> Finished {
            try await Harness.homeport(arguments + options, input: input)
        }

        var token: String { folder.path + "/data/google/token.json" }

        /// Runs `authorize google` with somebody who opens the address and comes back with `answer`.
        func authorize(_ answer: @Sendable @escaping ([String: String]) -> String) async throws -> Int {
            try await withGuardedProcess(
                try homeportPath(), ["weather", "authorize", "google"] + options, environment: [:],
                log: folder.path + "/log"
            ) { [google] process in
                let line = try #require(await process.line(startingWith: "http"))
                let items = try #require(URLComponents(string: line)?.queryItems)
                let asked = Dictionary(uniqueKeysWithValues: items.map { ($0.name, $0.value ?? "") })
                google.withState { $0.challenges["the-code"] = asked["code_challenge"] }
                let redirect = asked["redirect_uri"] ?? ""
                for query in ["?state=guess&code=evil", answer(asked)] {
                    let back = try await HTTPClient.shared.execute(
                        .init(url: redirect + query), timeout: .seconds(5))
                    #expect(back.status == .ok)
                }
                await process.ended()
            }.status
        }
    }

    private func withScene(_ body: @escaping @Sendable (Scene, ForecastServer) async throws -> Void)
        async throws
    {
        let google = try GoogleDouble()
        let source = ForecastServer()
        try await google.serve { root in
            try await source.serve { address in
                try await body(try Scene(google, root: root, source: address), source)
            }
        }
        #expect(google.withState { $0.complaints } == [], "every body fits the discovery document")
    }

    @Test func aPersonAllowsItAndTheCalendarHoldsWhatTheFeedShows() async throws {
        try await withScene { scene, source in
            let before = try await scene.homeport("check")
            #expect(before.status == 0)
            #expect(before.errors.contains("run `homeport weather authorize google`"), "\(before)")
            let early = try await scene.homeport("weather", "sync")
            #expect(early.status == 1 && early.errors.contains("run `homeport weather authorize google`"))

            #expect(try await scene.authorize { "?state=\($0["state"] ?? "")&code=the-code" } == 0)
            let mode = try FileManager.default.attributesOfItem(atPath: scene.token)[.posixPermissions]
            #expect(mode as? Int == 0o600)
            #expect(try await !scene.homeport("check").errors.contains("authorize"))

            let dry = try await scene.homeport("weather", "sync", "--dry-run").succeeded()
            #expect(scene.google.withState { $0.calendars.isEmpty && $0.writes.isEmpty })
            let first = try await scene.homeport("weather", "sync").succeeded()
            #expect(first.output == dry.output)
            let feed = try await scene.homeport("weather", "feed", "york").succeeded().output
            let told = feed.replacing("\r\n ", with: "").split(separator: "\r\n")
                .filter { $0.hasPrefix("SUMMARY:") }.map {
                    String($0.dropFirst(8).replacing("\\,", with: ","))
                }
            #expect(scene.google.visible.compactMap { $0["summary"]?.text }.sorted() == told.sorted())
            #expect(first.output == "mine  +\(told.count) ~0 -0\n" && told.count > 20)

            scene.google.withState { $0.calls = [] }
            #expect(try await scene.homeport("weather", "sync").succeeded().output == "mine  +0 ~0 -0\n")
            #expect(scene.google.withState { $0.writes } == [])
            #expect(scene.google.withState { $0.calls } == ["GET events"], "one list is all it takes")
            #expect(source.asked == 1, "what is fresh is not asked for again")
        }
    }

    @Test func aPersonWhoRefusesIsHeard() async throws {
        try await withScene { scene, _ in
            let status = try await scene.authorize { "?state=\($0["state"] ?? "")&error=access_denied" }
            #expect(status == 1)
            let said = try String(contentsOfFile: scene.folder.path + "/log", encoding: .utf8)
            #expect(said.contains("google says: access_denied"))
            #expect(!FileManager.default.fileExists(atPath: scene.token))
        }
    }

    @Test func anAddressFromAnotherMachineCanBePastedAndOneOfAnotherAttemptCannot() async throws {
        try await withScene { scene, _ in
            let pasted = try await scene.homeport(
                "weather", "authorize", "google", "--paste", input: "http://127.0.0.1:1/?state=x&code=y\n")
            #expect(pasted.status == 1 && pasted.errors.contains("belongs to another attempt"), "\(pasted)")
            let empty = try await scene.homeport("weather", "authorize", "google", "--paste")
            #expect(empty.status == 2 && empty.errors.contains("no address was given"))
        }
    }

    @Test func aTokenOfTheOldScriptIsGoodAsItIs() async throws {
        try await withScene { scene, _ in
            let old = """
                {"access_token": "ya29.OLD", "client_id": "X", "client_secret": "S", "refresh_token": "1//REFRESH",
                 "token_expiry": "2018-09-01T12:00:00Z", "token_uri": "\(scene.root)/token", "invalid": false,
                 "_class": "OAuth2Credentials", "_module": "oauth2client.client"}
                """
            try FileManager.default.createDirectory(
                atPath: scene.folder.path + "/data/google", withIntermediateDirectories: true)
            try old.write(toFile: scene.token, atomically: true, encoding: .utf8)
            let open = try await scene.homeport("weather", "sync")
            #expect(open.status == 1 && open.errors.contains("chmod 600"), "\(open)")
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: scene.token)
            try await scene.homeport("weather", "sync").succeeded()
            #expect(!scene.google.visible.isEmpty)
        }
    }
}
