internal import Almanac
internal import ArgumentParser
internal import FoundationEssentials
internal import ICalendar
internal import Weather

struct WeatherFeed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "feed",
        abstract: "Write the calendar of a place to standard output.",
        discussion: "For example: homeport weather feed Berlin > berlin.ics")

    @Option(
        name: .long,
        help: ArgumentHelp("Only these events: day, wind, rain, warnings and so on.", valueName: "calendar"))
    var only: [String] = []

    @OptionGroup var options: WeatherOptions

    func run() async throws {
        let surroundings = Surroundings.current
        let answer = try await WeatherQuestion(options: options, surroundings: surroundings).answer()
        guard let name = CalendarName(answer.plan.place.id.description) else {
            throw CommandFailure.usage("'\(options.place)' cannot name a calendar")
        }
        let plan = CalendarPlan(
            name: name, place: answer.plan.place.id, selection: only.isEmpty ? .all : .only(Set(only)),
            title: answer.plan.place.name)
        let isStale = answer.outlook.age(at: answer.now) > answer.plan.staleAfter
        let document = answer.outlook.document(
            plan, language: answer.plan.options.language, refresh: Int(answer.plan.refresh),
            links: FeedLinks(),
            staleSince: isStale ? answer.outlook.confirmed.addingTimeInterval(answer.plan.staleAfter) : nil)
        let text = String(decoding: document.component.bytes, as: UTF8.self)
        Terminal.write(text, to: surroundings.terminal.output)
        if let failure = answer.outlook.failure {
            surroundings.terminal.note("This forecast is old: \(printable(failure))")
        }
    }
}
