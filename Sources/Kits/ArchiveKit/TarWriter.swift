/// Writes an archive as `tar` reads it: the same entries always make the same bytes, since nothing has a time.
package struct TarWriter {
    private let write: (UnsafeRawBufferPointer) throws -> Void

    /// - Parameter write: takes the archive's bytes, in order.
    package init(_ write: @escaping (UnsafeRawBufferPointer) throws -> Void) { self.write = write }

    /// Writes what stands in front of an entry's bytes. For a file, exactly `entry.size` bytes have to follow, and
    /// then `endFile`.
    package func begin(_ entry: TarEntry) throws {
        var header = [UInt8](repeating: 0, count: TarField.blockSize)
        func put(_ bytes: some Sequence<UInt8>, _ field: Range<Int>) {
            for (index, byte) in zip(field, bytes) { header[index] = byte }
        }
        let isFolder = entry.kind == .folder
        let (prefix, name) = try Self.split(isFolder ? entry.name + "/" : entry.name)
        put(name, TarField.name)
        put(prefix, TarField.prefix)
        put(Self.octal(Int64(entry.mode), 7), TarField.mode)
        put(Self.octal(Int64(entry.owner), 7), TarField.user)
        put(Self.octal(Int64(entry.owner), 7), TarField.group)
        put(Self.number(entry.size), TarField.size)
        put(Self.octal(0, 11), TarField.changed)
        header[TarField.kind] = entry.kind.rawValue
        guard entry.target.utf8.count <= TarField.target.count else {
            throw TarError("`\(entry.name)` leads to a name that is too long for an archive")
        }
        put(entry.target.utf8, TarField.target)
        put(TarField.ustar, TarField.magic)
        put(Self.octal(TarField.sum(of: header), 6) + [0, 0x20], TarField.sum)
        try header.withUnsafeBytes(write)
    }

    package func bytes(_ bytes: UnsafeRawBufferPointer) throws { try write(bytes) }

    /// Ends a file of this size.
    package func endFile(size: Int64) throws {
        let padding = [UInt8](repeating: 0, count: TarField.padding(after: size))
        try padding.withUnsafeBytes(write)
    }

    /// A whole small file.
    package func file(_ entry: TarEntry, _ content: [UInt8]) throws {
        precondition(entry.size == content.count)
        try begin(entry)
        try content.withUnsafeBytes(write)
        try endFile(size: entry.size)
    }

    /// Writes the archive's end.
    package func finish() throws {
        try [UInt8](repeating: 0, count: 2 * TarField.blockSize).withUnsafeBytes(write)
    }

    /// A long name is cut at a `/` into the two fields that there are.
    private static func split(_ name: String) throws -> (prefix: [UInt8], name: [UInt8]) {
        let bytes = Array(name.utf8)
        if bytes.count <= TarField.name.count { return ([], bytes) }
        let slash = bytes.indices.first { index in
            bytes[index] == UInt8(ascii: "/") && bytes.count - index - 1 <= TarField.name.count
        }
        guard let slash, slash <= TarField.prefix.count, slash > 0, slash < bytes.count - 1 else {
            throw TarError("the name `\(name)` is too long for an archive")
        }
        return (Array(bytes[..<slash]), Array(bytes[(slash + 1)...]))
    }

    private static func octal(_ value: Int64, _ digits: Int) -> [UInt8] {
        let text = String(value, radix: 8)
        return [UInt8](repeating: UInt8(ascii: "0"), count: max(0, digits - text.utf8.count))
            + Array(text.utf8)
    }

    /// Eleven octal digits hold 8 GiB; a larger size is written in base 256, which every `tar` of today reads.
    private static func number(_ value: Int64) -> [UInt8] {
        if value < 1 << 33 { return octal(value, 11) }
        return [0x80, 0, 0, 0] + (0..<8).map { UInt8(truncatingIfNeeded: value >> Int64(56 - 8 * $0)) }
    }
}
