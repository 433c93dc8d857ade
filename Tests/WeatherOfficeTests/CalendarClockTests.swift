import Almanac
import CalendarPeers
import Contracts
import Foundation
import ICalendar
import Testing
import TimeKit
import Weather

/// Calendars of places whose clocks do what others do not: half hours of summer, negative summer time, a zone
/// without letters, a day that never was.
@Suite(.timeLimit(.minutes(5))) struct CalendarClockTests {
    private static let zones = [
        "Europe/Berlin", "America/Toronto", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Chatham",
        "America/St_Johns", "Africa/Casablanca", "Europe/Dublin", "Antarctica/Troll", "Pacific/Apia",
    ]

    /// A calendar for each change of the clocks in 2026, from two days before it; and where there is none, for
    /// one day in spring and one in autumn.
    @Test func theirClocksAreThoseOfPythonInEveryHourOfTheYear() async throws {
        let folder = try TemporaryFolder()
        var calendars = 0
        var changes = 0
        for name in Self.zones {
            let found = try ZoneDatabase().zone(name).transitions(from: 1_767_225_600, to: 1_798_761_600).map(
                \.at)
            let moments = found.isEmpty ? [1_774_746_000, 1_792_890_000] : found
            for (number, moment) in moments.enumerated() {
                let bytes = try await calendar(in: name, from: moment - 2 * 86_400)
                let file = "\(name.split(separator: "/").joined(separator: "-"))-\(number).ics"
                try Data(bytes).write(to: URL(filePath: "\(folder.path)/\(file)"))
                calendars += 1
                changes += found.count
            }
        }
        #expect(calendars >= 20)
        let answer = try await Peers.run("calendar_clocks.py", [folder.path])
        #expect(answer == "\(calendars) calendars, \(changes) changes of clocks\n")
    }

    private func calendar(in zone: String, from moment: Int) async throws -> [UInt8] {
        let clock = TestClock(Double(moment))
        let plan = PlacePlan(place: try Sample.place("here", zone: zone))
        let source = ScriptedSource(.openMeteo) { place, _ in
            SourceAnswer(forecast: Sample.forecast(place, start: clock.now))
        }
        let outlook = try await Sample.office([plan], [source], clock: clock).outlook(of: plan.place.id)
        let calendar = try #require(plan.usualCalendars.first)
        let document = outlook.document(calendar, language: .english, refresh: 3600, links: FeedLinks())
        return document.component.bytes
    }
}
