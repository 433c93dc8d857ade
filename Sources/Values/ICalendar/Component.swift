/// A part of a calendar between `BEGIN:` and `END:`.
package struct Component: Hashable, Sendable {
    /// `VCALENDAR`, `VEVENT` and so on.
    package let name: String
    package var properties: [Property]
    package var children: [Component]

    package init(_ name: String, _ properties: [Property] = [], children: [Component] = []) {
        self.name = name
        self.properties = properties
        self.children = children
    }

    /// The bytes of the component: lines that end with CR LF, folded at 75 octets, in UTF-8.
    package var bytes: [UInt8] {
        var writer = Writer()
        writer.write(self)
        return writer.bytes
    }
}
