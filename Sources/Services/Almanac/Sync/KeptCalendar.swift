import FoundationEssentials
import ICalendar
import Weather

/// A calendar on a server that is to hold the events of a place.
package struct KeptCalendar: Sendable {
    /// Names it in configuration, reports and numbers.
    package let name: String
    /// Which events of which place.
    package let plan: CalendarPlan
    package let links: FeedLinks
    /// Whether events that are over stay for ever.
    package let keepsPast: Bool
    private let makeServer: @Sendable (Outlook) throws(CalendarServerError) -> any CalendarServer

    /// - Parameter server: the server, which may have to know the clock of the place.
    package init(
        name: String, plan: CalendarPlan, links: FeedLinks = FeedLinks(), keepsPast: Bool = false,
        server: @escaping @Sendable (Outlook) throws(CalendarServerError) -> any CalendarServer
    ) {
        self.name = name
        self.plan = plan
        self.links = links
        self.keepsPast = keepsPast
        self.makeServer = server
    }

    /// What a run would write; nothing is.
    package func plan(_ outlook: Outlook, world: WeatherOffice.Surroundings) async throws -> SyncPlan {
        try await sync(outlook, world).plan(
            outlook.wantedEvents(plan, links: links), keepingBefore: keepingBefore(world.now()))
    }

    /// Writes what differs.
    package func bringUpToDate(
        _ outlook: Outlook, world: WeatherOffice.Surroundings
    ) async throws -> CalendarSync.Report {
        try await sync(outlook, world).run(
            outlook.wantedEvents(plan, links: links), keepingBefore: keepingBefore(world.now()))
    }

    private func sync(_ outlook: Outlook, _ world: WeatherOffice.Surroundings) throws -> CalendarSync {
        CalendarSync(server: try makeServer(outlook), pause: world.pause, chance: world.chance)
    }

    private func keepingBefore(_ now: Date) -> UTCSeconds? { keepsPast ? UTCSeconds(now) : nil }
}
