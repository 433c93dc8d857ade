internal import Access
internal import Accounts
internal import Edge
internal import FoundationEssentials
internal import TLSKit

/// Looks through a file of docker_auth part by part, and gathers what is wrong and what should be known.
struct DockerAuthPlanner {
    let file: DockerAuthFile
    let options: DockerAuthOptions
    let now: Date
    private(set) var problems: [ConfigurationProblem] = []
    private(set) var notes: [DockerAuthNote] = []

    var values: DockerAuthValues { file.values }

    init(file: DockerAuthFile, options: DockerAuthOptions, now: Date) {
        self.file = file
        self.options = options
        self.now = now
    }

    mutating func refuse(_ key: String, _ message: String) { problems.append(file.problem(key, message)) }

    mutating func note(_ key: String, _ text: String) {
        notes.append(DockerAuthNote(key: key, line: file.line(of: key), text: text))
    }

    // MARK: The door

    mutating func place() -> ListenPlace? {
        let server = values.server
        guard file.names("server") else {
            refuse("server", "is missing; it says where to listen: `server: {addr: \":5001\"}`")
            return nil
        }
        if server.network == .unix { return .socket(server.address) }
        if let address = ListenAddress(server.address) { return .network(address) }
        refuse(
            "server.addr",
            "`\(server.address)` cannot be taken; expected an address and a port such as `:5001` or `127.0.0.1:5001`"
        )
        return nil
    }

    mutating func prefix() -> String {
        var prefix = values.server.pathPrefix
        guard prefix.isEmpty || prefix.hasPrefix("/") else {
            refuse("server.path_prefix", "`\(prefix)` does not begin with a slash")
            return ""
        }
        while prefix.hasSuffix("/") { prefix.removeLast() }
        return prefix
    }

    mutating func addressHeader() -> AddressHeader? {
        let text = values.server.realIPHeader
        guard !text.isEmpty else {
            if values.server.network == .unix {
                note(
                    "server.net",
                    "on a socket clients have no addresses: rules with `ip` match nobody, and guessing is slowed for "
                        + "all together; name the proxy's header in `server.real_ip_header`")
            }
            return nil
        }
        if options.trustedProxies == nil {
            note(
                "server.real_ip_header",
                "whoever reaches this server can put any address into \(text), and rules with `ip` believe it; "
                    + "`--trusted-proxy RANGE` believes it from your proxy alone")
        }
        let header = AddressHeader(
            text, position: values.server.realIPPosition, trusted: options.trustedProxies?.map(\.range))
        if header == nil { refuse("server.real_ip_header", "`\(text)` is no name of a header") }
        return header
    }

    mutating func security() -> DockerAuthPlan.Security? {
        let server = values.server
        if file.names("server.letsencrypt") {
            guard server.certificate.isEmpty, server.key.isEmpty else {
                refuse("server.letsencrypt", "stands beside `server.certificate`; leave one of them out")
                return nil
            }
            return ownCertificate()
        }
        guard server.certificate.isEmpty == server.key.isEmpty else {
            refuse(
                server.certificate.isEmpty ? "server.key" : "server.certificate",
                "`server.certificate` and `server.key` belong together")
            return nil
        }
        guard !server.certificate.isEmpty else { return .plain }
        let files = CertificateFiles(certificate: server.certificate, key: server.key)
        return read(files, "server.certificate", mayHaveExpired: false) == nil ? nil : .files(files)
    }

    private mutating func ownCertificate() -> DockerAuthPlan.Security? {
        let wanted = values.server.letsEncrypt
        guard let host = HostName(wanted.host) else {
            refuse(
                "server.letsencrypt.host",
                "names no host, and a certificate is got for one: `host: auth.example.com`")
            return nil
        }
        var isFolder = false
        guard FileManager.default.fileExists(atPath: wanted.cacheFolder, isDirectory: &isFolder), isFolder
        else {
            refuse("server.letsencrypt.cache_dir", "there is no folder `\(wanted.cacheFolder)`")
            return nil
        }
        note(
            "server.letsencrypt",
            "docker_auth speaks without TLS in spite of this; here it is spoken, with a certificate that is got for "
                + "\(host) and kept in \(wanted.cacheFolder)/certificates")
        return .own(host, email: wanted.email.isEmpty ? nil : wanted.email, folder: wanted.cacheFolder)
    }

    // MARK: The key

    /// The key that signs tokens, and the files it comes from.
    mutating func key() -> (files: CertificateFiles, stored: StoredKey, ends: Date)? {
        let (token, server) = (values.token, values.server)
        guard file.names("token") else {
            refuse("token", "is missing; it says who issues tokens, and for how long they are good")
            return nil
        }
        if token.expiration < TokenIssuer.Settings.lifetimeMin {
            note(
                "token.expiration",
                "clients take a token for good for \(TokenIssuer.Settings.lifetimeMin) seconds at least, so it is"
            )
        }
        guard token.certificate.isEmpty == token.key.isEmpty else {
            refuse(
                token.certificate.isEmpty ? "token.key" : "token.certificate",
                "`token.certificate` and `token.key` belong together")
            return nil
        }
        let isServers = token.certificate.isEmpty
        let files = CertificateFiles(
            certificate: isServers ? server.certificate : token.certificate,
            key: isServers ? server.key : token.key)
        guard !files.certificate.isEmpty else {
            refuse(
                "token",
                "there is no key to sign with: name one in `token.certificate` and `token.key`, or in `server`"
            )
            return nil
        }
        let name = isServers ? "server.certificate" : "token.certificate"
        guard let pair = read(files, name, mayHaveExpired: true) else { return nil }
        do {
            let pem = try pair.pem()
            return (
                files, try StoredKey(privateKey: pem.key, certificate: pem.chain, createdAt: pair.begins),
                pair.ends
            )
        } catch {
            refuse(
                name,
                "the key in \(files.key) cannot sign tokens: it takes RSA, P-256, P-384, P-521 or Ed25519")
            return nil
        }
    }

    /// Reads a certificate and its key, and says what is wrong with them.
    private mutating func read(
        _ files: CertificateFiles, _ key: String, mayHaveExpired: Bool
    ) -> CertifiedKey? {
        do throws(CertificateFileError) {
            let pair = try files.read(now: mayHaveExpired ? .distantPast : now)
            if files.keyIsOpenToAll {
                note(key, "everybody on this machine may read \(files.key); chmod it to 640 or 600")
            }
            if pair.ends <= now {
                note(
                    key,
                    "\(files.certificate) has expired on \(pair.ends.formatted(.iso8601)): tokens leave it out and name "
                        + "the key alone, which registries since 3.0 take only as a thumbprint; renew it")
            } else if pair.ends < now.addingTimeInterval(Self.warningTime) {
                note(
                    key,
                    "\(files.certificate) expires on \(pair.ends.formatted(.iso8601)); renew it before")
            }
            return pair
        } catch {
            refuse(key, error.description)
            return nil
        }
    }

    /// How long before its end a certificate is spoken of.
    static let warningTime: TimeInterval = 21 * 86_400
}
