internal import Almanac
internal import ICalendar
internal import Weather

/// One of `weather.feeds`: a calendar to subscribe to, beside those that every place has.
struct FeedSection: ConfigurationSection {
    var name = ""
    var place = ""
    var only: [String] = []
    var title: String?
    var color: EventColor?
    var isPrivate: Bool?

    static var keys: [Key<Self>] {
        [
            .value("name", \.name, .calendarName, isRequired: true),
            .value("place", \.place, .placeName, isRequired: true),
            .value("only", \.only, .list(of: .ruleName)),
            .value("title", \.title, .optional(.text("what people call the calendar"))),
            .value("color", \.color, .optional(.choice)),
            .value("private", \.isPrivate, .optional(.flag)),
        ]
    }
}

extension WeatherSettings {
    /// Every calendar that can be subscribed to: those each place has anyway, then those of `weather.feeds`.
    var feedPlans: [CalendarPlan] {
        let usual = placePlans.flatMap(\.usualCalendars)
        return (usual + feeds.compactMap(feedPlan)).map { plan in
            var plan = plan
            plan.publisher = publisher
            plan.isPrivate = isPrivate(plan)
            return plan
        }
    }

    private func feedPlan(_ feed: FeedSection) -> CalendarPlan? {
        guard let name = CalendarName(feed.name), let place = PlaceID(feed.place) else { return nil }
        var plan = CalendarPlan(
            name: name, place: place, selection: Self.selection(feed.only), title: feed.title ?? feed.name)
        plan.color = feed.color.flatMap { NamedColor($0.rawValue) }
        return plan
    }

    static func selection(_ only: [String]) -> CalendarPlan.Selection {
        only.isEmpty ? .all : .only(Set(only))
    }

    /// A calendar is as private as it says, or else as its place.
    private func isPrivate(_ plan: CalendarPlan) -> Bool {
        let own = feeds.first { $0.name == plan.name.description }?.isPrivate
        return own ?? isPrivate(plan.place)
    }

    func isPrivate(_ place: PlaceID) -> Bool {
        places.contains { $0.name == place.description && $0.isPrivate }
    }

    /// The kinds of events there are: what `only` can choose from.
    var eventCalendars: [String] {
        var names = eventRules.map(\.calendar)
        if day.form != .none { names.append("day") }
        if hasSun { names.append("sun") }
        if warnings != .off { names.append("warnings") }
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }
}

extension ValueKind<String> {
    static var calendarName: Self {
        ValueKind(
            text: "a name of 1 to 100 of `a-z 0-9 . _ -`",
            parse: { text, _ in CalendarName(text)?.description }, show: { $0 })
    }
}
