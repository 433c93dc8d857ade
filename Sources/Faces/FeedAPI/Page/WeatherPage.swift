import Almanac
import Foundation
import PageKit
import Weather

/// The page of a place: what comes, as a drawing, a list and tables, and how to have it in a calendar.
struct WeatherPage {
    /// What the page is about.
    struct Subject {
        let plan: PlacePlan
        let outlook: Outlook
        /// The calendars the reader may have.
        let calendars: [CalendarPlan]
        let now: Date

        /// The events of these calendars, in the order of their starts.
        var events: [WeatherEvent] {
            outlook.events.map(\.event).filter { event in calendars.contains { $0.holds(event) } }
        }
    }

    private let subject: Subject
    private let words: PageWords
    private let figures: Figures
    private let phrases: Phrases
    private let subscription: SubscribeSection

    /// - Parameter base: `https://example.com`, or nothing where it is not known.
    init(_ subject: Subject, base: String, token: String?) {
        let options = subject.plan.options
        self.subject = subject
        self.words = options.language.pageWords
        self.figures = Figures(units: options.units, language: options.language)
        self.phrases = options.language.phrases
        self.subscription = SubscribeSection(
            calendars: subject.calendars, base: base, token: token, words: options.language.pageWords)
    }

    var html: HTML {
        let place = subject.outlook.forecast.place
        let title = "\(words.weatherIn) \(place.name)"
        var page = Page(
            title: title, language: subject.plan.options.language.rawValue, description: title,
            styles: [Assets.stylePath], scripts: [Assets.scriptPath],
            content: """
                <header><h1>\(title)</h1>\(state)</header>
                <main>\(drawing)\(subscription.html)\(eventList)\(dayTable)\(hourTables)</main>
                <footer>\(credit)</footer>
                """)
        page.head = "<link rel=\"icon\" href=\"\(link: Assets.iconPath)\">" + subscription.alternateLinks
        return page.html
    }

    /// How old the forecast is, and whether it can still be trusted.
    private var state: HTML {
        let outlook = subject.outlook
        let age = outlook.age(at: subject.now)
        let confirmed = outlook.clock.civil(at: outlook.confirmed)
        let machine = outlook.confirmed.formatted(.iso8601)
        let warning: HTML =
            age > subject.plan.staleAfter ? "<p class=\"stale\" role=\"status\">\(words.stale)</p>" : ""
        return """
            <p class="state">\(outlook.forecast.source.title), <time datetime="\(machine)">\
            \(words.day(confirmed.date)) \(confirmed.clock) \
            \(outlook.clock.span(at: outlook.confirmed).abbreviation)</time> (\(words.age(age)))</p>\(warning)
            """
    }

    private var drawing: HTML {
        guard let meteogram = Meteogram(subject, words: words) else { return .empty }
        return """
            <div class="scroll" tabindex="0" role="region" aria-label="\(words.scrollHint)">\(meteogram.svg)</div>
            <p class="legend" aria-hidden="true"><span class="key temperature">\(words.temperature)</span> \
            <span class="key dew">\(words.dewPoint)</span> <span class="key rain">\(words.rain)</span> \
            <span class="key snow">\(words.snow)</span> <span class="key wind">\(words.wind)</span> \
            <span class="key gust">\(words.gusts)</span></p>
            """
    }

    /// The events, a list for each day.
    private var eventList: HTML {
        let clock = subject.outlook.clock
        let days = Dictionary(grouping: subject.events) { clock.date(at: $0.start) }.sorted {
            $0.key < $1.key
        }
        let lists = days.map { date, events -> HTML in
            let name = "\(phrases.weekdays[date.weekday - 1]) \(words.day(date))"
            return "<h3>\(name)</h3><ul class=\"events\">\(events.map { item($0, clock) })</ul>"
        }
        let content: HTML = lists.isEmpty ? "<p>\(words.noEvents)</p>" : .joined(lists)
        return
            "<section aria-labelledby=\"events\"><h2 id=\"events\">\(words.events)</h2>\(content)</section>"
    }

    private func item(_ event: WeatherEvent, _ clock: LocalClock) -> HTML {
        let lines = event.lines.map { "\($0)<br>" as HTML }
        let details: HTML =
            event.lines.isEmpty
            ? "" : "<details><summary>\(words.details)</summary><p class=\"lines\">\(lines)</p></details>"
        return """
            <li id="\(event.anchor)"><span class="mark \(event.colorClass)" aria-hidden="true"></span>
            <div><h4>\(event.title)</h4><p class="when"><time datetime="\(event.start.formatted(.iso8601))">\
            \(when(event, clock))</time> · \(event.category)</p>\(details)</div></li>
            """
    }

