/// A tag: a name inside a repository that points to a manifest and can move (distribution-spec, "Pulling
/// manifests").
///
/// One to 128 characters: a letter, digit or `_`, then also `.` and `-`.
package struct Tag: Hashable, Sendable {
    package let text: String

    package init(_ text: String) throws(OCIError) { try self.init(text[...]) }

    package init(_ text: Substring) throws(OCIError) {
        let bytes = text.utf8
        guard
            (1...128).contains(bytes.count), let first = bytes.first, first.isWordCharacter,
            bytes.allSatisfy({ $0.isWordCharacter || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") })
        else {
            throw OCIError(
                .tagInvalid, "a tag is 1 to 128 of A-Z a-z 0-9 _ . and -, and does not begin with . or -")
        }
        self.text = String(text)
    }
}

extension Tag: CustomStringConvertible {
    package var description: String { text }
}

extension Tag: Comparable {
    /// Byte order, which is what the spec asks of tag lists.
    package static func < (left: Self, right: Self) -> Bool { left.text < right.text }
}

/// How a client names a manifest: by a tag that can move, or by a digest that cannot.
package enum Reference: Hashable, Sendable {
    case tag(Tag)
    case digest(Digest)

    package var isTag: Bool { if case .tag = self { true } else { false } }

    /// Reads either form; only a digest can hold a colon.
    package init(_ text: Substring) throws(OCIError) {
        if text.utf8.contains(UInt8(ascii: ":")) {
            self = .digest(try Digest(text))
        } else {
            self = .tag(try Tag(text))
        }
    }
}

extension Reference: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tag(let tag): tag.text
        case .digest(let digest): digest.description
        }
    }
}
