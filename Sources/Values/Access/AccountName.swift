/// The name an account signs in with. The empty name stands for somebody who has not signed in.
///
/// At most 255 bytes of UTF-8, no control characters, no `:` (Basic authentication cannot carry one, RFC
/// 7617).
package struct AccountName: Hashable, Sendable {
    package let text: String

    package static let lengthMax = 255

    /// Nobody: a request without credentials.
    package static let anonymous = AccountName(unchecked: "")

    package init(_ text: String) throws(AccessError) {
        guard !text.isEmpty else { throw AccessError("an account name is not empty") }
        guard text.utf8.count <= Self.lengthMax else {
            throw AccessError("an account name has at most \(Self.lengthMax) bytes")
        }
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: ":") }) else {
            throw AccessError("an account name holds no colon and no control characters")
        }
        self.text = text
    }

    private init(unchecked text: String) { self.text = text }

    package var isAnonymous: Bool { text.isEmpty }

    /// Names are equal when their bytes are, as stores and patterns see them: two spellings of one letter in Unicode
    /// make two names.
    package static func == (left: Self, right: Self) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    package func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
        hasher.combine(UInt8(0xFF))
    }
}

extension AccountName: CustomStringConvertible {
    package var description: String { text }
}

extension AccountName: Comparable {
    package static func < (left: Self, right: Self) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}

/// What is wrong with a name, scope, pattern or rule, in words for the person who wrote it.
package struct AccessError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
