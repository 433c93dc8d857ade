package import ServerKit

/// Where a MongoDB is and how it is spoken to.
package struct MongoSettings: Sendable, Equatable {
    /// All servers of a replica set, or of a sharded cluster, that are known: `mongo1.example:27017`.
    package var hosts: [String]
    package var database: String
    package var replicaSet: String?
    package var login: Login?
    package var tls: TLS?
    /// How long a server may take to be reached.
    package var connectTimeout = Duration.seconds(1)
    /// How long a call may take in all. Whoever waits for longer is told that the store cannot be asked.
    package var timeout = Duration.milliseconds(1500)
    /// How old what is remembered of documents may become that some other program changes.
    package var cacheTime = Duration.seconds(10)
    /// How many connections, and so how many calls at once.
    package var connections = 8
    package var collections = Collections()
    /// Whether there are rules to be kept ready.
    package var readsRules = true

    /// Who signs in to the server.
    package struct Login: Sendable, Equatable {
        /// How; the first that a server offers is taken where this is nil.
        package enum Mechanism: String, Sendable, CaseIterable {
            case scramSHA256 = "SCRAM-SHA-256"
            case scramSHA1 = "SCRAM-SHA-1"
            case plain = "PLAIN"
            /// By the certificate that is shown to the server.
            case x509 = "MONGODB-X509"
        }

        package var user: String
        package var password: Secret?
        /// The database that knows the user; MongoDB's own default where this is nil.
        package var source: String?
        package var mechanism: Mechanism?

        package init(
            user: String, password: Secret? = nil, source: String? = nil, mechanism: Mechanism? = nil
        ) {
            self.user = user
            self.password = password
            self.source = source
            self.mechanism = mechanism
        }

        package static func == (one: Self, other: Self) -> Bool {
            one.user == other.user && one.password?.revealed == other.password?.revealed
                && one.source == other.source && one.mechanism == other.mechanism
        }
    }

    package struct TLS: Sendable, Equatable {
        /// The file of the authorities that are trusted; those of the system where this is nil.
        package var authorities: String?
        /// The file of our own certificate and its key.
        package var certificate: String?

        package init(authorities: String? = nil, certificate: String? = nil) {
            self.authorities = authorities
            self.certificate = certificate
        }
    }

    /// What the collections are called.
    package struct Collections: Sendable, Equatable {
        /// `{username, password, labels}`, as docker_auth has them.
        package var users = "users"
        /// `{seq, match, actions, comment}`, as docker_auth has them.
        package var rules = "acl"
        package var tokens = "homeport_tokens"
        package var keys = "homeport_keys"
        package var audit = "homeport_audit"
        package var counters = "homeport_counters"
        /// The changes of all other facts, where servers share them; and with `_parts` and `_snapshots` behind it.
        package var facts = "homeport_facts"

        package init() {}
    }

    package init(hosts: [String], database: String) {
        self.hosts = hosts
        self.database = database
    }

    /// Whether a server is written as it may be: `name`, `name:27017`, `[::1]:27017`.
    package static func isHost(_ text: String) -> Bool {
        guard MongoAddress.isHost(text) else { return false }
        var rest = text[...]
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]") else { return false }
            rest = rest[rest.index(after: end)...]
            return rest.isEmpty || (rest.first == ":" && isPort(rest.dropFirst()))
        }
        guard !rest.contains(where: { $0 == "[" || $0 == "]" }) else { return false }
        let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count <= 2 && parts.first?.isEmpty == false && (parts.count == 1 || isPort(parts[1]))
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { (48...57).contains($0) } && (1...65_535).contains(Int(text) ?? 0)
    }
}
