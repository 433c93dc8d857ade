internal import Access
internal import Accounts
internal import Edge
internal import FoundationEssentials
internal import LDAPDirectory
internal import TLSKit

/// What a configuration of docker_auth comes to: everything that is served, looked through before anything
/// listens.
struct DockerAuthPlan: Sendable {
    /// How it is spoken.
    enum Security: Sendable {
        case plain
        case files(CertificateFiles)
        /// Certificates that the server gets itself, kept in a folder.
        case own(HostName, email: String?, folder: String)
    }

    let file: DockerAuthFile
    let options: DockerAuthOptions
    let place: ListenPlace
    /// Without a slash at its end; empty for none.
    let prefix: String
    let addressHeader: AddressHeader?
    let security: Security
    let profile: TLSProfile
    let choice: TLSChoice
    let lifetime: Int
    let keyForm: KeyForm
    let keyFiles: CertificateFiles
    let key: StoredKey
    /// When the key's certificate ends.
    let keyEnds: Date
    let accounts: [Account]
    let rules: [Rule]
    let mongo: DockerAuthMongoPlan
    /// The people of `ldap_auth`.
    let directory: WatchedSource?
    /// At whose pages people sign in.
    let browser: DockerAuthBrowserPlan
    /// What is not wrong, and dangerous or other than somebody may think.
    let notes: [DockerAuthNote]

    var issuer: String { file.values.token.issuer }

    var style: PolicyStyle {
        .dockerAuth(
            interpretsValues: !options.isSafe(.values), anchorsRegexes: options.isSafe(.regexes))
    }

    /// Reads what the file names, and looks at everything. What is wrong is thrown as one `ConfigurationError`.
    init(
        _ file: DockerAuthFile, options: DockerAuthOptions, now: Date
    ) throws(ConfigurationError) {
        var reader = DockerAuthPlanner(file: file, options: options, now: now)
        let place = reader.place()
        let prefix = reader.prefix()
        let addressHeader = reader.addressHeader()
        let (security, profile, choice) = (reader.security(), reader.profile(), reader.choice())
        let key = reader.key()
        let users = reader.users()
        let rules = reader.rules()
        let mongo = reader.mongo()
        let directory = reader.directory()
        let browser = reader.browser(prefix: prefix)
        reader.checkSources()
        guard reader.problems.isEmpty, let place, let security, let key else {
            throw ConfigurationError(file: file.path, problems: reader.problems)
        }
        self.file = file
        self.options = options
        self.place = place
        self.prefix = prefix
        self.addressHeader = addressHeader
        self.security = security
        self.profile = profile
        self.choice = choice
        self.lifetime = file.values.token.expiration
        self.keyForm = KeyForm(
            file.values.token.disablesLegacyKeyID ? .thumbprint : .libtrust,
            includesCertificate: options.keyName == .x5c)
        self.keyFiles = key.files
        self.key = key.stored
        self.keyEnds = key.ends
        self.accounts = users
        self.rules = rules
        self.mongo = mongo
        self.directory = directory.map { settings in
            var limits = WatchedSource.Limits()
            limits.time = settings.time
            limits.calls = settings.connections + settings.waiting
            return WatchedSource("ldap_auth", LDAPDirectory(settings), limits: limits)
        }
        self.browser = browser
        self.notes = DockerAuthNote.together(reader.notes)
    }
}

/// Where a server listens: an address and a port, or a socket in the file system.
enum ListenPlace: Hashable, Sendable {
    case network(ListenAddress)
    case socket(String)
}

extension ListenPlace: CustomStringConvertible {
    var description: String {
        switch self {
        case .network(let address): address.description
        case .socket(let path): path
        }
    }
}

/// Something to know about a line of the file: what it does, and how it is had safe.
struct DockerAuthNote: Hashable, Sendable {
    let key: String
    let line: Int
    let text: String
    /// The other lines of which the same is to be said.
    var otherLines: [Int] = []

    private static let otherLinesMax = 20

    /// One line, as compilers write warnings.
    func description(file: String) -> String {
        let others = otherLines.prefix(Self.otherLinesMax).map(String.init).joined(separator: ", ")
        let rest = otherLines.count - Self.otherLinesMax
        let more = rest > 0 ? " and \(rest) more" : ""
        return "\(file):\(line): warning: \(key): \(text)"
            + (others.isEmpty ? "" : " (also line \(others)\(more))")
    }

    /// In the order of their lines, the same said once.
    static func together(_ notes: [DockerAuthNote]) -> [DockerAuthNote] {
        var merged: [DockerAuthNote] = []
        var places: [String: Int] = [:]
        for note in notes.sorted(by: { $0.line < $1.line }) {
            if let place = places[note.text] {
                merged[place].otherLines.append(note.line)
            } else {
                places[note.text] = merged.count
                merged.append(note)
            }
        }
        return merged
    }
}
