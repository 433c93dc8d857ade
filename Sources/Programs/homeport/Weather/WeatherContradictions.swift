internal import Almanac
internal import ForecastSources
internal import Weather

/// What is wrong with the weather's settings taken together: each said of the key that has to be changed.
extension WeatherSettings {
    typealias Problem = (key: String, message: String)

    func contradictions() -> [Problem] {
        placeProblems + sourceProblems + ruleProblems + feedProblems + calendarProblems + contactProblems
    }

    private var placeProblems: [Problem] {
        var problems: [Problem] = []
        var names: Set<String> = []
        for (index, place) in places.enumerated() {
            if !names.insert(place.name).inserted {
                problems.append(("places[\(index)].name", "two places are named `\(place.name)`"))
            }
            for source in place.sources where source.needsKey && settings(of: source).key == nil {
                problems.append(
                    (
                        "places[\(index)].sources",
                        "\(source.rawValue) answers only with a key; give it one under `weather.sources`: "
                            + "`name: \(source.rawValue)` and `key_file:` with the name of a file"
                    ))
            }
            if let unknown = place.sources.first(where: { $0.needsContact && contact == nil }) {
                problems.append(
                    (
                        "places[\(index)].sources",
                        "\(unknown.rawValue) wants to know who asks; set `weather.contact`"
                    ))
            }
            if let first = place.sources.first, place.zone == nil, !first.tellsZone {
                problems.append(
                    (
                        "places[\(index)].zone",
                        "is missing; \(first.rawValue) does not say in which time zone a place is"
                    ))
            }
        }
        return problems
    }

    private var sourceProblems: [Problem] {
        sources.indices.filter { index in sources[..<index].contains { $0.name == sources[index].name } }
            .map { ("sources[\($0)].name", "\(sources[$0].name.rawValue) is set up twice") }
    }

    private var ruleProblems: [Problem] {
        rules.indices.filter { index in rules[..<index].contains { $0.id == rules[index].id } }
            .map { ("rules[\($0)].id", "two entries are about the rule `\(rules[$0].id)`") }
    }

    private var contactProblems: [Problem] {
        guard let contact, !contact.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { return [] }
        return [("contact", "has to be plain letters, such as an address or the URL of a page")]
    }

    private var feedProblems: [Problem] {
        var taken = Set(placePlans.flatMap(\.usualCalendars).map(\.name.description))
        return feeds.enumerated().flatMap { index, feed -> [Problem] in
            var problems = unknownPlace(feed.place, "feeds[\(index)].place")
            problems += unknownKinds(feed.only, "feeds[\(index)].only")
            if !taken.insert(feed.name).inserted {
                problems.append(
                    ("feeds[\(index)].name", "there is a calendar named `\(feed.name)` already"))
            }
            return problems
        }
    }

    private var calendarProblems: [Problem] {
        var names: Set<String> = []
        return calendars.enumerated().flatMap { index, calendar -> [Problem] in
            var problems = unknownPlace(calendar.place, "calendars[\(index)].place")
            problems += unknownKinds(calendar.only, "calendars[\(index)].only")
            if !names.insert(calendar.name).inserted {
                problems.append(
                    ("calendars[\(index)].name", "two calendars are named `\(calendar.name)`"))
            }
            return problems
        }
    }

    private func unknownPlace(_ name: String, _ key: String) -> [Problem] {
        let known = places.map(\.name)
        guard !known.contains(name) else { return [] }
        return [(key, "there is no place `\(name)`" + Self.hint(name, known, "`weather.places` has"))]
    }

    private func unknownKinds(_ names: [String], _ key: String) -> [Problem] {
        let known = eventCalendars
        return names.filter { !known.contains($0) }.map { name in
            (key, "no event is in a calendar `\(name)`" + Self.hint(name, known, "there are"))
        }
    }

    private static func hint(_ name: String, _ known: [String], _ lead: String) -> String {
        if let near = NearestName.to(name, among: known) { return "; did you mean `\(near)`?" }
        return known.isEmpty ? "" : "; \(lead) \(known.map { "`\($0)`" }.joined(separator: ", "))"
    }
}

extension SourceName {
    /// Whether its answers say in which time zone a place is.
    fileprivate var tellsZone: Bool {
        switch self {
        case .openMeteo, .openWeatherMap, .nationalWeatherService, .pirateWeather, .weatherUnderground: true
        case .metNorway, .brightSky, .weatherCompany: false
        }
    }
}
