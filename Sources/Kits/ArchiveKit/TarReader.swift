/// Reads archives as `TarWriter` writes them. What else a `tar` can hold is refused, with what to do.
package struct TarReader {
    private let read: (UnsafeMutableRawBufferPointer) throws -> Int
    /// What is left of the entry's bytes, and what fills up its last block.
    private var rest: Int64 = 0
    private var padding = 0

    /// - Parameter read: fills the buffer with the bytes that come next, with fewer only at the end.
    package init(_ read: @escaping (UnsafeMutableRawBufferPointer) throws -> Int) { self.read = read }

    /// The next entry; what was not read of the one before is passed over. Nil at the archive's end.
    package mutating func next() throws -> TarEntry? {
        try passOver()
        let header = try block()
        if header.allSatisfy({ $0 == 0 }) { return nil }
        guard header[TarField.magic].prefix(5).elementsEqual(TarField.ustar.prefix(5)),
            Self.octal(header[TarField.sum]) == TarField.sum(of: header)
        else { throw TarError("is no archive that homeport has written, or is damaged") }
        guard let kind = TarEntry.Kind(rawValue: header[TarField.kind]), let size = Self.number(header),
            let mode = Self.octal(header[TarField.mode]), let owner = Self.octal(header[TarField.user])
        else {
            throw TarError("was written by another program: unpack it, and use the folder")
        }
        let entry = TarEntry(
            name: Self.name(header), kind: kind, size: kind == .file ? size : 0,
            mode: UInt32(truncatingIfNeeded: mode), owner: UInt32(truncatingIfNeeded: owner),
            target: Self.text(header[TarField.target]))
        rest = entry.size
        padding = TarField.padding(after: entry.size)
        return entry
    }

    /// Reads on in the entry's bytes; 0 at their end.
    package mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let wanted = Int(min(Int64(buffer.count), rest))
        guard wanted > 0 else { return 0 }
        let count = try read(UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
        guard count == wanted else { throw TarError("ends in the middle of a file") }
        rest -= Int64(count)
        return count
    }

    private mutating func passOver() throws {
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer { piece.deallocate() }
        while try read(into: piece) > 0 {}
        guard padding > 0 else { return }
        let count = try read(UnsafeMutableRawBufferPointer(rebasing: piece[..<padding]))
        guard count == padding else { throw TarError("ends in the middle of a file") }
        padding = 0
    }

    private func block() throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: TarField.blockSize)
        let count = try bytes.withUnsafeMutableBytes { try read($0) }
        guard count == bytes.count else { throw TarError("ends before its end") }
        return bytes
    }

    private static func name(_ header: [UInt8]) -> String {
        let (prefix, name) = (text(header[TarField.prefix]), text(header[TarField.name]))
        let whole = prefix.isEmpty ? name : "\(prefix)/\(name)"
        return whole.hasSuffix("/") ? String(whole.dropLast()) : whole
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String {
        String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
    }

    private static func octal(_ field: ArraySlice<UInt8>) -> Int64? {
        let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
        return Int64(String(decoding: digits, as: UTF8.self), radix: 8).flatMap { $0 >= 0 ? $0 : nil }
    }

    private static func number(_ header: [UInt8]) -> Int64? {
        let field = header[TarField.size]
        guard field.first == 0x80 else { return octal(field) }
        guard field.dropFirst().prefix(3).allSatisfy({ $0 == 0 }) else { return nil }
        let value = field.suffix(8).reduce(into: UInt64(0)) { $0 = $0 << 8 | UInt64($1) }
        return Int64(exactly: value)
    }
}
