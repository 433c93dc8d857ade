/// A way of hashing passwords that libcrypt knows, told apart by the hash's first characters.
package enum PasswordScheme: Sendable, Hashable, CaseIterable {
    /// `$2a$`, `$2b$`, `$2y$`: what `htpasswd -B` writes.
    case bcrypt
    /// `$y$`
    case yescrypt
    /// `$gy$`
    case gostYescrypt
    /// `$6$`
    case sha512
    /// `$5$`
    case sha256
    /// `$1$`, broken; accepted only where an operator says so.
    case md5
    /// Thirteen characters without a prefix, of passwords cut to eight bytes; accepted only where an operator
    /// says so.
    case des

    /// The schemes a password may be kept in today.
    package static let current: Set<PasswordScheme> = [.bcrypt, .yescrypt, .gostYescrypt, .sha512, .sha256]

    /// The scheme of a hash; nil for one that libcrypt would not understand.
    package init?(of hash: PasswordHash) {
        let text = hash.storedText
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), Crypt.understands(text) else {
            return nil
        }
        // Each prefix, and how many digits its hash (bcrypt: salt and hash) has after the last dollar sign.
        let forms: [(prefix: String, scheme: PasswordScheme, digits: Int)] = [
            ("$2a$", .bcrypt, 53), ("$2b$", .bcrypt, 53), ("$2y$", .bcrypt, 53), ("$y$", .yescrypt, 43),
            ("$gy$", .gostYescrypt, 43), ("$6$", .sha512, 86), ("$5$", .sha256, 43), ("$1$", .md5, 22),
        ]
        if let form = forms.first(where: { text.hasPrefix($0.prefix) }) {
            guard text.split(separator: "$").last?.utf8.count == form.digits else { return nil }
            self = form.scheme
        } else if text.utf8.count == 13, !text.hasPrefix("$"), !text.hasPrefix("_") {
            self = .des
        } else {
            return nil
        }
    }
}
