import Almanac
import CalendarPeers
import Contracts
import Foundation
import ICalendar
import RecordedWeather
import Testing
import Weather

/// Readers of others find nothing to complain about in any calendar that is made of any recording.
@Suite(.timeLimit(.minutes(5))) struct OutsideReaderTests {
    /// One calendar for each recording, in every unit and language, and for names that try to break out.
    static let hostileNames = [
        "Berlin", "A;b,c\\d:\"e\"", "Line\nbreak\r\nEND:VCALENDAR", "🌧️👩‍👩‍👧‍👦 Straße", "مدينة \u{202E}abc",
        String(repeating: "Ü", count: 300), "\u{0}\u{1}\u{85}\u{2028}tab\there", "BEGIN:VEVENT", "%0D%0A",
    ]

    private static let options: [EventOptions] = Language.allCases.flatMap { language in
        [Units.metric, .imperial, .beaufort].map { units in
            var options = EventOptions()
            (options.language, options.units, options.sun) = (language, units, true)
            return options
        }
    }

    /// Writes the calendars into a folder.
    private static func write(to folder: String) async throws -> Int {
        var count = 0
        func add(_ office: RecordedOffice, _ name: String) async throws {
            let bytes = try await calendar(of: office)
            try Data(bytes).write(to: URL(filePath: "\(folder)/\(name).ics"))
            count += 1
        }
        for (number, recording) in Recording.all.enumerated() {
            for (variant, var option) in options.enumerated() {
                option.day = variant.isMultiple(of: 2) ? .at(minuteOfDay: 360, minutes: 15) : .allDay
                option.icons = variant < 3
                try await add(
                    RecordedOffice(recording, options: option, rules: EventRule.standard + EventRule.windows),
                    "recording-\(number)-\(variant)")
            }
        }
        for (number, name) in hostileNames.enumerated() {
            try await add(RecordedOffice(named: name), "hostile-\(number)")
        }
        var legacy = EventOptions()
        legacy.legacy = true
        try await add(RecordedOffice(options: legacy), "legacy")
        return count
    }

    private static func calendar(of office: RecordedOffice) async throws -> [UInt8] {
        let outlook = try await office.outlook()
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

    @Test func noReaderComplainsOfAnyCalendar() async throws {
        let folder = try TemporaryFolder()
        let count = try await Self.write(to: folder.path)
        let answer = try await Peers.run("read_calendars.py", [folder.path])
        #expect(answer == "\(count) calendars\n")
        #expect(count == Recording.all.count * 6 + Self.hostileNames.count + 1)
    }

    @Test func theLibraryOfDesktopCalendarsFindsNoRestrictionBroken() async throws {
        let folder = try TemporaryFolder()
        let count = try await Self.write(to: folder.path)
        let checker = folder.path + "/check"
        _ = try await Peers.output(
            of: "gcc",
            [
                "-Wall", "-o", checker, Peers.packageRoot + "Tests/PeerScripts/ical_restrictions.c", "-lical",
            ])
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
            $0.hasSuffix(".ics")
        }
        let answer = try await Peers.output(of: checker, files.map { "\(folder.path)/\($0)" })
        #expect(answer == "\(count) calendars\n")
    }

    @Test func calcurseImportsEveryEvent() async throws {
        for name in Self.hostileNames.prefix(6) {
            let folder = try TemporaryFolder()
            let office = try RecordedOffice(named: name)
            let outlook = try await office.outlook()
            let file = folder.path + "/feed.ics"
            try Data(try await Self.calendar(of: office)).write(to: URL(filePath: file))
            let answer = try await Peers.output(
                of: "calcurse", ["-D", folder.path + "/data", "-C", folder.path + "/settings", "-i", file],
                environment: ["HOME": folder.path, "TERM": "dumb"])
            #expect(answer.contains("\(outlook.events.count) apps"), "\(name): \(answer)")
            #expect(answer.contains("0 skipped"), "\(name): \(answer)")
        }
    }

    @Test func khalPrintsEveryEvent() async throws {
        let folder = try TemporaryFolder()
        let office = try RecordedOffice()
        let outlook = try await office.outlook()
        let file = folder.path + "/feed.ics"
        try Data(try await Self.calendar(of: office)).write(to: URL(filePath: file))
        let answer = try await Peers.run("khal_titles.py", [folder.path, file])
        let printed = answer.split(separator: "\n").map(String.init).sorted()
        #expect(printed == outlook.events.map(\.event.title).sorted())
    }
}
