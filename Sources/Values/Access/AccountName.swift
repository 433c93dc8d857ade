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
}

extension AccountName: CustomStringConvertible {
    package var description: String { text }
}

extension AccountName: Comparable {
    package static func < (left: Self, right: Self) -> Bool { left.text < right.text }
}

/// What is wrong with a name, scope, pattern or rule, in words for the person who wrote it.
package struct AccessError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
