import Access
package import Accounts
package import Almanac
import Foundation
package import HTTPKit
import HTTPTypes
package import Hummingbird
import Logging
import ServerKit
import Synchronization
import Weather

/// Calendars and pages of the weather.
///
/// A path with a token that is wrong, removed, expired, of an account that may do nothing now, or for another
/// calendar is answered as one behind which nothing is.
package struct FeedFace: Face {
    private let office: WeatherOffice
    private let settings: FeedSettings
    private let calendars: [CalendarName: CalendarPlan]
    private let plans: [PlaceID: PlacePlan]
    private let tokens: AccessTokens?
    private let feeds: AnswerCache<CalendarName>
    private let pages = AnswerCache<PageKey>(countMax: 256)
    private let refreshing = Refreshing()

    /// A page as it differs between readers.
    private struct PageKey: Hashable {
        let place: PlaceID
        let base: String
    }

    /// - Parameter tokens: who holds a token for private calendars; nil where there are no accounts, then
    /// nobody does.
    package init(office: WeatherOffice, settings: FeedSettings, tokens: AccessTokens?) {
        self.office = office
        self.settings = settings
        self.calendars = Dictionary(
            settings.calendars.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.plans = Dictionary(
            office.places.map { ($0.place.id, $0) }, uniquingKeysWith: { first, _ in first })
        self.tokens = tokens
        self.feeds = AnswerCache(countMax: max(64, settings.calendars.count + 1))
    }

    package func respond(to request: Request, context: HomeportContext) async throws -> Response? {
        let path = String(request.uri.path)
        let isFront = path == "/" && settings.isFrontPage
        guard let route = isFront ? .places : FeedRoute(path: path) else { return nil }
        do {
            switch route {
            case .feed(let name, let token): return try await feed(name, token: token, request)
            case .places: return places(request, context)
            case .page(let place, let token): return try await page(place, token: token, request, context)
            case .asset(let name): return Assets.answer(name)?.response(to: request) ?? Self.nothing
            case .nothing: return Self.nothing
            }
        } catch let error as OutlookError where error.kind != .unknownPlace {
            Logger.current.warning("no forecast to answer with", metadata: ["reason": "\(error)"])
            return .text(
                "There is no forecast yet. Please try again in a minute.\n", status: .serviceUnavailable,
                headers: [.retryAfter: "60", .cacheControl: "no-store"])
        }
    }

    package func loggedPath(of path: String) -> String? { FeedRoute.withoutToken(path) }

    private static var nothing: Response { .text("Nothing is here.\n", status: .notFound) }
}

extension FeedFace {
    private func feed(_ name: CalendarName, token: String?, _ request: Request) async throws -> Response {
        guard let plan = calendars[name], let place = plans[plan.place],
            try await isOpen(plan, to: token)
        else { return Self.nothing }
        return try await answer(for: plan, place).response(to: request)
    }

    /// Whether a calendar may be read with this token, or by everybody.
    private func isOpen(_ plan: CalendarPlan, to token: String?) async throws -> Bool {
        guard let token else { return !plan.isPrivate }
        guard let found = try await tokens?.find(Secret(token), kind: .calendar) else { return false }
        return found.bounds.isEmpty
            || found.bounds.contains { $0.type == "calendar" && $0.name == plan.name.description }
    }

    /// What was made last is told while something newer is fetched; only who comes first of all has to wait.
    private func answer(for plan: CalendarPlan, _ place: PlacePlan) async throws -> PreparedAnswer {
        if let outlook = office.readyOutlook(of: plan.place) { return prepared(plan, place, outlook) }
        guard let last = feeds.last(for: plan.name) else {
            return prepared(plan, place, try await office.outlook(of: plan.place))
        }
        refreshing.start(plan.place, office)
        return last
    }

    private func prepared(_ plan: CalendarPlan, _ place: PlacePlan, _ outlook: Outlook) -> PreparedAnswer {
        let isStale = outlook.age(at: settings.now()) > place.staleAfter
        let version = AnswerCache<CalendarName>.Version(
            changed: outlook.changed, confirmed: isStale ? outlook.confirmed : nil)
        return feeds.answer(for: plan.name, version) {
            let staleSince = isStale ? outlook.confirmed.addingTimeInterval(place.staleAfter) : nil
            let document = outlook.document(
                plan, language: place.options.language, refresh: Int(place.refresh),
                links: settings.links(of: plan),
                staleSince: staleSince)
            let feed = Feed(document, changed: max(outlook.changed, staleSince ?? outlook.changed))
            return PreparedAnswer(
                bytes: feed.bytes, type: "text/calendar; charset=utf-8", mark: feed.mark,
                modified: feed.changed,
                cacheControl:
                    "\(plan.isPrivate ? "private" : "public"), max-age=\(min(Int(place.refresh), 900))",
                headers: Self.headers(of: plan))
        }
    }

    private static func headers(of plan: CalendarPlan) -> HTTPFields {
        var headers: HTTPFields = [
            .contentDisposition: "inline; filename=\"\(plan.name).ics\"", .xContentTypeOptions: "nosniff",
        ]
        // What everybody may read, every page may show.
        if !plan.isPrivate { headers[.accessControlAllowOrigin] = "*" }
        return headers
    }
}

extension FeedFace {
    private func page(
        _ place: PlaceID, token: String?, _ request: Request, _ context: HomeportContext
    ) async throws -> Response {
        guard let plan = plans[place] else { return Self.nothing }
        var open: [CalendarPlan] = []
        for calendar in settings.calendars where calendar.place == place {
            if try await isOpen(calendar, to: token) { open.append(calendar) }
        }
        // A place all of whose calendars are private is private.
        guard !open.isEmpty else { return Self.nothing }
        let outlook = try await office.outlook(of: place)
        let base = settings.publicURL ?? Self.origin(of: context)
        let now = settings.now()
        let subject = WeatherPage.Subject(plan: plan, outlook: outlook, calendars: open, now: now)
        guard token == nil else {
            let page = WeatherPage(subject, base: base, token: token)
            return Self.prepared(page, modified: outlook.changed, isPrivate: true).response(to: request)
        }
        // The age is told in minutes; a page that is five of them old is good enough.
        let period = Int(now.timeIntervalSince1970 / 300)
        let version = AnswerCache<PageKey>.Version(
            changed: outlook.changed, confirmed: outlook.confirmed, period: period)
        return pages.answer(for: PageKey(place: place, base: base), version) {
            Self.prepared(WeatherPage(subject, base: base, token: nil), modified: now, isPrivate: false)
        }.response(to: request)
    }

    private func places(_ request: Request, _ context: HomeportContext) -> Response {
        let shown = plans.values.filter { plan in
            settings.calendars.contains { $0.place == plan.place.id && !$0.isPrivate }
        }.sorted { $0.place.name < $1.place.name }
        let language = shown.first?.options.language ?? .english
        return PlacesPage(places: shown.map(\.place), language: language).answer.response(to: request)
    }

    private static func prepared(_ page: WeatherPage, modified: Date, isPrivate: Bool) -> PreparedAnswer {
        .page(
            page.html, modified: modified,
            cacheControl: isPrivate ? "private, no-cache" : "public, max-age=300")
    }

    /// The origin the client named; only for links on the page it asked for.
    private static func origin(of context: HomeportContext) -> String {
        let isPlain = context.authority.utf8.allSatisfy { byte in
            (48...58).contains(byte) || (65...91).contains(byte) || (97...122).contains(byte)
                || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "]")
        }
        guard isPlain, !context.authority.isEmpty, context.authority.utf8.count <= 260 else { return "" }
        return "\(context.isSecure ? "https" : "http")://\(context.authority)"
    }
}

/// Places whose forecast is being fetched behind the back of readers.
private final class Refreshing: Sendable {
    private let places = Mutex<Set<PlaceID>>([])

    func start(_ place: PlaceID, _ office: WeatherOffice) {
        guard places.withLock({ $0.insert(place).inserted }) else { return }
        Task {
            // What goes wrong is noted by the office, and told by `/readyz`.
            _ = try? await office.outlook(of: place)
            places.withLock { _ = $0.remove(place) }
        }
    }
}

extension HTTPField.Name {
    fileprivate static let xContentTypeOptions = Self("X-Content-Type-Options")!
}
