extension ZoneData {
    /// Reads a TZif file of version 2 or later; the 32-bit block that comes first in it is skipped.
    ///
    /// - Parameter bytes: the whole file, at most 256 KiB.
    package init(name: String, bytes: [UInt8]) throws(ZoneDataError) {
        guard bytes.count <= 256 * 1024 else { throw ZoneDataError("the zone data of \(name) is too long") }
        var reader = TZifReader(name: name, bytes: bytes)
        let skipped = try reader.header()
        guard skipped.version >= UInt8(ascii: "2") else {
            throw ZoneDataError("the zone data of \(name) is of version 1, which ends in 2037")
        }
        try reader.skip(skipped.bodyLength(timeSize: 4))
        let header = try reader.header()
        let block = try reader.block(header)
        let footer = try reader.footer()

        self.name = name
        self.first = block.first
        self.listed = block.transitions
        self.rule = footer.isEmpty ? nil : try ZoneRule(footer, zone: name)
    }
}

/// The six counts at the head of a block (RFC 9636, 3.1).
private struct TZifHeader {
    let version: UInt8
    let universalCount, standardCount, leapCount, transitionCount, typeCount, letterCount: Int

    func bodyLength(timeSize: Int) -> Int {
        transitionCount * (timeSize + 1) + typeCount * 6 + letterCount + leapCount * (timeSize + 4)
            + standardCount + universalCount
    }
}

private struct TZifReader {
    let name: String
    let bytes: [UInt8]
    var position = 0

    init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    private var damaged: ZoneDataError { ZoneDataError("the zone data of \(name) is damaged") }

    mutating func skip(_ count: Int) throws(ZoneDataError) {
        guard count >= 0, count <= bytes.count - position else { throw damaged }
        position += count
    }

    private mutating func integer(_ size: Int) throws(ZoneDataError) -> Int {
        let start = position
        try skip(size)
        var value: UInt64 = 0
        for byte in bytes[start..<position] { value = value << 8 | UInt64(byte) }
        return size == 4 ? Int(Int32(truncatingIfNeeded: value)) : Int(Int64(bitPattern: value))
    }

    mutating func header() throws(ZoneDataError) -> TZifHeader {
        let start = position
        try skip(20)
        guard bytes[start..<(start + 4)].elementsEqual("TZif".utf8) else {
            throw ZoneDataError("the zone data of \(name) is not a TZif file")
        }
        var counts: [Int] = []
        for _ in 0..<6 {
            let count = try integer(4)
            guard (0...20_000).contains(count) else { throw damaged }
            counts.append(count)
        }
        return TZifHeader(
            version: bytes[start + 4], universalCount: counts[0], standardCount: counts[1],
            leapCount: counts[2], transitionCount: counts[3], typeCount: counts[4], letterCount: counts[5])
    }

    mutating func block(_ header: TZifHeader) throws(ZoneDataError) -> (
        first: ZoneData.LocalType, transitions: [ZoneData.Transition]
    ) {
        var times: [Int] = []
        for _ in 0..<header.transitionCount { times.append(try integer(8)) }
        let typesStart = position
        try skip(header.transitionCount)
        let typeOf = bytes[typesStart..<position].map { Int($0) }
        let types = try localTypes(header)
        try skip(header.leapCount * 12 + header.standardCount + header.universalCount)

        guard let first = types.first, typeOf.allSatisfy({ $0 < types.count }) else { throw damaged }
        var transitions: [ZoneData.Transition] = []
        var before = first
        for (time, type) in zip(times, typeOf) {
            guard transitions.last.map({ $0.at < time }) ?? true else { throw damaged }
            transitions.append(ZoneData.Transition(at: time, before: before, after: types[type]))
            before = types[type]
        }
        return (first, transitions)
    }

    private mutating func localTypes(_ header: TZifHeader) throws(ZoneDataError) -> [ZoneData.LocalType] {
        var raw: [(offset: Int, isDaylight: Bool, letters: Int)] = []
        for _ in 0..<header.typeCount {
            let offset = try integer(4)
            let start = position
            try skip(2)
            raw.append((offset, bytes[start] != 0, Int(bytes[start + 1])))
        }
        let lettersStart = position
        try skip(header.letterCount)
        let letters = bytes[lettersStart..<position]
        return raw.map { type in
            let text = letters.dropFirst(type.letters).prefix { $0 != 0 }
            return ZoneData.LocalType(
                offset: type.offset, isDaylight: type.isDaylight,
                abbreviation: String(decoding: text, as: UTF8.self))
        }
    }

    /// The line at the end of the file: the rule for what comes after the listed transitions.
    mutating func footer() throws(ZoneDataError) -> String {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\n") else { throw damaged }
        let rest = bytes[(position + 1)...]
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { throw damaged }
        return String(decoding: rest[..<end], as: UTF8.self)
    }
}
