import CCrypt
import Glibc

/// libcrypt's crypt(3), which knows bcrypt, yescrypt and the SHA families. Slow by design: never on a
/// concurrency thread.
enum Crypt {
    /// Hashes `password` as `setting` says: another hash, whose salt and cost are taken, or a setting of
    /// `gensalt`.
    ///
    /// - Parameter password: without a NUL byte, at most 511 bytes.
    /// - Returns: nil when libcrypt refuses the setting.
    static func hash(_ password: [UInt8], setting: String) -> String? {
        // crypt_ra allocates its 32 KiB work area itself: too large for the stack of a thread.
        var work: UnsafeMutableRawPointer?
        var size: CInt = 0
        defer {
            if let work {
                explicit_bzero(work, Int(size))
                free(work)
            }
        }
        var phrase = password.map { CChar(bitPattern: $0) }
        phrase.append(0)
        defer {
            phrase.withUnsafeMutableBytes { bytes in
                if let start = bytes.baseAddress { explicit_bzero(start, bytes.count) }
            }
        }
        guard let output = crypt_ra(phrase, setting, &work, &size) else { return nil }
        let text = String(cString: output)
        // A failure token ("*0") can look like an answer: it never is one.
        return text.hasPrefix("*") ? nil : text
    }

    /// A setting with a fresh random salt, `$2y$10$…`; nil when libcrypt does not know the prefix or the
    /// cost.
    static func setting(prefix: String, cost: Int) -> String? {
        guard let text = crypt_gensalt_ra(prefix, UInt(cost), nil, 0) else { return nil }
        defer { free(text) }
        return String(cString: text)
    }

    /// Whether libcrypt can compute with this setting at all.
    static func understands(_ setting: String) -> Bool {
        let answer = crypt_checksalt(setting)
        return answer == CRYPT_SALT_OK || answer == CRYPT_SALT_METHOD_LEGACY
    }
}
