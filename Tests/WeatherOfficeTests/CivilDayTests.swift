import Almanac
import CalendarPeers
import FoundationEssentials
import Testing
import TimeKit
import Weather

@Suite struct CivilDayTests {
    private static let zones = [
        "Europe/Berlin", "America/Toronto", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Chatham",
        "America/St_Johns", "Africa/Casablanca", "Europe/Dublin", "Antarctica/Troll", "Pacific/Apia",
        "America/Havana", "Asia/Beirut",
    ]

    /// Every day within a week of every change from 2011 to 2027 begins and ends where Python says.
    @Test func daysBeginWherePythonSays() async throws {
        let database = ZoneDatabase()
        var questions: [(zone: String, date: CivilDate)] = []
        for name in Self.zones {
            let changes = try database.zone(name).transitions(from: 1_300_000_000, to: 1_830_000_000).map(
                \.at)
            for change in changes + [1_774_746_000, 1_792_890_000] {
                questions += (-3...3).map { (name, CivilDate(number: change / 86_400 + $0)) }
            }
        }
        let input = questions.map { "day \($0.zone) \($0.date)" }.joined(separator: "\n")
        let answers = try await Peers.run("weather_zones.py", input: input).split(separator: "\n")
        #expect(answers.count == questions.count)
        for (question, answer) in zip(questions, answers) {
            let zone = try database.zone(question.zone)
            let noon = Date(timeIntervalSince1970: Double(question.date.number) * 86_400 + 43_200)
            let clock = LocalClock(
                zone, over: noon.addingTimeInterval(-5 * 86_400)..<noon.addingTimeInterval(5 * 86_400))
            let day = clock.interval(of: question.date)
            let ends = [day.lowerBound, day.upperBound].map { String(Int($0.timeIntervalSince1970)) }
            #expect(ends.joined(separator: " ") == answer, "\(question)")
        }
    }
}
