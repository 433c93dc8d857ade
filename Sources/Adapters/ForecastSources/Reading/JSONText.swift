/// A JSON text (RFC 8259), read in one pass into a flat list of its values.
///
/// Forecasts are long lists of numbers of which only some are wanted. So numbers and strings are only found
/// here, and turned into values where somebody asks for them.
final class JSONText: Sendable {
    enum Kind: UInt8, Sendable {
        case null, yes, no, number, string, array, object
    }

    /// One value: where it lies in the text, and where in the list the next one begins that is not inside it.
    struct Node: Sendable {
        let kind: Kind
        let start: UInt32
        var end: UInt32
        var next: UInt32
    }

    /// Why the text is not JSON, and at which byte.
    struct Mistake: Error, Sendable {
        let what: String
        let at: Int
    }

    static let bytesMax = 16 << 20
    static let depthMax = 64

    let bytes: [UInt8]
    let nodes: [Node]

    init(_ bytes: [UInt8]) throws(Mistake) {
        guard bytes.count <= Self.bytesMax else {
            throw Mistake(what: "the text is too long", at: Self.bytesMax)
        }
        var scanner = JSONScanner(count: bytes.count)
        try scanner.scan(bytes.span)
        self.nodes = scanner.nodes
        self.bytes = bytes
    }

    var root: JSONValue { JSONValue(text: self, index: 0) }
}

private struct JSONScanner {
    private(set) var nodes: [JSONText.Node] = []
    private var position = 0

    init(count: Int) { nodes.reserveCapacity(count / 8 + 8) }

    private func mistake(_ what: String) -> JSONText.Mistake { JSONText.Mistake(what: what, at: position) }

    mutating func scan(_ bytes: borrowing Span<UInt8>) throws(JSONText.Mistake) {
        skipSpace(bytes)
        try value(bytes, depth: 0)
        skipSpace(bytes)
        guard position == bytes.count else { throw mistake("something follows the end of the JSON value") }
    }

    @inline(__always)
    private func peek(_ bytes: borrowing Span<UInt8>) -> UInt8 {
        position < bytes.count ? bytes[unchecked: position] : 0
    }

    @inline(__always)
    private mutating func skipSpace(_ bytes: borrowing Span<UInt8>) {
        while position < bytes.count {
            switch bytes[unchecked: position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private mutating func value(_ bytes: borrowing Span<UInt8>, depth: Int) throws(JSONText.Mistake) {
        switch peek(bytes) {
        case UInt8(ascii: "{"): try object(bytes, depth: depth + 1)
        case UInt8(ascii: "["): try array(bytes, depth: depth + 1)
        case UInt8(ascii: "\""): try string(bytes)
        case UInt8(ascii: "t"): try literal(bytes, "true", .yes)
        case UInt8(ascii: "f"): try literal(bytes, "false", .no)
        case UInt8(ascii: "n"): try literal(bytes, "null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number(bytes)
        default:
            throw mistake(position >= bytes.count ? "the text ends in the middle" : "a value was expected")
        }
    }

    private mutating func leaf(_ kind: JSONText.Kind, _ start: Int, _ end: Int) {
        nodes.append(
            JSONText.Node(kind: kind, start: UInt32(start), end: UInt32(end), next: UInt32(nodes.count + 1)))
    }

    private mutating func literal(
        _ bytes: borrowing Span<UInt8>, _ word: StaticString, _ kind: JSONText.Kind
    ) throws(JSONText.Mistake) {
        let start = position
        for offset in 0..<word.utf8CodeUnitCount {
            guard peek(bytes) == word.utf8Start[offset] else { throw mistake("a value was expected") }
            position += 1
        }
        leaf(kind, start, position)
    }

    private mutating func digits(_ bytes: borrowing Span<UInt8>) throws(JSONText.Mistake) {
        let start = position
        while peek(bytes) &- 48 < 10 { position += 1 }
        guard position > start else { throw mistake("a digit was expected") }
    }

    private mutating func number(_ bytes: borrowing Span<UInt8>) throws(JSONText.Mistake) {
        let start = position
        if peek(bytes) == UInt8(ascii: "-") { position += 1 }
        if peek(bytes) == UInt8(ascii: "0") { position += 1 } else { try digits(bytes) }
        if peek(bytes) == UInt8(ascii: ".") {
            position += 1
            try digits(bytes)
        }
        if peek(bytes) | 0x20 == UInt8(ascii: "e") {
            position += 1
            if peek(bytes) == UInt8(ascii: "+") || peek(bytes) == UInt8(ascii: "-") { position += 1 }
            try digits(bytes)
        }
        leaf(.number, start, position)
    }

    /// The node covers what is between the quotes.
    private mutating func string(_ bytes: borrowing Span<UInt8>) throws(JSONText.Mistake) {
        position += 1
        let start = position
        while position < bytes.count {
            let byte = bytes[unchecked: position]
            if byte == UInt8(ascii: "\"") {
                leaf(.string, start, position)
                position += 1
                return
            }
            guard byte >= 0x20 else { throw mistake("a control character stands in a string") }
            position += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        throw mistake("the text ends in the middle of a string")
    }

    private mutating func object(_ bytes: borrowing Span<UInt8>, depth: Int) throws(JSONText.Mistake) {
        try container(bytes, .object, close: UInt8(ascii: "}"), depth: depth)
    }

    private mutating func array(_ bytes: borrowing Span<UInt8>, depth: Int) throws(JSONText.Mistake) {
        try container(bytes, .array, close: UInt8(ascii: "]"), depth: depth)
    }

    private mutating func container(
        _ bytes: borrowing Span<UInt8>, _ kind: JSONText.Kind, close: UInt8, depth: Int
    ) throws(JSONText.Mistake) {
        guard depth <= JSONText.depthMax else { throw mistake("values are nested too deep") }
        let node = nodes.count
        leaf(kind, position, position)
        position += 1
        skipSpace(bytes)
        if peek(bytes) == close {
            position += 1
        } else {
            try elements(bytes, kind, close: close, depth: depth)
        }
        nodes[node].next = UInt32(nodes.count)
        nodes[node].end = UInt32(position)
    }

    private mutating func elements(
        _ bytes: borrowing Span<UInt8>, _ kind: JSONText.Kind, close: UInt8, depth: Int
    ) throws(JSONText.Mistake) {
        while true {
            if kind == .object {
                guard peek(bytes) == UInt8(ascii: "\"") else { throw mistake("a name was expected") }
                try string(bytes)
                skipSpace(bytes)
                guard peek(bytes) == UInt8(ascii: ":") else { throw mistake("a ':' was expected") }
                position += 1
                skipSpace(bytes)
            }
            try value(bytes, depth: depth)
            skipSpace(bytes)
            let byte = peek(bytes)
            position += 1
            if byte == close { return }
            guard byte == UInt8(ascii: ",") else {
                position -= 1
                throw mistake(position >= bytes.count ? "the text ends in the middle" : "a ',' was expected")
            }
            skipSpace(bytes)
        }
    }
}
