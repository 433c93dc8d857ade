internal import Almanac
internal import ServerKit
internal import Weather

/// The calendars that a token is to open.
struct CalendarBounds {
    private let plans: [CalendarPlan]
    private let isEverything: Bool

    /// Nil when none were named. Throws for one that the configuration does not have.
    init?(_ names: [String], weather: WeatherSettings) throws(CommandFailure) {
        guard !names.isEmpty else { return nil }
        let known = weather.feedPlans
        isEverything = names.contains("all")
        guard !isEverything else {
            plans = known.filter(\.isPrivate)
            return
        }
        for name in names where !known.contains(where: { $0.name.description == name }) {
            let words = known.map(\.name.description)
            let hint = NearestName.to(name, among: words).map { "; did you mean '\($0)'?" } ?? ""
            throw .usage(
                "the configuration has no calendar '\(name)'\(hint)"
                    + (known.isEmpty ? " It has no place under weather.places." : ""))
        }
        plans = known.filter { names.contains($0.name.description) }
    }

    /// What the token is limited to; nothing for every calendar, also those to come.
    var scopes: [String] { isEverything ? [] : plans.map { "calendar:\($0.name):pull" } }

    /// The addresses it opens, first those that hold everything of a place.
    func addresses(_ token: Secret, at publicURL: PublicURL?) -> [String] {
        let base = publicURL?.text ?? ""
        return plans.filter { !isEverything || $0.selection == .all }.map { plan in
            "\(base)/calendar/\(token.revealed)/\(plan.name).ics"
        }
    }
}
