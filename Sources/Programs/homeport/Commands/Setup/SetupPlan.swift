internal import FoundationEssentials
internal import ServerKit
internal import TLSKit

/// What a new installation is to be.
struct SetupPlan: Sendable {
    /// How clients come to a server by TLS.
    enum Certificates: String, CaseIterable {
        /// It gets certificates itself.
        case acme
        /// They lie in files, which somebody else keeps up to date.
        case files
        /// A proxy in front has them.
        case proxy
        /// Nobody has: for this machine alone.
        case none
    }

    /// Who may do what, to begin with.
    enum Access: String, CaseIterable {
        /// Everybody who signs in has the repositories below the own name.
        case own
        /// The same, and the whole world pulls.
        case open
        /// The administrator alone, until there are rules.
        case closed
    }

    /// Which keys sign tokens.
    enum Keys: String, CaseIterable {
        case p256, rsa4096
    }

    var hosts: [HostName] = []
    var email: String?
    var data = "./data"
    var certificates = Certificates.none
    var certificateFile: String?
    var keyFile: String?
    var directory: String?
    var authorityFile: String?
    var access = Access.own
    var keys = Keys.p256
    var admin = "admin"
    var people = People()
    var bucket = Bucket()
    var listen = ListenAddress.standard
    var securePort = 443
    var plainPort = 80
    var hasIPv6 = true

    /// What does not go together; nil when all is well.
    var contradiction: String? {
        switch certificates {
        case .acme, .files, .proxy:
            guard !hosts.isEmpty else {
                return "--tls \(certificates.rawValue) needs the name of a host: --host"
            }
        case .none:
            guard hosts.isEmpty else {
                return "--host needs to know who speaks TLS: --tls acme, files or proxy"
            }
        }
        let hasFiles = certificateFile != nil && keyFile != nil
        guard certificates != .files || hasFiles else {
            return "--tls files needs --certificate-file and --key-file"
        }
        guard certificates == .files || (certificateFile == nil && keyFile == nil) else {
            return "--certificate-file and --key-file belong to --tls files"
        }
        guard certificates == .acme || (directory == nil && authorityFile == nil) else {
            return "--acme-directory and --acme-authority-file belong to --tls acme"
        }
        if let problem = bucket.contradiction { return problem }
        return people.contradiction(hasTLS: certificates != .none)
    }

    /// Where clients find it.
    var publicURL: String? {
        guard let host = hosts.first else { return nil }
        let usual = certificates == .proxy || securePort == 443
        return "https://\(host)\(usual ? "" : ":\(securePort)")"
    }

    /// How image names begin.
    var authority: String { publicURL.map { String($0.dropFirst("https://".count)) } ?? listen.description }

    /// Where it will listen, with TLS and without.
    var addresses: [ListenAddress] {
        var addresses = [listen]
        if certificates == .acme || certificates == .files {
            addresses += [ListenAddress(host: "0.0.0.0", port: securePort)]
            addresses += [ListenAddress(host: "0.0.0.0", port: plainPort)]
        }
        return addresses
    }
}
