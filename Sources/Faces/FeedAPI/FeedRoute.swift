import Almanac
import Weather

/// What a request asks of the weather.
enum FeedRoute: Equatable {
    /// `/calendar/<name>.ics`, or with a token before the name.
    case feed(CalendarName, token: String?)
    /// `/weather/`: the places.
    case places
    /// `/weather/<place>`, or with a token before the place.
    case page(PlaceID, token: String?)
    /// `/weather/assets/<name>`.
    case asset(String)
    /// A path of ours with nothing behind it.
    case nothing

    private static let assets = "assets"

    /// Nil for a path of another face.
    init?(path: String) {
        if path.hasPrefix("/calendar/") {
            self = Self.feed(path.dropFirst("/calendar/".count)) ?? .nothing
        } else if path == "/weather" || path == "/weather/" {
            self = .places
        } else if path.hasPrefix("/weather/") {
            self = Self.page(path.dropFirst("/weather/".count)) ?? .nothing
        } else {
            return nil
        }
    }

    private static func feed(_ rest: Substring) -> FeedRoute? {
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let file = parts.last, file.hasSuffix(".ics"),
            let name = CalendarName(String(file.dropLast(4)))
        else { return nil }
        return .feed(name, token: parts.count == 2 ? String(parts[0]) : nil)
    }

    private static func page(_ rest: Substring) -> FeedRoute? {
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let last = parts.last else { return nil }
        if parts.count == 2, parts[0] == assets { return .asset(String(last)) }
        guard let place = PlaceID(String(last)) else { return nil }
        return .page(place, token: parts.count == 2 ? String(parts[0]) : nil)
    }

    /// A path of ours without the token it may hold; nil when it holds none.
    static func withoutToken(_ path: String) -> String? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count > 3, parts[0].isEmpty, parts[1] == "calendar" || parts[1] == "weather" else {
            return nil
        }
        if parts[1] == "weather", parts[2] == assets { return nil }
        return "/\(parts[1])/***/\(parts[parts.count - 1])"
    }
}
