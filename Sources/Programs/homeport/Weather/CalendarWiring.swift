internal import Almanac
internal import AsyncHTTPClient
internal import CalendarServers
internal import FeedAPI
internal import FoundationEssentials
internal import ICalendar
internal import ServerKit
internal import TimeKit
internal import Weather

/// The calendars that are written to, put together from the configuration.
struct CalendarWiring: Sendable {
    let weather: WeatherSettings
    let publicURL: String?
    let files: GoogleFiles
    /// `CalendarClient.make()`; whoever made it shuts it down.
    let client: HTTPClient
    let threads: BlockingThreads
    let now: @Sendable () -> Date

    init(_ values: Configuration, client: HTTPClient, now: @escaping @Sendable () -> Date) {
        self.weather = values.weather
        self.publicURL = values.publicURL?.text
        self.files = GoogleFiles(data: DataFolder(values.data))
        self.client = client
        self.threads = BlockingThreads(count: 1, queueMax: 64)
        self.now = now
    }

    /// Every calendar of `weather.calendars`.
    func calendars() throws(CommandFailure) -> [KeptCalendar] {
        if weather.calendars.contains(where: { $0.kind == .google }) { try files.makeFolder() }
        var accesses: [String: GoogleAccess] = [:]
        var kept: [KeptCalendar] = []
        for settings in weather.calendars {
            guard let plan = plan(settings) else { continue }
            let server: @Sendable (Outlook) throws(CalendarServerError) -> any CalendarServer
            switch settings.kind {
            case .caldav: server = calDAV(settings, plan)
            case .google:
                let file = files.token(of: settings)
                let access = accesses[file] ?? access(settings, tokenFile: file)
                // Several calendars of one person share one token; a service account has one for each.
                if settings.credentials?.isOfProgram != false { accesses[file] = access }
                server = google(settings, plan, access)
            }
            kept.append(
                KeptCalendar(
                    name: settings.name, plan: plan, links: links(plan), keepsPast: settings.keepsPast,
                    server: server))
        }
        return kept
    }

    private func plan(_ settings: CalendarSettings) -> CalendarPlan? {
        guard let name = CalendarName(settings.name), let place = PlaceID(settings.place) else { return nil }
        let title = weather.places.first { $0.name == settings.place }?.title
        var plan = CalendarPlan(
            name: name, place: place, selection: WeatherSettings.selection(settings.only),
            title: settings.title ?? title ?? settings.place)
        plan.color = settings.color.flatMap { NamedColor($0.rawValue) }
        plan.isPrivate = weather.isPrivate(place)
        return plan
    }

    /// The page of the place, where everybody may see it.
    private func links(_ plan: CalendarPlan) -> FeedLinks {
        guard let publicURL, !plan.isPrivate else { return FeedLinks() }
        return FeedLinks(page: FeedSettings.page(of: plan.place, at: publicURL))
    }

    private func calDAV(
        _ settings: CalendarSettings, _ plan: CalendarPlan
    ) -> @Sendable (Outlook) throws(CalendarServerError) -> any CalendarServer {
        { [client] outlook throws(CalendarServerError) in
            let server = CalDAVServer.Settings(
                url: settings.url ?? "", user: settings.user ?? "", password: settings.password ?? Secret(""),
                owner: settings.owner, name: plan.title, description: outlook.credit, color: plan.color,
                zones: [outlook.zoneDefinition])
            return try CalDAVServer(settings: server, client: client)
        }
    }

    private func access(_ settings: CalendarSettings, tokenFile: String) -> GoogleAccess {
        let grant: GoogleAccess.Grant =
            switch settings.credentials?.credentials {
            case .service(let account)?: .service(account, onBehalfOf: settings.onBehalfOf)
            case .program(let program)?: .person(tokenFile: tokenFile, credentials: program)
            case nil: .person(tokenFile: tokenFile, credentials: nil)
            }
        return GoogleAccess(grant: grant, client: client, threads: threads, now: now)
    }

    private func google(
        _ settings: CalendarSettings, _ plan: CalendarPlan, _ access: GoogleAccess
    ) -> @Sendable (Outlook) throws(CalendarServerError) -> any CalendarServer {
        { [client, threads, files] outlook throws(CalendarServerError) in
            var calendar = GoogleCalendar.Settings(
                owner: settings.owner, name: plan.title, description: outlook.credit,
                timeZone: outlook.zone.name, calendarID: settings.calendarID,
                stateFile: files.state(of: settings))
            if let url = settings.url { calendar.root = url.hasSuffix("/") ? String(url.dropLast()) : url }
            return GoogleCalendar(settings: calendar, access: access, client: client, threads: threads)
        }
    }
}

extension CalendarSettings {
    /// By this the events of this calendar are known on its server.
    fileprivate var owner: String { "homeport-\(name)" }
}

extension Outlook {
    /// Whose data it is, as the source wants it said.
    fileprivate var credit: String { "\(forecast.licence.text) \(forecast.licence.url)" }
}

/// Where the program keeps what Google hands out.
struct GoogleFiles: Sendable {
    let folder: String

    init(data: DataFolder) { folder = data.path + "/google" }

    /// What a person granted: where the configuration says, or beside the data.
    func token(of settings: CalendarSettings) -> String { settings.tokenFile ?? folder + "/token.json" }

    /// Which calendar the program has made.
    func state(of settings: CalendarSettings) -> String { "\(folder)/\(settings.name).json" }

    func makeFolder() throws(CommandFailure) { try DataFolder(folder).create() }
}
