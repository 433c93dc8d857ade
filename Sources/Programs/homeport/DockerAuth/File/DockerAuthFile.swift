internal import FoundationEssentials

/// A configuration of docker_auth as it is written, every key of it, and where each stands.
struct DockerAuthFile: Sendable {
    let path: String
    let values: DockerAuthValues
    private let origins: [String: Origin]

    /// Whether a key is there, even with nothing behind it.
    func names(_ key: String) -> Bool { origins[key] != nil }

    /// The line that a key stands in; of one that is not there, the line of what it is missing in.
    func line(of key: String) -> Int {
        var key = key[...]
        while !key.isEmpty {
            if case .file(let line)? = origins[String(key)] { return line }
            key = key.lastIndex { $0 == "." || $0 == "[" }.map { key[..<$0] } ?? ""
        }
        return 1
    }

    func problem(_ key: String, _ message: String) -> ConfigurationProblem {
        ConfigurationProblem(path: key, origin: .file(line: line(of: key)), message: message)
    }

    private static let sizeMax = 16 << 20

    /// Reads a file. What is wrong with it is thrown as one `ConfigurationError` that names every line.
    static func load(_ path: String) throws -> DockerAuthFile {
        guard let content = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError(
                file: path, problems: [Self.whole("there is no such file, or it cannot be read")])
        }
        guard content.count <= sizeMax, let text = String(data: content, encoding: .utf8) else {
            throw ConfigurationError(
                file: path, problems: [Self.whole("is larger than 16 MiB, or is not UTF-8 text")])
        }
        return try read(text, path: path)
    }

    /// - Parameter path: what the file is called in problems.
    static func read(_ yaml: String, path: String) throws(ConfigurationError) -> DockerAuthFile {
        var values = DockerAuthValues()
        // docker_auth takes relative names from where it was started, not from where the file lies.
        var reader = FileReader(
            place: Place(folder: ""), knownPaths: DockerAuthValues.leaves().map(\.path))
        reader.readsAsGo = true
        reader.read(yaml, into: &values)
        guard reader.problems.isEmpty else {
            throw ConfigurationError(file: path, problems: reader.problems)
        }
        return DockerAuthFile(path: path, values: values, origins: reader.origins)
    }

    private static func whole(_ message: String) -> ConfigurationProblem {
        ConfigurationProblem(path: "", origin: .builtIn, message: message)
    }
}

/// The root of the file.
struct DockerAuthValues: ConfigurationSection {
    var server = DockerAuthServer()
    var token = DockerAuthToken()
    var users: [String: DockerAuthUser] = [:]
    var acl: [DockerAuthEntry] = []
    var google = DockerAuthBrowser.Google()
    var github = DockerAuthBrowser.GitHub()
    var oidc = DockerAuthBrowser.OIDC()
    var gitlab = DockerAuthBrowser.GitLab()
    var ldap = DockerAuthLDAP()
    var mongo = DockerAuthMongo.Users()
    var mongoACL = DockerAuthMongo.Rules()
    var sql = DockerAuthSQL.Users()
    var sqlACL = DockerAuthSQL.Rules()
    var program = DockerAuthProgram()
    var programACL = DockerAuthProgram()
    var plugin = DockerAuthPlugin()
    var pluginACL = DockerAuthPlugin()
    var casbin = DockerAuthCasbin()

    static var keys: [Key<Self>] {
        [
            .section("server", \.server),
            .section("token", \.token),
            .named("users", \.users),
            .sections("acl", \.acl),
            .section("google_auth", \.google),
            .section("github_auth", \.github),
            .section("oidc_auth", \.oidc),
            .section("gitlab_auth", \.gitlab),
            .section("ldap_auth", \.ldap),
            .section("mongo_auth", \.mongo),
            .section("acl_mongo", \.mongoACL),
            .section("xorm_auth", \.sql),
            .section("acl_xorm", \.sqlACL),
            .section("ext_auth", \.program),
            .section("ext_authz", \.programACL),
            .section("plugin_authn", \.plugin),
            .section("plugin_authz", \.pluginACL),
            .section("casbin_authz", \.casbin),
        ]
    }
}

