import Almanac
import CalendarPeers
import Contracts
import Foundation
import ICalendar
import RecordedWeather
import Testing
import Weather

/// Readers of others find nothing to complain about in any calendar that is made of any forecast, in every unit
/// and language, and for names that try to break out.
///
/// The calendars are written once and then read by all, since there are some hundreds of them.
@Suite(.timeLimit(.minutes(15))) struct OutsideReaderTests {
    static let hostileNames = [
        "Berlin", "A;b,c\\d:\"e\"", "Line\nbreak\r\nEND:VCALENDAR", "🌧️👩‍👩‍👧‍👦 Straße", "مدينة \u{202E}abc",
        String(repeating: "Ü", count: 300), "\u{0}\u{1}\u{85}\u{2028}tab\there", "BEGIN:VEVENT", "%0D%0A",
    ]

    /// Every language in every unit; with days as hours and as whole days, with emoji and without.
    private static let options: [EventOptions] = Language.allCases.flatMap { language in
        [Units.metric, .imperial, .beaufort].enumerated().map { number, units in
            var options = EventOptions()
            (options.language, options.units, options.sun) = (language, units, true)
            options.day = number == 1 ? .allDay : .at(minuteOfDay: 360, minutes: 15)
            options.dayAlarmMinutes = 60
            options.icons = (number == 0) == (language == .english)
            return options
        }
    }

    private static let recordings = Recording.recorded + Recording.invented.prefix(SourceName.allCases.count)

    @Test func noReaderComplainsOfAnyCalendar() async throws {
        let folder = try TemporaryFolder()
        let count = try await Self.write(to: folder.path)
        #expect(count == (Self.recordings.count + Self.hostileNames.count) * Self.options.count + 1)

        for script in ["read_calendars.py", "calcurse_import.py", "khal_list.py"] {
            let answer = try await Peers.run(script, [folder.path], limitInSeconds: 800)
            #expect(answer == "\(count) calendars\n", "\(script)")
        }
        let checker = folder.path + "/check"
        let source = Peers.packageRoot + "Tests/PeerScripts/ical_restrictions.c"
        _ = try await Peers.output(of: "gcc", ["-Wall", "-o", checker, source, "-lical"])
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
            $0.hasSuffix(".ics")
        }
        let answer = try await Peers.output(of: checker, files.map { "\(folder.path)/\($0)" })
        #expect(answer == "\(count) calendars\n")
    }

    /// Writes the calendars into a folder, and beside those with plain names the titles of their events.
    private static func write(to folder: String) async throws -> Int {
        var count = 0
        func add(_ name: String, _ office: RecordedOffice, isPlain: Bool = true) async throws {
            let outlook = try await office.outlook()
            try Data(try calendar(of: office, outlook)).write(to: URL(filePath: "\(folder)/\(name).ics"))
            count += 1
            guard isPlain else { return }
            let titles = outlook.events.map(\.event.title).joined(separator: "\n")
            try titles.write(toFile: "\(folder)/\(name).titles", atomically: false, encoding: .utf8)
        }
        let rules = EventRule.standard + EventRule.windows
        for (variant, options) in Self.options.enumerated() {
            for (number, recording) in recordings.enumerated() {
                try await add(
                    "recording-\(number)-\(variant)",
                    RecordedOffice(recording, options: options, rules: rules))
            }
            var options = options
            options.dayTitle = "{place} {low}-{high}"
            for (number, name) in hostileNames.enumerated() {
                let office = try RecordedOffice(named: name, options: options)
                try await add("hostile-\(number)-\(variant)", office, isPlain: false)
            }
        }
        var legacy = EventOptions()
        legacy.legacy = true
        try await add("legacy", RecordedOffice(options: legacy))
        return count
    }

    private static func calendar(of office: RecordedOffice, _ outlook: Outlook) throws -> [UInt8] {
        var plan = try #require(office.plan.usualCalendars.first)
        plan.color = NamedColor("steelblue")
        let links = FeedLinks(
            page: "https://weather.example.com/weather/berlin",
            source: "https://weather.example.com/calendar/berlin.ics")
        let document = outlook.document(
            plan, language: office.plan.options.language, refresh: 3600, links: links,
            staleSince: outlook.confirmed)
        return document.component.bytes
    }
}
