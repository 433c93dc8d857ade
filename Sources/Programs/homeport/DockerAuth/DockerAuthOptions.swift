internal import ArgumentParser

/// What the command line says beside docker_auth's own configuration.
struct DockerAuthOptions: Sendable {
    /// A behaviour of docker_auth that can be dangerous, and is left away when it is named.
    enum Safety: String, CaseIterable, ExpressibleByArgument {
        /// Labels and captured groups are put into patterns as text.
        case values
        /// A regular expression has to match the whole value.
        case regexes
        /// `*` grants pull, push and delete, and nothing that does not exist.
        case actions
        /// Who has no password cannot sign in with any.
        case passwords
        /// Who is in a directory signs in under the name that stands there, and no other spelling.
        case names
        /// An address names an account only when an OpenID provider says that it is verified.
        case addresses
        case all
    }

    /// How tokens name their key.
    enum KeyName: String, CaseIterable, ExpressibleByArgument {
        /// By the certificate and by its identifier: every registry since 2.0 takes one or the other.
        case x5c
        /// By the identifier alone, as docker_auth does.
        case kid
    }

    var safety: Set<Safety> = []
    var keyName = KeyName.x5c
    /// Who may name the client in `server.real_ip_header`; nil for everybody.
    var trustedProxies: [TrustedRange]?
    /// The services that tokens are issued for; none for all.
    var services: [String] = []
    /// What one account may ask in a minute; nil for as much as it likes.
    var requestsPerAccount: Int?
    /// Where browsers come; nil where the file or each request says it.
    var publicURL: PublicURL?
    /// The folder for what is kept; nil for the one that the file has.
    var data: String?
    /// After how long Google and OpenID providers are asked again about somebody.
    var recheckTime = Duration.seconds(900)

    /// For how long a password that a source found right is believed; nil to ask each time, as docker_auth does.
    var passwordCacheTime: Duration?

    func isSafe(_ safety: Safety) -> Bool { self.safety.contains(safety) || self.safety.contains(.all) }
}
