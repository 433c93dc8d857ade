/// Writes components as content lines (RFC 5545, 3.1).
package struct Writer {
    private var text = ValueText()

    /// What has been written so far.
    package var bytes: [UInt8] { text.bytes }

    /// The most octets a line may have, without its line end.
    private static let lineMax = 75

    package init() { text.bytes.reserveCapacity(32 << 10) }

    package mutating func write(_ component: Component) {
        line { $0.append(plain: "BEGIN:\(component.name)") }
        for property in component.properties { write(property) }
        for child in component.children { write(child) }
        line { $0.append(plain: "END:\(component.name)") }
    }

    private mutating func write(_ property: Property) {
        line { text in
            text.append(plain: property.name)
            for parameter in property.parameters {
                text.append(plain: ";\(parameter.name)=")
                text.append(parameter: parameter.value)
            }
            text.append(ascii: ":")
            text.append(property.value)
        }
    }

    private mutating func line(_ write: (inout ValueText) -> Void) {
        let start = text.bytes.count
        write(&text)
        if text.bytes.count - start > Self.lineMax { fold(from: start) }
        text.bytes += [0x0D, 0x0A]
    }

    /// Folds what has been written last: what does not fit goes on in a line that starts with a space. A
    /// character is never cut: each piece is valid UTF-8 by itself.
    private mutating func fold(from begin: Int) {
        let octets = Array(text.bytes[begin...])
        text.bytes.removeSubrange(begin...)
        var start = 0
        var room = Self.lineMax
        while octets.count - start > room {
            var end = start + room
            while octets[end] & 0b1100_0000 == 0b1000_0000 { end -= 1 }
            text.bytes += octets[start..<end]
            text.bytes += [0x0D, 0x0A, 0x20]
            start = end
            room = Self.lineMax - 1
        }
        text.bytes += octets[start...]
    }
}
