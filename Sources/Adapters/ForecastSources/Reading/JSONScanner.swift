/// Finds the values of a JSON text, one after the other, and puts them into memory that was made for them.
struct JSONScanner {
    private let text: JSONBytes
    private let nodes: UnsafeMutableBufferPointer<JSONText.Node>
    private(set) var count = 0
    private var depth = 0
    /// The array or object that is open; as long as it is, its `next` is the one that it is in.
    private var container = 0
    /// Whether nothing of it has been read yet, although there is something.
    private var hasJustBegun = false

    /// No text of so many bytes has more values: between two of them is a byte.
    static func nodesMax(of bytes: Int) -> Int { bytes / 2 + JSONText.depthMax + 2 }

    /// - Parameter nodes: room for `nodesMax` of them.
    init(_ text: JSONBytes, nodes: UnsafeMutableBufferPointer<JSONText.Node>) {
        precondition(nodes.count >= Self.nodesMax(of: text.count))
        self.text = text
        self.nodes = nodes
    }

    mutating func scan() throws(JSONText.Mistake) {
        var position = try value(at: text.afterSpace(0))
        while depth > 0 {
            let isObject = nodes[container].kind == .object
            if hasJustBegun {
                hasJustBegun = false
            } else {
                position = text.afterSpace(position)
                let byte = text[position]
                if byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    position = close(at: position)
                    continue
                }
                guard byte == UInt8(ascii: ",") else {
                    throw text.mistake("a ',' was expected", at: position)
                }
                position = text.afterSpace(position + 1)
            }
            if isObject { position = try name(at: position) }
            position = try value(at: position)
        }
        position = text.afterSpace(position)
        guard position == text.count else {
            throw JSONText.Mistake(what: "something follows the end of the JSON value", at: position)
        }
    }

    /// Reads a value, of an array or object that is not empty only its beginning; says where to go on.
    @inline(__always)
    private mutating func value(at position: Int) throws(JSONText.Mistake) -> Int {
        switch text[position] {
        case UInt8(ascii: "\""): return try string(at: position)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return add(.number, from: position, to: try text.endOfNumber(position))
        case UInt8(ascii: "{"): return try begin(.object, at: position, end: UInt8(ascii: "}"))
        case UInt8(ascii: "["): return try begin(.array, at: position, end: UInt8(ascii: "]"))
        case UInt8(ascii: "t"): return add(.yes, from: position, to: try text.end(of: "true", at: position))
        case UInt8(ascii: "f"): return add(.no, from: position, to: try text.end(of: "false", at: position))
        case UInt8(ascii: "n"): return add(.null, from: position, to: try text.end(of: "null", at: position))
        default: throw text.mistake("a value was expected", at: position)
        }
    }

    /// Notes a value; says where it ends.
    @inline(__always)
    private mutating func add(_ kind: JSONText.Kind, from start: Int, to end: Int) -> Int {
        nodes.initializeElement(at: count, to: JSONText.Node(kind, from: start, to: end, next: count + 1))
        count += 1
        return end
    }

    /// The node covers what is between the quotes.
    @inline(__always)
    private mutating func string(at quote: Int) throws(JSONText.Mistake) -> Int {
        add(.string, from: quote + 1, to: try text.endOfString(quote + 1)) + 1
    }

    /// Reads the name of a member and what parts it from its value.
    @inline(__always)
    private mutating func name(at position: Int) throws(JSONText.Mistake) -> Int {
        guard text[position] == UInt8(ascii: "\"") else {
            throw text.mistake("a name was expected", at: position)
        }
        let colon = text.afterSpace(try string(at: position))
        guard text[colon] == UInt8(ascii: ":") else { throw text.mistake("a ':' was expected", at: colon) }
        return text.afterSpace(colon + 1)
    }

    private mutating func begin(
        _ kind: JSONText.Kind, at position: Int, end: UInt8
    ) throws(JSONText.Mistake) -> Int {
        guard depth < JSONText.depthMax else {
            throw JSONText.Mistake(what: "values are nested too deep", at: position)
        }
        nodes.initializeElement(
            at: count, to: JSONText.Node(kind, from: position, to: position, next: container))
        container = count
        count += 1
        depth += 1
        let first = text.afterSpace(position + 1)
        guard text[first] == end else {
            hasJustBegun = true
            return first
        }
        return close(at: first)
    }

    /// Ends what is open.
    private mutating func close(at position: Int) -> Int {
        let outer = Int(nodes[container].next)
        nodes[container].close(at: position + 1, next: count)
        container = outer
        depth -= 1
        return position + 1
    }
}
