internal import ExternalServers
internal import FoundationEssentials
internal import IdentityProviders
internal import ServerKit
internal import TLSKit

/// A server that questions are put to over HTTP: `accounts.sources[].http` and `accounts.authorizers[].http`.
struct AskedServerSettings: ConfigurationSection {
    var url = ""
    var socket: String?
    var secret: Secret?
    var authorityFile: String?
    var certificate: String?
    var key: String?

    static var keys: [Key<Self>] {
        [
            .value("url", \.url, .text("an address such as `https://who.example.com/sign-in`")),
            .value("socket", \.socket, .optional(.path("the name of a unix socket"))),
            .value("secret_file", \.secret, .optional(.secretFile)),
            .value(
                "authority_file", \.authorityFile, .optional(.path("the name of a file with certificates"))),
            .value(
                "certificate_file", \.certificate, .optional(.path("the name of a file with a certificate"))),
            .value("key_file", \.key, .optional(.path("the name of a file with its key"))),
        ]
    }

    /// Whether it names anything.
    var isSaid: Bool { !url.isEmpty || socket != nil }

    /// What is wrong when this is a server that is asked.
    var problems: [(key: String, message: String)] {
        guard !url.isEmpty else {
            return [("url", "is missing; name an address such as `https://who.example.com/sign-in`")]
        }
        var problems: [(key: String, message: String)] = []
        if let problem = addressProblem { problems.append(("url", problem)) }
        if (certificate == nil) != (key == nil) {
            let lone = certificate == nil ? "key_file" : "certificate_file"
            problems.append((lone, "`certificate_file` and `key_file` belong together"))
        }
        let speaksTLS = url.hasPrefix("https://")
        if !speaksTLS {
            for (name, isSet) in [
                ("certificate_file", certificate != nil), ("authority_file", authorityFile != nil),
            ] where isSet {
                problems.append((name, "is for an address with `https://`"))
            }
        }
        if let secret, !secret.revealed.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) {
            problems.append(("secret_file", "the secret holds something else than visible ASCII characters"))
        }
        if socket == nil, secret == nil, certificate == nil {
            problems.append(
                (
                    "secret_file",
                    "is missing; name what tells the server that it is this one who asks, here or by "
                        + "`certificate_file` and `key_file`"
                ))
        }
        if problems.isEmpty, speaksTLS, let problem = fileProblem { problems.append(problem) }
        return problems
    }

    private var addressProblem: String? {
        let scheme = ["https://", "http://"].first { url.hasPrefix($0) }
        let rest = url.dropFirst(scheme?.count ?? 0)
        let isPlain = url.utf8.count <= 2048 && url.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard scheme != nil, isPlain, !authority.isEmpty, !authority.contains("@"), !url.contains("#") else {
            return "`\(url)` cannot be taken; expected an address such as `https://who.example.com/sign-in`"
        }
        if socket != nil {
            return scheme == "https://" ? "on a unix socket it is `http://`" : nil
        }
        guard !SafeAddress.isSafe(url) else { return nil }
        return "passwords would go to `\(url)` in clear; write `https://`, or name a `socket`"
    }

    /// What is wrong with the files of certificates. They are read again when they change.
    private var fileProblem: (key: String, message: String)? {
        do throws(CertificateFileError) {
            _ = try tls.configuration(now: Surroundings.current.now())
            return nil
        } catch {
            let name =
                error.file == authorityFile
                ? "authority_file" : error.file == key ? "key_file" : "certificate_file"
            return (name, error.description)
        }
    }

    private var tls: ClientTLS {
        var own: CertificateFiles?
        if let certificate, let key { own = CertificateFiles(certificate: certificate, key: key) }
        return ClientTLS(authorityFile: authorityFile, own: own)
    }

    /// - Parameter time: how long one answer may take.
    func server(time: Duration, concurrentMax: Int) -> AnsweringServer {
        var settings = AnsweringServer.Settings(url: url)
        settings.socket = socket
        settings.secret = secret
        settings.tls = tls
        settings.time = time
        settings.connections = min(settings.connections, concurrentMax)
        return AnsweringServer(settings, now: Surroundings.current.now)
    }
}
