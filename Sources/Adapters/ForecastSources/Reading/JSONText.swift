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
        private(set) var end: UInt32
        private(set) var next: UInt32

        @inline(__always)
        init(_ kind: Kind, from start: Int, to end: Int, next: Int) {
            self.kind = kind
            self.start = UInt32(truncatingIfNeeded: start)
            self.end = UInt32(truncatingIfNeeded: end)
            self.next = UInt32(truncatingIfNeeded: next)
        }

        mutating func close(at end: Int, next: Int) {
            self.end = UInt32(truncatingIfNeeded: end)
            self.next = UInt32(truncatingIfNeeded: next)
        }
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
        var mistake: Mistake? = bytes.isEmpty ? Mistake(what: "the text ends in the middle", at: 0) : nil
        self.nodes = Array(unsafeUninitializedCapacity: JSONScanner.nodesMax(of: bytes.count)) {
            nodes, count in
            bytes.withUnsafeBytes { bytes in
                guard let start = bytes.baseAddress else { return }
                var scanner = JSONScanner(JSONBytes(start, count: bytes.count), nodes: nodes)
                do throws(Mistake) { try scanner.scan() } catch { mistake = error }
                count = scanner.count
            }
        }
        if let mistake { throw mistake }
        self.bytes = bytes
    }

    var root: JSONValue { JSONValue(text: self, index: 0) }
}
