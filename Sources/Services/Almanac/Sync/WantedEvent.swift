import Crypto
package import ICalendar

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
        self.digest = hash.prefix(16).map(Self.hex).joined()
    }

    private static func hex(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return byte < 16 ? "0" + digits : digits
    }
}
