package import ServerKit

/// How a directory is spoken to, and what is taken from it.
package struct LDAPSettings: Sendable {
    /// One who may look people up.
    package struct Reader: Sendable {
        package var name: String
        package var password: Secret

        package init(name: String, password: Secret) {
            self.name = name
            self.password = password
        }
    }

    /// A label whose values are those of an attribute.
    package struct Label: Sendable, Hashable {
        package var name: String
        package var attribute: String
        /// Whether the values are distinguished names, of which the first `cn` is taken.
        package var takesCommonName = false
        package var isLowercased = false

        package init(name: String, attribute: String) {
            self.name = name
            self.attribute = attribute
        }
    }

    /// How groups inside groups count.
    package enum Nesting: String, Sendable, CaseIterable {
        case none
        /// Each group is looked for in others, level by level.
        case walk
        /// Active Directory follows them itself, by its rule 1.2.840.113556.1.4.1941.
        case activeDirectory = "active_directory"
    }

    /// The groups that somebody is in, found by a search of their own.
    package struct Groups: Sendable {
        package var label: String
        package var base: String
        /// Holds `${dn}`, or `${account}`.
        package var filter = "(member=${dn})"
        /// What a group is called by.
        package var attribute = "cn"
        package var nesting = Nesting.none
        package var isLowercased = false

        package init(label: String, base: String) {
            self.label = label
            self.base = base
        }
    }

    /// `ldap://HOST:PORT` or `ldaps://HOST:PORT`, tried in turn.
    package var servers: [String]
    package var startsTLS = false
    /// Certificates of the authorities that are believed.
    package var authorityFile = Self.systemAuthorities
    /// Whether any certificate is believed: for what another program was told.
    package var trustsAnybody = false
    /// Nil to look people up as nobody.
    package var reader: Reader?
    /// The name to bind as with the user's own password, with `${account}`, instead of a reader.
    package var userName: String?
    package var base: String
    /// Finds somebody by `${account}`.
    package var filter: String
    package var labels: [Label] = []
    package var groups: Groups?
    /// Whether `*` and `?` in values of labels are just themselves.
    package var hasLiteralValues = true
    /// Whether a name has to be written as it stands in the entry, in the case it has there.
    package var isExact = true
    /// How long it may all take.
    package var time = Duration.seconds(10)
    /// How many connections there are at most.
    package var connections = 8
    /// How many questions may wait for one.
    package var waiting = 256

    /// How long one call may take, so that there is time for the next server.
    var attemptTime: Duration { time / (servers.count + 1) }

    package static let systemAuthorities = "/etc/ssl/certs/ca-certificates.crt"

    /// Whether a text can be a filter: parentheses around it, and each has its other half.
    package static func isFilter(_ text: String) -> Bool {
        var depth = 0
        for byte in text.utf8.dropLast() {
            if byte == UInt8(ascii: "(") { depth += 1 }
            if byte == UInt8(ascii: ")") { depth -= 1 }
            guard depth > 0 else { return false }
        }
        return depth == 1 && text.utf8.last == UInt8(ascii: ")")
    }

    package init(servers: [String], base: String, filter: String) {
        self.servers = servers
        self.base = base
        self.filter = filter
    }
}
