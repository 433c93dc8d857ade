/// The bytes of a JSON text, and where things end in them.
///
/// Reads eight bytes at a time where it can: answers are long, and most of their bytes are spaces and the
/// insides of strings.
struct JSONBytes {
    private let start: UnsafeRawPointer
    let count: Int

    /// - Parameter start: of `count` bytes that stay where they are for as long as this is used.
    init(_ start: UnsafeRawPointer, count: Int) {
        self.start = start
        self.count = count
    }

    /// The byte at a position, 0 at the end of the text.
    @inline(__always)
    subscript(position: Int) -> UInt8 { position < count ? byte(at: position) : 0 }

    /// The first position from this one on that holds no space.
    @inline(__always)
    func afterSpace(_ position: Int) -> Int {
        if self[position] > 0x20 { return position }
        return self[position] == 0x20 && self[position &+ 1] > 0x20 ? position &+ 1 : afterMoreSpace(position)
    }

    /// Mostly it is an end of line with some spaces.
    private func afterMoreSpace(_ start: Int) -> Int {
        var position = start
        while position < count {
            switch byte(at: position) {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return position
            }
            while position &+ 8 <= count {
                let others = eight(at: position) ^ Self.eight(0x20)
                position += others == 0 ? 8 : others.trailingZeroBitCount >> 3
                if others != 0 { break }
            }
        }
        return position
    }

    /// The position of the quote that ends a string.
    ///
    /// - Parameter start: behind the quote that begins it.
    @inline(__always)
    func endOfString(_ start: Int) throws(JSONText.Mistake) -> Int {
        var position = start
        while true {
            position = endOfPlainText(position)
            switch self[position] {
            case UInt8(ascii: "\""): return position
            case UInt8(ascii: "\\"): position += 2
            default: throw mistake("a control character stands in a string", at: position)
            }
        }
    }

    /// The next quote, backslash or control character, or the end of the text.
    @inline(__always)
    private func endOfPlainText(_ start: Int) -> Int {
        var position = start
        while position &+ 8 <= count {
            let word = eight(at: position)
            let quotes = word ^ Self.eight(UInt8(ascii: "\""))
            let slashes = word ^ Self.eight(UInt8(ascii: "\\"))
            // Less one, a byte that is zero sets its highest bit, as does one below a space less a space; of
            // several the first is found for sure, those behind it need not be true.
            let zeros = (quotes &- Self.eight(1)) & ~quotes | (slashes &- Self.eight(1)) & ~slashes
            let found = (zeros | (word &- Self.eight(0x20)) & ~word) & Self.eight(0x80)
            guard found == 0 else { return position &+ found.trailingZeroBitCount >> 3 }
            position &+= 8
        }
        while position < count {
            let byte = byte(at: position)
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { return position }
            position += 1
        }
        return position
    }

    /// Where a number ends that begins here.
    func endOfNumber(_ start: Int) throws(JSONText.Mistake) -> Int {
        var position = self[start] == UInt8(ascii: "-") ? start + 1 : start
        position = self[position] == UInt8(ascii: "0") ? position + 1 : try endOfDigits(position)
        if self[position] == UInt8(ascii: ".") { position = try endOfDigits(position + 1) }
        if self[position] | 0x20 == UInt8(ascii: "e") {
            let isSigned = self[position + 1] == UInt8(ascii: "+") || self[position + 1] == UInt8(ascii: "-")
            position = try endOfDigits(position + (isSigned ? 2 : 1))
        }
        return position
    }

    @inline(__always)
    private func endOfDigits(_ start: Int) throws(JSONText.Mistake) -> Int {
        var position = start
        while self[position] &- 48 < 10 { position += 1 }
        guard position > start else { throw mistake("a digit was expected", at: position) }
        return position
    }

    /// Where a word ends that should stand here.
    func end(of word: StaticString, at start: Int) throws(JSONText.Mistake) -> Int {
        for offset in 0..<word.utf8CodeUnitCount where self[start + offset] != word.utf8Start[offset] {
            throw mistake("a value was expected", at: start + offset)
        }
        return start + word.utf8CodeUnitCount
    }

    /// What is wrong at a position: that something else was expected, or that there is nothing.
    func mistake(_ what: String, at position: Int) -> JSONText.Mistake {
        position < count
            ? JSONText.Mistake(what: what, at: position)
            : JSONText.Mistake(what: "the text ends in the middle", at: count)
    }

    @inline(__always)
    private func byte(at position: Int) -> UInt8 { start.load(fromByteOffset: position, as: UInt8.self) }

    @inline(__always)
    private func eight(at position: Int) -> UInt64 {
        UInt64(littleEndian: start.loadUnaligned(fromByteOffset: position, as: UInt64.self))
    }

    /// The same byte eight times.
    @inline(__always)
    private static func eight(_ byte: UInt8) -> UInt64 { 0x0101_0101_0101_0101 &* UInt64(byte) }
}