    /// `15:00–19:00`, or `22:00–Sun 3/29 04:00`; below the name of the day on which it begins.
    private func when(_ event: WeatherEvent, _ clock: LocalClock) -> String {
        let (start, end) = (clock.civil(at: event.start), clock.civil(at: event.end))
        if case .allDay = event.form { return words.allDay }
        let last =
            end.date == start.date
            ? end.clock : "\(phrases.weekdays[end.date.weekday - 1]) \(words.day(end.date)) \(end.clock)"
        return "\(start.clock)–\(last)"
    }

    private var credit: HTML {
        let licence = subject.outlook.forecast.licence
        return
            "<p>\(words.source): <a href=\"\(link: licence.url)\" rel=\"noreferrer\">\(licence.text)</a></p>"
    }
}

extension WeatherPage {
    private var dayTable: HTML {
        let outlook = subject.outlook
        let today = outlook.clock.date(at: subject.now)
        let days = outlook.forecast.days(clock: outlook.clock, partial: [today]).filter { $0.date >= today }
        let rows = days.prefix(MeteogramFrame.daysMax).map { day -> HTML in
            let name = "\(phrases.weekdays[day.date.weekday - 1]) \(words.day(day.date))"
            let cells = [
                day.low.map(figures.temperature), day.high.map(figures.temperature),
                day.humidity.map { "\(figures.number($0, places: 0)) %" }, day.rain.map(figures.rain),
                day.snow.map(figures.snow), day.wind.map(figures.speed),
                day.uvIndex.map { figures.number($0, places: 0) },
                day.sky.map { "\($0.icon) \(phrases.word(for: $0))" } ?? day.words,
            ]
            return "<tr><th scope=\"row\">\(name)</th>\(cells.map { "<td>\($0 ?? "–")</td>" as HTML })</tr>"
        }
        let heads = [
            words.dayColumn, words.low, words.high, words.humidity, words.rain, words.snow, words.wind,
            words.uvIndex,
            words.sky,
        ]
        return """
            <section aria-labelledby="days"><h2 id="days">\(words.days)</h2>\
            <div class="scroll" tabindex="0" role="region" aria-labelledby="days">\(Self.table(heads, rows))</div></section>
            """
    }

    /// The hours of the drawing, a table a day, closed until it is wanted.
    private var hourTables: HTML {
        let outlook = subject.outlook
        guard let frame = MeteogramFrame(outlook.forecast, clock: outlook.clock, now: subject.now) else {
            return .empty
        }
        let heads = [
            words.timeColumn, words.temperature, words.dewPoint, words.rain, words.snow, words.chance,
            words.wind,
            words.gusts, words.uvIndex,
        ]
        let tables = frame.days.map { day -> HTML in
            let rows = frame.hours.indices(in: day.span).map { hourRow($0, frame) }
            let name = "\(phrases.weekdays[day.date.weekday - 1]) \(words.day(day.date))"
            return """
                <details><summary>\(name)</summary><div class="scroll" tabindex="0" role="region" \
                aria-label="\(name)">\(Self.table(heads, rows))</div></details>
                """
        }
        return """
            <section aria-labelledby="hours"><h2 id="hours">\(words.hours)</h2>\(tables)</section>
            """
    }

    private func hourRow(_ index: Int, _ frame: MeteogramFrame) -> HTML {
        let time = frame.clock.civil(at: frame.hours.start(of: index)).clock
        let quantities: [Quantity] = [.temperature, .dewPoint, .rain, .snow, .chance, .wind, .gust, .uvIndex]
        let cells = quantities.map { quantity -> HTML in
            "<td>\(frame.hours[quantity, index].map { figures.text($0, of: quantity) } ?? "–")</td>"
        }
        return "<tr><th scope=\"row\">\(time)</th>\(cells)</tr>"
    }

    private static func table(_ heads: [String], _ rows: [HTML]) -> HTML {
        let cells = heads.map { "<th scope=\"col\">\($0)</th>" as HTML }
        return "<table><thead><tr>\(cells)</tr></thead><tbody>\(rows)</tbody></table>"
    }
}

extension SourceName {
    /// As the service calls itself.
    var title: String {
        switch self {
        case .openMeteo: "Open-Meteo"
        case .metNorway: "MET Norway"
        case .brightSky: "Bright Sky (DWD)"
        case .openWeatherMap: "OpenWeatherMap"
        case .nationalWeatherService: "National Weather Service"
        case .pirateWeather: "Pirate Weather"
        case .weatherCompany: "The Weather Company"
        case .weatherUnderground: "Weather Underground"
        }
    }
}
