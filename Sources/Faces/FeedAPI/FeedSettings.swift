package import Almanac
package import Foundation

/// What the face is told about itself.
package struct FeedSettings: Sendable {
    /// Where it is reached from outside, without a slash at its end. Calendars name their own address only
    /// when this is known, for what a client says about it is not to be believed.
    package var publicURL: String?
    package var calendars: [CalendarPlan]
    /// The time.
    package var now: @Sendable () -> Date

    package init(
        publicURL: String?, calendars: [CalendarPlan], now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.publicURL = publicURL
        self.calendars = calendars
        self.now = now
    }

    func links(of plan: CalendarPlan) -> FeedLinks {
        guard let publicURL, !plan.isPrivate else { return FeedLinks() }
        return FeedLinks(
            page: "\(publicURL)/weather/\(plan.place)", source: "\(publicURL)/calendar/\(plan.name).ics")
    }
}
