extension BSONDocument {
    /// The document's bytes (bsonspec.org, version 1.1).
    func encoded() throws(BSONProblem) -> [UInt8] {
        var writer = BSONWriter()
        try writer.write(self, depth: 0)
        return writer.bytes
    }
}

/// Writes documents as bytes.
private struct BSONWriter {
    var bytes: [UInt8] = []

    mutating func write(_ document: BSONDocument, depth: Int) throws(BSONProblem) {
        let start = try begin(depth)
        for field in document.fields { try write(field.name, field.value, depth: depth) }
        end(start)
    }

    private mutating func write(_ list: [BSON], depth: Int) throws(BSONProblem) {
        let start = try begin(depth)
        for (index, value) in list.enumerated() { try write("\(index)", value, depth: depth) }
        end(start)
    }

    private mutating func begin(_ depth: Int) throws(BSONProblem) -> Int {
        guard depth < BSONReader.depthMax else { throw BSONProblem("documents lie too deep in each other") }
        add(Int32(0))
        return bytes.count - 4
    }

    private mutating func end(_ start: Int) {
        bytes.append(0)
        let length = UInt32(bytes.count - start)
        for place in 0..<4 { bytes[start + place] = UInt8(truncatingIfNeeded: length >> (8 * UInt32(place))) }
    }

    private mutating func write(_ name: String, _ value: BSON, depth: Int) throws(BSONProblem) {
        // Names end with a zero byte: one inside would let the rest pass for something else.
        guard !name.utf8.contains(0) else { throw BSONProblem("a name holds a zero byte") }
        bytes.append(try Self.type(of: value))
        bytes += name.utf8
        bytes.append(0)
        switch value {
        case .double(let number): add(number.bitPattern)
        case .string(let text):
            add(Int32(text.utf8.count + 1))
            bytes += text.utf8
            bytes.append(0)
        case .document(let document): try write(document, depth: depth + 1)
        case .array(let list): try write(list, depth: depth + 1)
        case .binary(let data):
            add(Int32(data.count))
            bytes.append(0)
            bytes += data
        case .objectID(let data): bytes += data
        case .bool(let flag): bytes.append(flag ? 1 : 0)
        case .date(let milliseconds): add(milliseconds)
        case .int32(let number): add(number)
        case .int64(let number): add(number)
        case .null, .other: break
        }
    }

    private static func type(of value: BSON) throws(BSONProblem) -> UInt8 {
        switch value {
        case .double: 0x01
        case .string: 0x02
        case .document: 0x03
        case .array: 0x04
        case .binary: 0x05
        case .objectID(let data):
            if data.count == 12 { 0x07 } else { throw BSONProblem("an identifier has twelve bytes") }
        case .bool: 0x08
        case .date: 0x09
        case .null: 0x0A
        case .int32: 0x10
        case .int64: 0x12
        case .other: throw BSONProblem("a value of this kind is not written")
        }
    }

    private mutating func add(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
    }
}
