import Almanac
import CalendarPeers
import Contracts
import Foundation
import NIOHTTP1
import RecordedWeather
import Testing
import Weather

@Suite(.timeLimit(.minutes(3))) struct PageTests {
    @Test func aPageShowsTheVeryEventsOfTheCalendar() async throws {
        try await FeedDoor.open(RecordedOffice()) { door in
            let page = try await door.get("/weather/berlin")
            #expect(page.status == 200)
            #expect(page["Content-Type"] == "text/html; charset=utf-8")
            let outlook = try await door.office.outlook()
            for event in outlook.events.map(\.event) {
                #expect(page.text.contains("id=\"event-\(event.seed)\""))
                let strips = page.text.ranges(of: "href=\"#event-\(event.seed)\"").count
                #expect(strips == (event.kind == .day ? 0 : 1), "\(event.title)")
            }
            #expect(page.text.contains(outlook.forecast.licence.url))
            #expect(page.text.contains("webcal://weather.example.com/calendar/berlin.ics"))
            #expect(page.text.contains("cid=webcal%3A%2F%2Fweather.example.com%2Fcalendar%2Fberlin.ics"))
        }
    }

    @Test func nothingInsideAPageRunsOrStyles() async throws {
        try await FeedDoor.open(RecordedOffice(named: "<script>alert(1)</script>\"'&")) { door in
            let page = try await door.get("/weather/berlin")
            let policy = try #require(page["Content-Security-Policy"])
            #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"))
            #expect(
                !page.text.contains("<script>") && !page.text.contains(" style=")
                    && !page.text.contains("<style"))
            #expect(page.text.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;"))
            #expect(page.text.firstMatch(of: /\son[a-z]+=/) == nil)
            for match in page.text.matches(of: /(?:href|src)="(\/weather\/assets\/[^"]+)"/) {
                let asset = try await door.get(String(match.1))
                #expect(asset.status == 200)
                #expect(asset["Cache-Control"] == "public, max-age=31536000, immutable")
            }
        }
    }

    @Test func everyRecordingMakesAPage() async throws {
        for recording in Recording.all {
            for units in [Units.metric, .imperial, .beaufort] {
                var options = EventOptions()
                (options.units, options.language) = (units, units == .imperial ? .english : .german)
                try await FeedDoor.open(RecordedOffice(recording, options: options)) { door in
                    let page = try await door.get("/weather/berlin")
                    #expect(page.status == 200 && !page.text.contains("nan") && !page.text.contains("inf\""))
                    #expect(page.text.hasSuffix("</html>\n"), "\(recording)")
                }
            }
        }
    }

    /// What people see: light, dark, on a phone, without a script. A browser that complains of anything, or a
    /// page wider than its window, is a failure; the code is read from the picture.
    @Test func aBrowserShowsItEverywhere() async throws {
        var options = EventOptions()
        options.sun = true
        let office = try RecordedOffice(options: options) { forecast in
            var forecast = forecast
            forecast.warnings = [
                Warning(
                    id: "w1", severity: .severe, start: forecast.hours.start + 86_400,
                    end: forecast.hours.start + 180_000,
                    text: .init(event: "Gale warning", headline: "Gusts up to 70 km/h"), issuer: "DWD")
            ]
            return forecast
        }
        let folder = try TemporaryFolder()
        let shots = ProcessInfo.processInfo.environment["HOMEPORT_SCREENSHOTS"] ?? folder.path
        try await FeedDoor.open(office) { door in
            let answer = try await Peers.run(
                "page_check.py", [door.address + "/weather/berlin", shots],
                environment: ["HOME": folder.path])
            #expect(answer == "webcal://weather.example.com/calendar/berlin.ics\n")
        }
        for name in ["light", "dark", "phone", "phone-dark", "no-script"] {
            let size = try FileManager.default.attributesOfItem(atPath: "\(shots)/\(name).png")[.size] as? Int
            #expect(size ?? 0 > 20_000, "\(name) is a picture of something")
        }
    }
}
