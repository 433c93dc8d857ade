/// The name of a repository, `team/app` (distribution-spec, "Pulling manifests"): components of lowercase
/// letters and digits, joined inside by `.`, `_`, `__` or dashes, and separated by `/`. At most 255 bytes.
package struct RepositoryName: Hashable, Sendable {
    package let text: String

    /// The longest name, in bytes. Clients add their host's name and keep the whole under 255 themselves.
    package static let lengthMax = 255

    package init(_ text: String) throws(OCIError) { try self.init(text[...]) }

    package init(_ text: Substring) throws(OCIError) {
        guard Self.isWellFormed(text.utf8) else {
            throw OCIError(
                .nameInvalid,
                "a repository name is lowercase letters and digits, with . _ __ or - inside and / between its parts, "
                    + "at most \(Self.lengthMax) bytes")
        }
        self.text = String(text)
    }

    /// Scans `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*` in one pass: between
    /// two runs of letters and digits stands one separator, so its first byte and its length say whether it
    /// is one.
    private static func isWellFormed(_ bytes: Substring.UTF8View) -> Bool {
        guard bytes.count <= lengthMax else { return false }
        var separator = UInt8(ascii: "/")
        var separatorLength = 1
        for byte in bytes {
            if byte.isLowercaseAlphanumeric {
                separatorLength = 0
            } else if separatorLength == 0 {
                guard byte.isNameSeparator else { return false }
                separator = byte
                separatorLength = 1
            } else {
                guard byte == separator else { return false }
                separatorLength += 1
                let isLongAllowed =
                    byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") && separatorLength == 2
                guard isLongAllowed else { return false }
            }
        }
        return separatorLength == 0
    }
}

extension RepositoryName: CustomStringConvertible {
    package var description: String { text }
}

extension RepositoryName: Comparable {
    /// Byte order, which is what the spec asks of lists.
    package static func < (left: Self, right: Self) -> Bool { left.text < right.text }
}

extension UInt8 {
    var isLowercaseAlphanumeric: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self)
    }

    fileprivate var isNameSeparator: Bool {
        self == UInt8(ascii: "/") || self == UInt8(ascii: ".") || self == UInt8(ascii: "_")
            || self == UInt8(ascii: "-")
    }

    var isWordCharacter: Bool {
        isLowercaseAlphanumeric || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
            || self == UInt8(ascii: "_")
    }
}
