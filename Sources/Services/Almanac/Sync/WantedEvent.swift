import Crypto
package import ICalendar
import ServerKit

/// An event as a calendar on a server is to have it, and a mark of what it says.
package struct WantedEvent: Hashable, Sendable {
    package let event: ICalendar.Event
    /// 32 hex digits that differ when anything that a server keeps differs; the time of the last change and
    /// its count do not, for they follow from the rest.
    package let digest: String

    package init(_ event: ICalendar.Event) {
        self.event = event
        var visible = event
        visible.changed = UTCSeconds(0)
        visible.sequence = 0
        let hash = SHA256.hash(data: visible.component.bytes)
        self.digest = hash.prefix(16).hex
    }
}
