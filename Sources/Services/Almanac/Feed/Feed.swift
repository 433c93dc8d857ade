import Crypto
package import FoundationEssentials
package import ICalendar
import ServerKit
import Weather

/// A calendar as it is fetched: bytes that stay the same as long as nothing visible changes.
package struct Feed: Sendable {
    package let bytes: [UInt8]
    /// 32 hex digits that differ when the bytes differ.
    package let mark: String
    /// When something in it last changed, as far as that is known.
    package let changed: Date
    package let events: Int

    package init(_ document: CalendarDocument, changed: Date) {
        self.bytes = document.component.bytes
        self.mark = SHA256.hash(data: bytes).prefix(16).hex
        self.changed = changed
        self.events = document.events.count
    }
}

/// Addresses that a calendar mentions; those of the operator, never those a client named.
package struct FeedLinks: Hashable, Sendable {
    /// The page of the place.
    package var page: String?
    /// Where the calendar is fetched.
    package var source: String?

    package init(page: String? = nil, source: String? = nil) {
        self.page = page
        self.source = source
    }
}
