/// Writes components as content lines (RFC 5545, 3.1).
package struct Writer {
    /// What has been written so far.
    package private(set) var bytes: [UInt8] = []

    /// The most octets a line may have, without its line end.
    private static let lineMax = 75

    package init() { bytes.reserveCapacity(16 << 10) }

    package mutating func write(_ component: Component) {
        line("BEGIN:" + component.name)
        for property in component.properties { write(property) }
        for child in component.children { write(child) }
        line("END:" + component.name)
    }

    private mutating func write(_ property: Property) {
        var text = property.name
        for parameter in property.parameters {
            text += ";" + parameter.name + "=" + ValueText.parameter(parameter.value)
        }
        text += ":" + property.value
        line(text)
    }

    /// One line, folded: what does not fit goes on in a line that starts with a space. A character is never
    /// cut: each piece is valid UTF-8 by itself.
    private mutating func line(_ text: String) {
        var text = text
        text.withUTF8 { octets in
            var start = 0
            var room = Self.lineMax
            while octets.count - start > room {
                var end = start + room
                while octets[end] & 0b1100_0000 == 0b1000_0000 { end -= 1 }
                bytes += octets[start..<end]
                bytes += [0x0D, 0x0A, 0x20]
                start = end
                room = Self.lineMax - 1
            }
            bytes += octets[start...]
            bytes += [0x0D, 0x0A]
        }
    }
}
