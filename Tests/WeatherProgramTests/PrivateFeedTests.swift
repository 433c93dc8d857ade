import Contracts
import Foundation
import Harness
import RecordedWeather
import Testing

/// Calendars for those who hold a token, with the built program.
@Suite(.timeLimit(.minutes(3))) struct PrivateFeedTests {
    private func withPrivatePlace(
        _ body: @Sendable @escaping (Homeport, _ make: Maker) async throws -> Void
    ) async throws {
        let source = ForecastServer()
        try await source.serve { address in
            let settings =
                "public_url: https://weather.example.com\nlog: {level: trace}\n"
                + weatherSettings(address, place: "private: true")
            try await withHomeport(settings: settings) { homeport in
                try await homeport.command("account", "add", "alice", "--no-password")
                try await body(homeport, Maker(homeport: homeport))
            }
        }
    }

    /// Makes tokens on the command line.
    struct Maker: Sendable {
        let homeport: Homeport

        func callAsFunction(_ name: String, _ options: String...) async throws -> String {
            let config = ["--config", homeport.folder.path + "/homeport.yaml"]
            let made = try await homeport.run(["token", "create", "alice", name] + options + config)
                .succeeded()
            return String(made.output.dropLast())
        }
    }

    @Test func aTokenOpensWhatNobodyElseSees() async throws {
        try await withPrivatePlace { homeport, make in
            for path in ["/calendar/york.ics", "/calendar/york-wind.ics", "/weather/york"] {
                #expect(try await homeport.nobody.get(path).status == 404, "\(path)")
            }
            let places = try await homeport.nobody.get("/weather/")
            #expect(!places.text.contains("york"))
            #expect(!(try await homeport.nobody.get("/readyz").text.contains("york")))

            let token = try await make("phone", "--calendar", "all")
            let feed = try await homeport.nobody.get("/calendar/\(token)/york.ics")
            #expect(feed.status == 200 && feed["Cache-Control"] == "private, max-age=900")
            let page = try await homeport.nobody.get("/weather/\(token)/york")
            #expect(page.text.contains("webcal://weather.example.com/calendar/\(token)/york.ics"))
            #expect(homeport.log.contains("path=/calendar/***/york.ics"))
            let secret = token.split(separator: "_").last ?? "?"
            #expect(!homeport.log.contains(secret), "not even at the level trace")
        }
    }

    @Test func aTokenForOneCalendarOpensThatOne() async throws {
        try await withPrivatePlace { homeport, make in
            let token = try await make("wind", "--calendar", "york-wind", "--expires", "90d")
            #expect(try await homeport.nobody.get("/calendar/\(token)/york-wind.ics").status == 200)
            #expect(try await homeport.nobody.get("/calendar/\(token)/york.ics").status == 404)
            let unknown = try await homeport.run([
                "token", "create", "alice", "x", "--calendar", "york-wnid", "--config",
                homeport.folder.path + "/homeport.yaml",
            ])
            #expect(unknown.status == 2 && unknown.errors.contains("did you mean 'york-wind'?"), "\(unknown)")
        }
    }

    @Test func itEndsWhenItIsRevokedAndWhenItsAccountMayNothingMore() async throws {
        try await withPrivatePlace { homeport, make in
            let token = try await make("phone", "--calendar", "all")
            let path = "/calendar/\(token)/york.ics"
            func status() async throws -> Int { try await homeport.nobody.get(path).status }
            #expect(try await status() == 200)
            try await homeport.command("account", "disable", "alice")
            #expect(try await status() == 404)
            try await homeport.command("account", "enable", "alice")
            #expect(try await status() == 200)
            try await homeport.command("account", "set", "alice", "--expires", "2020-01-01")
            #expect(try await status() == 404)
            try await homeport.command("account", "set", "alice", "--expires", "never")
            #expect(try await status() == 200)
            let listed = try await homeport.command("token", "list", "alice").output
            #expect(listed.contains("phone") && listed.contains("calendar") && !listed.contains(token))
            try await homeport.command("token", "revoke", "alice", "phone")
            #expect(try await status() == 404)
        }
    }

    @Test func itOpensNoRegistry() async throws {
        let source = ForecastServer()
        try await source.serve { address in
            let settings = "registry:\n" + weatherSettings(address)
            try await withHomeport(settings: settings) { homeport in
                let token = try await homeport.run([
                    "token", "create", "admin", "phone", "--calendar", "all", "--config",
                    homeport.folder.path + "/homeport.yaml",
                ]).succeeded().output.dropLast()
                let asPassword = homeport.caller("admin", String(token))
                #expect(try await asPassword.get("/v2/").status == 401)
            }
        }
    }
}
