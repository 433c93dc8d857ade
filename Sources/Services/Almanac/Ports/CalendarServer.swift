package import ICalendar

/// One calendar on a server of calendars, in which events of ours are kept beside those of others.
///
/// Every backend passes `checkCalendarServerContract`.
package protocol CalendarServer: Sendable {
    /// What people call it, for reports: `google`, `caldav https://dav.example.com/weather/`.
    var label: String { get }

    /// Every event of ours that the server holds, and of those it has deleted the ones it still remembers, in
    /// any order and from every page. Nil when there is no calendar yet.
    func ownEvents() async throws(CalendarServerError) -> [ServerEvent]?

    /// Makes the calendar. Making one that is there is not a failure.
    func makeCalendar() async throws(CalendarServerError)

    /// Carries out changes, in any order, and says of each what became of it, in the order given. A change
    /// that was done already counts as done. No event of others is ever changed: one that stands in the way
    /// is a `.conflict` or `.refused`.
    ///
    /// - Parameter changes: at most `changesMax`.
    func apply(_ changes: [SyncChange]) async throws(CalendarServerError) -> [SyncOutcome]

    /// How many changes it takes at once.
    var changesMax: Int { get }
}

/// An event of ours as a server has it.
package struct ServerEvent: Hashable, Sendable {
    /// Where the server keeps it: an identifier or a path.
    package let address: String
    /// The UID of the event it was made from; nil when the server has forgotten.
    package let uid: String?
    /// What was written, as `WantedEvent.digest` had it; nil when the server has forgotten.
    package let digest: String?
    /// The server's mark of this very version.
    package let entityTag: String?
    /// When it is over; nil when the server did not say.
    package let end: UTCSeconds?
    /// Whether the server keeps only the memory of it.
    package let isDeleted: Bool

    package init(
        address: String, uid: String?, digest: String?, entityTag: String?, end: UTCSeconds? = nil,
        isDeleted: Bool = false
    ) {
        self.address = address
        self.uid = uid
        self.digest = digest
        self.entityTag = entityTag
        self.end = end
        self.isDeleted = isDeleted
    }
}

/// One write.
package enum SyncChange: Hashable, Sendable {
    case add(WantedEvent)
    /// Also brings back what the server has deleted.
    case update(ServerEvent, to: WantedEvent)
    case remove(ServerEvent)
}

/// What became of a write.
package enum SyncOutcome: Hashable, Sendable {
    case done
    case failed(CalendarServerError)
}

/// Why a server of calendars could not do what it was asked. What it says is for the operator and holds no
/// secret.
package struct CalendarServerError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        /// Too many calls, or a server that is not well: the same call may succeed later.
        case unavailable
        /// The credentials are missing, wrong or no longer good: a person has to act.
        case unauthorized
        /// What is there is not what was listed: list again.
        case conflict
        /// The server will not do this, however often it is asked.
        case refused
        /// The answer cannot be understood.
        case misunderstood
    }

    package let kind: Kind
    package let description: String
    /// How many seconds the server asks to wait.
    package let retryAfter: Int?

    package init(_ kind: Kind, _ description: String, retryAfter: Int? = nil) {
        self.kind = kind
        self.description = description
        self.retryAfter = retryAfter
    }
}
