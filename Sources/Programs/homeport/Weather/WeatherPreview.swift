internal import Almanac
internal import ArgumentParser
internal import FoundationEssentials
internal import TimeKit
internal import Weather

struct WeatherPreview: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview",
        abstract: "Show the coming events of a place, and a small chart.")

    @OptionGroup var listing: ListingOptions
    @OptionGroup var options: WeatherOptions

    func run() async throws {
        let surroundings = Surroundings.current
        let answer = try await WeatherQuestion(options: options, surroundings: surroundings).answer()
        let terminal = surroundings.terminal
        if listing.json {
            terminal.print(try JSON.text(PreviewJSON(answer)))
            return
        }
        let page = PreviewText(answer)
        terminal.print(([page.heading, ""] + page.events + [""] + page.chart).joined(separator: "\n"))
        if let failure = answer.outlook.failure {
            terminal.note("This forecast is old: \(printable(failure))")
        }
    }
}

/// The preview for people.
struct PreviewText {
    private let outlook: Outlook
    private let plan: PlacePlan
    private let now: Date
    private let phrases: Phrases
    private let figures: Figures

    init(_ answer: WeatherQuestion.Answer) {
        self.outlook = answer.outlook
        self.plan = answer.plan
        self.now = answer.now
        self.phrases = answer.plan.options.language.phrases
        self.figures = Figures(units: answer.plan.options.units, language: answer.plan.options.language)
    }

    private var clock: LocalClock { outlook.clock }

    /// Whose weather this is, from whom and of when.
    var heading: String {
        let place = outlook.forecast.place
        let at = "\(Decimals.text(place.latitude, places: 2)), \(Decimals.text(place.longitude, places: 2))"
        let zone = "\(outlook.zone.name) (\(clock.span(at: now).abbreviation))"
        let issued = outlook.forecast.issued.map { ", \(time($0))" } ?? ""
        return """
            \(printable(place.name))  \(at)  \(zone)  \(time(now))
            \(outlook.forecast.source.rawValue)\(issued): \(outlook.forecast.licence.text) \(outlook.forecast.licence.url)
            """
    }

    private func time(_ moment: Date) -> String {
        let civil = clock.civil(at: moment)
        return "\(civil.date) \(civil.clock)"
    }

    /// One line per event: day, time, title.
    var events: [String] {
        outlook.events.map { tracked in
            let event = tracked.event
            let start = clock.civil(at: event.start)
            let day = "\(phrases.weekdays[start.date.weekday - 1]) \(start.date)"
            return "\(day)  \(timeSpan(event, start))  \(printable(event.title))"
        }
    }

    private func timeSpan(_ event: WeatherEvent, _ start: CivilTime) -> String {
        if case .allDay = event.form { return Self.padded("", 16) }
        let end = clock.civil(at: event.end)
        let days = end.date.number - start.date.number
        return Self.padded("\(start.clock)–\(end.clock)\(days > 0 ? " +\(days)" : "")", 16)
    }

    static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// Per day the course of temperature, water and wind, a sign per hour.
    var chart: [String] {
        let hours = outlook.forecast.hours
        guard hours.count > 0 else { return [] }
        let first = clock.date(at: max(hours.start, clock.moment(clock.date(at: now))))
        let last = clock.date(at: hours.start(of: hours.count - 1))
        guard first <= last else { return [] }
        let scale = ChartScale(hours)
        let ruler = Self.padded("", 22) + "00    06    12    18"
        return [ruler] + (first.number...last.number).flatMap { chart(of: CivilDate(number: $0), scale) }
    }

    private func chart(of date: CivilDate, _ scale: ChartScale) -> [String] {
        let hours = outlook.forecast.hours
        let indices = hours.indices(in: clock.interval(of: date))
        guard !indices.isEmpty else { return [] }
        let day = "\(phrases.weekdays[date.weekday - 1]) \(date.description.dropFirst(5))"
        let lead = hours.start(of: indices.lowerBound).timeIntervalSince(clock.interval(of: date).lowerBound)
        let blank = String(repeating: " ", count: Int((lead / 3600).rounded(.down)))
        let row = { (label: String, quantity: Quantity, told: String) in
            let signs = indices.map { scale.sign(hours[quantity, $0], quantity) }.joined()
            return Self.padded(label, 22) + Self.padded(blank + signs, 26) + told
        }
        let temperatures = indices.compactMap { hours[.temperature, $0] }
        let water = indices.compactMap { hours[.precipitation, $0] }
        let winds = indices.compactMap { hours[.wind, $0] }
        var rows: [String] = []
        if let low = temperatures.min(), let high = temperatures.max() {
            let told = "\(figures.temperature(low)) … \(figures.temperature(high))"
            rows.append(row("\(Self.padded(day, 10))\(phrases.temperature)", .temperature, told))
        }
        let sum = water.reduce(0, +)
        if sum > 0 { rows.append(row(Self.padded("", 10) + phrases.rain, .precipitation, figures.rain(sum))) }
        if let wind = winds.max(), wind > 5.5 {
            rows.append(row(Self.padded("", 10) + phrases.wind, .wind, figures.speed(wind)))
        }
        return rows
    }
}

/// How high a sign is for a value, the same on every day.
struct ChartScale {
    private static let signs = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    private let coldest: Double
    private let warmest: Double

    init(_ hours: HourTable) {
        let values = (0..<hours.count).compactMap { hours[.temperature, $0] }
        self.coldest = values.min() ?? 0
        self.warmest = max(values.max() ?? 1, coldest + 1)
    }

    func sign(_ value: Double?, _ quantity: Quantity) -> String {
        guard let value else { return "·" }
        let part: Double
        switch quantity {
        case .precipitation:
            // Nothing is blank; four millimetres an hour fill the line.
            guard value > 0 else { return " " }
            part = value / 4
        case .wind: part = value / 20
        default: part = (value - coldest) / (warmest - coldest)
        }
        return Self.signs[min(max(Int(part * 8), 0), 7)]
    }
}
