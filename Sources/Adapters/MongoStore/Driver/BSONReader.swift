extension BSONDocument {
    /// Reads a document's bytes, which have to be all of them.
    init(bytes: [UInt8]) throws(BSONProblem) {
        var reader = BSONReader(bytes: bytes[...])
        self = BSONDocument(try reader.fields(depth: 0))
        guard reader.bytes.isEmpty else { throw BSONProblem("bytes are left after the document") }
    }
}

/// Reads documents from bytes that may be anybody's.
struct BSONReader {
    /// As deep as MongoDB itself lets documents lie in each other.
    static let depthMax = 100

    var bytes: ArraySlice<UInt8>

    mutating func fields(depth: Int) throws(BSONProblem) -> [BSONDocument.Field] {
        guard depth < Self.depthMax else { throw BSONProblem("documents lie too deep in each other") }
        let length = Int(try number(Int32.self))
        guard length >= 5, length - 4 <= bytes.count else { throw BSONProblem("a length is wrong") }
        var inner = BSONReader(bytes: bytes.prefix(length - 4))
        bytes = bytes.dropFirst(length - 4)
        var fields: [BSONDocument.Field] = []
        while true {
            let type = try inner.byte()
            if type == 0 { break }
            let name = try inner.name()
            fields.append(BSONDocument.Field(name: name, value: try inner.value(type, depth: depth)))
        }
        guard inner.bytes.isEmpty else { throw BSONProblem("a document ends before its length") }
        return fields
    }

    private mutating func value(_ type: UInt8, depth: Int) throws(BSONProblem) -> BSON {
        switch type {
        case 0x01: return .double(Double(bitPattern: try number(UInt64.self)))
        case 0x02: return .string(try text())
        case 0x03: return .document(BSONDocument(try fields(depth: depth + 1)))
        case 0x04: return .array(try fields(depth: depth + 1).map(\.value))
        case 0x05:
            let length = try number(Int32.self)
            _ = try byte()
            return .binary(Array(try take(Int(length))))
        case 0x07: return .objectID(Array(try take(12)))
        case 0x08: return .bool(try byte() != 0)
        case 0x09: return .date(try number(Int64.self))
        case 0x0A: return .null
        case 0x10: return .int32(try number(Int32.self))
        case 0x12: return .int64(try number(Int64.self))
        default:
            try skip(type)
            return .other(type)
        }
    }

    /// Passes over the kinds that nothing is done with.
    private mutating func skip(_ type: UInt8) throws(BSONProblem) {
        switch type {
        case 0x06, 0x7F, 0xFF: break
        case 0x0B:
            _ = try name()
            _ = try name()
        case 0x0C:
            _ = try text()
            _ = try take(12)
        case 0x0D, 0x0E: _ = try text()
        case 0x0F:
            let length = Int(try number(Int32.self))
            _ = try take(length - 4)
        case 0x11: _ = try take(8)
        case 0x13: _ = try take(16)
        default: throw BSONProblem("a value is of an unknown kind")
        }
    }

    private mutating func byte() throws(BSONProblem) -> UInt8 {
        guard let byte = bytes.popFirst() else { throw BSONProblem("a document ends too early") }
        return byte
    }

    private mutating func take(_ count: Int) throws(BSONProblem) -> ArraySlice<UInt8> {
        guard count >= 0, count <= bytes.count else { throw BSONProblem("a length is wrong") }
        let taken = bytes.prefix(count)
        bytes = bytes.dropFirst(count)
        return taken
    }

    private mutating func number<Number: FixedWidthInteger>(_: Number.Type) throws(BSONProblem) -> Number {
        var value: Number = 0
        let taken = try take(Number.bitWidth / 8)
        for byte in taken.reversed() { value = value << 8 | Number(truncatingIfNeeded: byte) }
        return value
    }

    private mutating func name() throws(BSONProblem) -> String {
        guard let end = bytes.firstIndex(of: 0) else { throw BSONProblem("a name does not end") }
        let taken = bytes[..<end]
        bytes = bytes[(end + 1)...]
        return try Self.decoded(taken)
    }

    private mutating func text() throws(BSONProblem) -> String {
        let length = Int(try number(Int32.self))
        let taken = try take(length)
        guard taken.last == 0 else { throw BSONProblem("a text does not end") }
        return try Self.decoded(taken.dropLast())
    }

    private static func decoded(_ bytes: ArraySlice<UInt8>) throws(BSONProblem) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw BSONProblem("a text is not UTF-8")
        }
        return text
    }
}
