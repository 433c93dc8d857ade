/// One thing in an archive, without its bytes.
package struct TarEntry: Hashable, Sendable {
    package enum Kind: UInt8, Sendable {
        case file = 0x30
        case symbolicLink = 0x32
        case folder = 0x35
    }

    /// Relative, with `/` between, and none at its end.
    package let name: String
    package let kind: Kind
    /// How many bytes follow; 0 for what is no file.
    package let size: Int64
    package let mode: UInt32
    /// The number of its user, and of its group.
    package let owner: UInt32
    /// Where a symbolic link leads.
    package let target: String

    package static func file(_ name: String, size: Int64, mode: UInt32 = 0o600, owner: UInt32 = 0) -> Self {
        TarEntry(name: name, kind: .file, size: size, mode: mode, owner: owner, target: "")
    }

    package static func folder(_ name: String, mode: UInt32 = 0o755, owner: UInt32 = 0) -> Self {
        TarEntry(name: name, kind: .folder, size: 0, mode: mode, owner: owner, target: "")
    }

    package static func link(_ name: String, to target: String) -> Self {
        TarEntry(name: name, kind: .symbolicLink, size: 0, mode: 0o777, owner: 0, target: target)
    }
}

/// What is wrong with an archive, in words that follow its name.
package struct TarError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// The fields of a header of 512 bytes (POSIX ustar), and how much each holds.
enum TarField {
    static let blockSize = 512
    static let name = 0..<100
    static let mode = 100..<108
    static let user = 108..<116
    static let group = 116..<124
    static let size = 124..<136
    static let changed = 136..<148
    static let sum = 148..<156
    static let kind = 156
    static let target = 157..<257
    static let magic = 257..<265
    static let prefix = 345..<500

    static let ustar = Array("ustar\u{0}00".utf8)

    /// The sum of all bytes, with blanks for the sum itself.
    static func sum(of header: [UInt8]) -> Int64 {
        header.enumerated().reduce(0) { total, byte in
            total + (sum.contains(byte.offset) ? 0x20 : Int64(byte.element))
        }
    }

    /// How many bytes fill up the last block of a file.
    static func padding(after size: Int64) -> Int {
        let rest = Int(size % Int64(blockSize))
        return rest == 0 ? 0 : blockSize - rest
    }
}
