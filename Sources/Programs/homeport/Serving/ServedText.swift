internal import FoundationEssentials

/// What a configuration has served, in words.
struct ServedText {
    private let loaded: LoadedConfiguration

    init(_ loaded: LoadedConfiguration) { self.loaded = loaded }

    private var weather: WeatherSettings { loaded.values.weather }

    /// `It serves a registry and the weather of 2 places, and writes 1 calendar.`
    var sentence: String {
        let places = Self.count(weather.places.count, "place")
        let written =
            weather.calendars.isEmpty
            ? "" : ", and writes \(Self.count(weather.calendars.count, "calendar"))"
        switch (loaded.servesRegistry, loaded.servesWeather) {
        case (true, false): return "It serves a registry."
        case (true, true): return "It serves a registry and the weather of \(places)\(written)."
        case (false, _):
            return "It serves the weather of \(places)\(written). A line `registry:` in the configuration "
                + "would add a registry."
        }
    }

    /// What is not wrong, and yet will be missed or regretted.
    var notes: [String] {
        weather.calendars.compactMap { calendar in
            switch calendar.kind {
            case .caldav: note(onCalDAV: calendar)
            case .google: note(onGoogle: calendar)
            }
        }
    }

    private func note(onCalDAV calendar: CalendarSettings) -> String? {
        guard let url = calendar.url.flatMap({ URL(string: $0) }), url.scheme?.lowercased() == "http",
            let host = url.host(), !["localhost", "127.0.0.1", "::1"].contains(host)
        else { return nil }
        return "The calendar \(calendar.name) is written without TLS: everybody on the way to \(host) can "
            + "read its password. Use https:// where the server has it."
    }

    private func note(onGoogle calendar: CalendarSettings) -> String? {
        guard calendar.credentials?.isOfProgram != false else {
            guard calendar.calendarID == nil, calendar.onBehalfOf == nil else { return nil }
            return "The calendar \(calendar.name) will be seen by its service account alone: share one of "
                + "yours with the account and give its `calendar_id`, or name a person in `on_behalf_of`."
        }
        let file = GoogleFiles(data: DataFolder(loaded.values.data)).token(of: calendar)
        guard !FileManager.default.fileExists(atPath: file) else { return nil }
        return "The calendar \(calendar.name) cannot be written yet, for nobody has allowed it: "
            + "run `homeport weather authorize google`, which makes \(file)."
    }

    private static func count(_ number: Int, _ noun: String) -> String {
        number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
    }
}
