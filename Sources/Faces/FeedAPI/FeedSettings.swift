package import Almanac
package import Foundation
package import Weather

/// What the face is told about itself.
package struct FeedSettings: Sendable {
    /// Where it is reached from outside, without a slash at its end. Calendars name their own address only
    /// when this is known, for what a client says about it is not to be believed.
    package var publicURL: String?
    package var calendars: [CalendarPlan]
    /// Whether who asks for nothing in particular, `/`, is shown the places.
    package var isFrontPage: Bool
    /// The time.
    package var now: @Sendable () -> Date

    package init(
        publicURL: String?, calendars: [CalendarPlan], isFrontPage: Bool = false,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.publicURL = publicURL
        self.calendars = calendars
        self.isFrontPage = isFrontPage
        self.now = now
    }

    func links(of plan: CalendarPlan) -> FeedLinks {
        guard let publicURL, !plan.isPrivate else { return FeedLinks() }
        return FeedLinks(
            page: Self.page(of: plan.place, at: publicURL), source: "\(publicURL)/calendar/\(plan.name).ics")
    }

    /// The address of a place's page.
    package static func page(of place: PlaceID, at publicURL: String) -> String {
        "\(publicURL)/weather/\(place)"
    }
}
