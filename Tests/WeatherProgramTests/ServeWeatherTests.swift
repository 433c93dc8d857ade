import AsyncHTTPClient
import Contracts
import Foundation
import Harness
import NIOCore
import NIOHTTP1
import RecordedWeather
import Testing

/// The weather in the built program, beside a registry and alone.
@Suite(.timeLimit(.minutes(3))) struct ServeWeatherTests {
    @Test func aConfigurationWithTheWeatherAloneNeedsNoRegistry() async throws {
        let source = ForecastServer()
        try await source.serve { address in
            try await withHomeport(settings: weatherSettings(address)) { homeport in
                let feed = try await homeport.nobody.get("/calendar/york.ics")
                #expect(feed.status == 200 && feed["Content-Type"] == "text/calendar; charset=utf-8")
                #expect(!toldEvents(feed.text).isEmpty)
                #expect(try await homeport.nobody.get("/weather/york").status == 200)
                let front = try await homeport.nobody.get("/").text
                #expect(front.contains("<a href=\"/weather/york\">New York</a>"))
                #expect(try await homeport.nobody.get("/v2/").status == 404)
                #expect(try await homeport.nobody.get("/auth/token").status == 404)
                let keys = try await homeport.run(["key", "list", "--json"]).output
                #expect(keys.filter { !$0.isWhitespace } == "[]", "nobody signs tokens")
                let files = try FileManager.default.contentsOfDirectory(
                    atPath: homeport.folder.path + "/data")
                #expect(!files.contains("docker"), "no registry has left anything")
            }
        }
        #expect(source.asked == 1)
    }

    /// Places come and go while a registry is served.
    @Test func placesComeAndGoWithoutARestart() async throws {
        let source = ForecastServer()
        try await source.serve { address in
            try await withHomeport(settings: "registry:\n") { homeport in
                func reload(_ settings: String) async throws {
                    try settings.write(
                        toFile: homeport.folder.path + "/homeport.yaml", atomically: true, encoding: .utf8)
                    try await homeport.run(["reload"]).succeeded()
                }
                #expect(try await homeport.nobody.get("/calendar/york.ics").status == 404)
                try await reload("registry:\n" + weatherSettings(address))
                let feed = try await homeport.nobody.get("/calendar/york.ics")
                #expect(feed.status == 200 && !toldEvents(feed.text).isEmpty)
                // Something else has changed: forecasts are kept, and nobody is asked again.
                try await reload("registry: {page_size_max: 50}\n" + weatherSettings(address))
                #expect(try await homeport.nobody.get("/calendar/york.ics").text == feed.text)
                #expect(try await homeport.nobody.get("/weather/york").status == 200)
                try await reload("registry:\n" + weatherSettings(address, more: "  units: imperial\n"))
                #expect(try await homeport.nobody.get("/calendar/york.ics").text != feed.text)
                try await reload("registry:\n")
                #expect(try await homeport.nobody.get("/calendar/york.ics").status == 404)
                #expect(try await homeport.admin.get("/v2/").status == 200)
            }
        }
        #expect(source.asked == 1)
    }

    @Test func aPlaceCanBeNamedAndIsLookedUpOnce() async throws {
        let source = ForecastServer()
        let folder = try TemporaryFolder()
        try await source.serve { address in
            let named = { (town: String, geocoding: String) in
                "weather:\n  warnings: off\n  geocoding_url: \(geocoding)\n  places:\n    - {name: home, at: \(town)}\n"
                    + "  sources:\n    - {name: open-meteo, url: \(address)}\n"
            }
            try await withHomeport(in: folder, settings: named("York", address)) { homeport in
                let feed = try await homeport.nobody.get("/calendar/home.ics").text
                #expect(feed.contains("TZID:Europe/London\r\n"), "the zone is that of the town")
                #expect(feed.contains("GEO:53.95"))
            }
            // The second start asks nobody.
            try await withHomeport(in: folder, settings: named("York", "http://127.0.0.1:9")) { homeport in
                let feed = try await homeport.nobody.get("/calendar/home.ics")
                #expect(feed.status == 200)
            }
            let settings = folder.path + "/other.yaml"
            try named("Yrok", address).write(toFile: settings, atomically: true, encoding: .utf8)
            let refused = try await Command(
                try homeportPath(), ["check", "--config", settings, "--data", folder.path + "/none"]
            ).run()
            #expect(refused.status == 1, "\(refused)")
            #expect(
                refused.errors.contains(
                    "nothing is called `Yrok`, where `home` should be; `homeport weather places find NAME`"))
        }
    }

    @Test func beneathTheNameOfARegistryBothAreServed() async throws {
        let source = ForecastServer()
        try await source.serve { address in
            try await withHomeport(settings: "registry:\n" + weatherSettings(address)) { homeport in
                let registry = try await homeport.admin.get("/v2/")
                let feed = try await homeport.nobody.get("/calendar/york.ics")
                #expect(registry.status == 200 && feed.status == 200)
            }
        }
    }

    @Test func whatAnOldServerOfTheWeatherBecomesHasAnAdministrator() async throws {
        let source = ForecastServer()
        let folder = try TemporaryFolder()
        try await source.serve { address in
            try await withHomeport(in: folder, settings: weatherSettings(address)) {
                _ = try await $0.addAccount("alice")
            }
            try await withHomeport(in: folder, settings: "registry:\n" + weatherSettings(address)) {
                let catalog = try await $0.admin.get("/v2/_catalog")
                #expect(catalog.status == 200)
            }
        }
    }

    @Test func aThousandReadersOfAColdCalendarAskTheSourceOnce() async throws {
        let source = ForecastServer()
        source.hold()
        let limits = "limits: {connections_per_address_max: 2000}\n"
        try await source.serve { address in
            try await withHomeport(settings: limits + weatherSettings(address)) { homeport in
                let readers = Readers(count: 1000)
                let statuses = try await readers.get("http://\(homeport.address)/calendar/york.ics") {
                    // Every reader is at the door before the source answers anybody.
                    while try openFiles(of: homeport.process.pid) < 1000 {
                        #expect(try await homeport.nobody.get("/healthz").status == 200)
                    }
                    source.release()
                }
                #expect(statuses == [200: 1000])
            }
        }
        #expect(source.asked == 1)
    }

    @Test func whenTheSourceFailsTheLastForecastIsToldWithItsAge() async throws {
        let source = ForecastServer()
        let folder = try TemporaryFolder()
        try await source.serve { address in
            let settings = weatherSettings(address)
            try await withHomeport(in: folder, settings: settings) { homeport in
                let feed = try await homeport.nobody.get("/calendar/york.ics")
                #expect(feed.status == 200 && !feed.text.contains("No news since"))
                let ready = try await homeport.nobody.get("/readyz")
                #expect(ready.text == "ready\nforecast york: less than a minute old, from open-meteo\n")
            }
            source.isFailing = true
            try ageForecast(of: "york", in: folder.path + "/data", by: 5 * 3600)
            try await withHomeport(in: folder, settings: settings) { homeport in
                let feed = try await homeport.nobody.get("/calendar/york.ics")
                #expect(feed.status == 200 && feed.text.contains("No news since this forecast of"))
                let page = try await homeport.nobody.get("/weather/york")
                #expect(page.status == 200 && page.text.contains("5 hours ago"))
                let ready = try await homeport.nobody.get("/readyz")
                #expect(ready.status == 200)
                #expect(
                    ready.text
                        == "ready\nforecast york: 5 hours old (stale), from open-meteo; no source answers now\n"
                )
                let numbers = try await homeport.nobody.get("/metrics").text
                let age = numbers.firstMatch(of: /homeport_forecast_age_seconds\{place="york"\} (\d+)/)
                #expect(age.flatMap { Int($0.1) } ?? 0 >= 5 * 3600, "\(numbers)")
                #expect(numbers.contains("homeport_forecast_stale{place=\"york\"} 1"))
            }
        }
    }

    @Test func withoutAnyForecastAServerOfTheWeatherIsNotReady() async throws {
        let source = ForecastServer()
        source.isFailing = true
        try await source.serve { address in
            try await withHomeport(settings: weatherSettings(address)) { homeport in
                #expect(try await homeport.nobody.get("/calendar/york.ics").status == 503)
                let ready = try await homeport.nobody.get("/readyz")
                #expect(ready.status == 503 && ready.text == "forecast york: there is none yet\n")
                let numbers = try await homeport.nobody.get("/metrics").text
                #expect(!numbers.contains("homeport_forecast_age_seconds{"))
            }
            try await withHomeport(settings: "registry:\n" + weatherSettings(address)) { homeport in
                let ready = try await homeport.nobody.get("/readyz")
                #expect(ready.status == 200 && ready.text.contains("forecast york: there is none yet"))
            }
        }
    }

    @Test func aRestartAsksNobodyForWhatIsYoung() async throws {
        let source = ForecastServer()
        let folder = try TemporaryFolder()
        try await source.serve { address in
            for _ in 0..<2 {
                try await withHomeport(in: folder, settings: weatherSettings(address)) { homeport in
                    let feed = try await homeport.nobody.get("/calendar/york.ics")
                    #expect(feed.status == 200)
                }
            }
        }
        #expect(source.asked == 1)
    }
}

/// Clients that ask at the same time, each on a connection of its own.
private struct Readers {
    let count: Int

    /// Asks with all, does `meanwhile`, and returns how often each status came.
    func get(
        _ url: String, _ meanwhile: @Sendable @escaping () async throws -> Void
    ) async throws -> [Int: Int] {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = count
        configuration.timeout.connect = .seconds(60)
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let statuses = try await withThrowingTaskGroup(of: Int?.self) { group in
                for _ in 0..<count {
                    group.addTask {
                        let answer = try await client.execute(.init(url: url), timeout: .seconds(100))
                        _ = try await answer.body.collect(upTo: 8 << 20)
                        return Int(answer.status.code)
                    }
                }
                group.addTask {
                    try await meanwhile()
                    return nil
                }
                return try await group.reduce(into: [Int: Int]()) { counts, status in
                    if let status { counts[status, default: 0] += 1 }
                }
            }
            try await client.shutdown()
            return statuses
        } catch {
            try? await client.shutdown()
            throw error
        }
    }
}

/// How many files and connections a process has open.
private func openFiles(of pid: Int) throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count
}