/// `server:`
struct DockerAuthServer: ConfigurationSection {
    enum Network: String, CaseIterable { case tcp, unix }

    var address = ""
    var network = Network.tcp
    var pathPrefix = ""
    var realIPHeader = ""
    var realIPPosition = 0
    var certificate = ""
    var key = ""
    var strictTransport = false
    var tlsMinimum = ""
    var tlsCurves: [String] = []
    var tlsCiphers: [String] = []
    var letsEncrypt = DockerAuthLetsEncrypt()

    static var keys: [Key<Self>] {
        [
            .value("addr", \.address, .text("an address such as `:5001`"), isRequired: true),
            .value("net", \.network, .choice),
            .value("path_prefix", \.pathPrefix, .anyText),
            .value("real_ip_header", \.realIPHeader, .anyText),
            .value("real_ip_pos", \.realIPPosition, .integer(-1000...1000)),
            .value("certificate", \.certificate, .anyText),
            .value("key", \.key, .anyText),
            .value("hsts", \.strictTransport, .yamlFlag),
            .value("tls_min_version", \.tlsMinimum, .anyText),
            .value("tls_curve_preferences", \.tlsCurves, .list(of: .anyText)),
            .value("tls_cipher_suites", \.tlsCiphers, .list(of: .anyText)),
            .section("letsencrypt", \.letsEncrypt),
        ]
    }

}

/// `server.letsencrypt:`
struct DockerAuthLetsEncrypt: ConfigurationSection {
    var email = ""
    var cacheFolder = ""
    var host = ""

    static var keys: [Key<Self>] {
        [
            .value("email", \.email, .anyText),
            .value("cache_dir", \.cacheFolder, .anyText),
            .value("host", \.host, .anyText),
        ]
    }
}

/// `token:`
struct DockerAuthToken: ConfigurationSection {
    var issuer = ""
    var expiration = 0
    var certificate = ""
    var key = ""
    var disablesLegacyKeyID = false

    static var keys: [Key<Self>] {
        [
            .value("issuer", \.issuer, .text("the name that the registry knows"), isRequired: true),
            .value("expiration", \.expiration, .integer(1...31_622_400), isRequired: true),
            .value("certificate", \.certificate, .anyText),
            .value("key", \.key, .anyText),
            .value("disable_legacy_key_id", \.disablesLegacyKeyID, .yamlFlag),
        ]
    }
}

/// One of `users:`.
struct DockerAuthUser: ConfigurationSection {
    /// Nil where no password is asked for.
    var password: String?
    var labels: [String: [String]] = [:]

    static var keys: [Key<Self>] {
        [
            .value("password", \.password, .optional(.anyText)),
            .named("labels", \.labels, .list(of: .anyText)),
        ]
    }
}

/// One of `acl:`.
struct DockerAuthEntry: ConfigurationSection {
    var match = DockerAuthMatch()
    var actions: [String] = []
    var comment: String?

    static var keys: [Key<Self>] {
        [
            .section("match", \.match),
            .value("actions", \.actions, .list(of: .anyText), isRequired: true),
            .value("comment", \.comment, .optional(.anyText)),
        ]
    }
}

/// The conditions of an entry.
struct DockerAuthMatch: ConfigurationSection {
    var account: String?
    var type: String?
    var name: String?
    var service: String?
    var address: String?
    var labels: [String: String] = [:]

    static var keys: [Key<Self>] {
        [
            .value("account", \.account, .optional(.anyText)),
            .value("type", \.type, .optional(.anyText)),
            .value("name", \.name, .optional(.anyText)),
            .value("service", \.service, .optional(.anyText)),
            .value("ip", \.address, .optional(.anyText)),
            .named("labels", \.labels, .anyText),
        ]
    }
}
