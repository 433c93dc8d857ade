internal import TLSKit

/// Asks a person what the options have not said.
struct SetupQuestions {
    let terminal: Terminal

    /// How often a wrong answer is put up with.
    private static let attemptsMax = 5

    func complete(_ plan: inout SetupPlan, given: Set<SetupCommand.Option>) throws {
        terminal.note("Return takes what stands in brackets; nothing is changed until the end.\n")
        if !given.contains(.host) {
            plan.hosts = try ask(
                "Names of the host, such as registry.example.com; none for this machine alone", default: ""
            ) { text in
                let words = text.split { $0 == "," || $0 == " " }
                let hosts = words.compactMap { HostName(String($0)) }
                return hosts.count == words.count ? hosts : nil
            }
        }
        if !given.contains(.tls) {
            plan.certificates =
                plan.hosts.isEmpty
                ? .none
                : try ask(
                    "Who keeps the certificates: acme (Homeport gets them itself), files, or proxy",
                    default: "acme"
                ) { SetupPlan.Certificates(rawValue: $0).flatMap { $0 == .none ? nil : $0 } }
        }
        if plan.certificates == .files, plan.certificateFile == nil {
            plan.certificateFile = try ask("File with the certificate and its issuers", default: nil) { $0 }
            plan.keyFile = try ask("File with its key", default: nil) { $0 }
        }
        if plan.certificates == .acme, !given.contains(.email) {
            let email = try ask("Where may the authority write to", default: "") { $0 }
            plan.email = email.isEmpty ? nil : email
        }
        if !given.contains(.data) {
            plan.data = try ask("Where does the data lie", default: plan.data) { $0 }
        }
        if !given.contains(.access) {
            plan.access = try ask(
                "Who may do what: own (everybody who signs in, below the own name), open (the world pulls, too), "
                    + "or closed (the administrator alone)", default: plan.access.rawValue
            ) { SetupPlan.Access(rawValue: $0) }
        }
        if !given.contains(.keys) {
            plan.keys = try ask(
                "Keys that sign tokens: p256, or rsa4096 as of old", default: plan.keys.rawValue
            ) {
                SetupPlan.Keys(rawValue: $0)
            }
        }
        if !given.contains(.admin) {
            plan.admin = try ask("The administrator's account", default: plan.admin) { $0 }
        }
        if !given.contains(.bucket) { try askForBucket(&plan.bucket) }
        if !given.contains(.mongodb) { try askForStore(&plan.people) }
        if !given.contains(.signIn) {
            plan.people.signIn = try ask(
                "Who signs in: own (accounts that are made here), ldap (people of a directory, too), or browser "
                    + "(people of a provider, too)", default: plan.people.signIn.rawValue
            ) { SetupPlan.SignIn(rawValue: $0) }
            switch plan.people.signIn {
            case .own: break
            case .ldap: try askForDirectory(&plan.people)
            case .browser: try askForProvider(&plan.people)
            }
        }
    }

    private func askForStore(_ people: inout SetupPlan.People) throws {
        let embedded = "embedded"
        let hosts = try ask(
            "Where do accounts lie: embedded (beside the data), or the hosts of a MongoDB, such as mongo1:27017",
            default: embedded
        ) { $0 }
        guard hosts != embedded else { return }
        people.hosts = hosts.split { $0 == "," || $0 == " " }.map(String.init)
        people.keeps = try ask(
            "What lies there: accounts, or everything, which several servers share", default: "accounts"
        ) { MongoSection.Keeps(rawValue: $0) }
        let user = try ask("Its user; none where it asks for none", default: "") { $0 }
        guard !user.isEmpty else { return }
        people.user = user
        people.passwordFile = try ask("File with that user's password", default: nil) { DataFolder($0).path }
    }

    private func askForDirectory(_ people: inout SetupPlan.People) throws {
        people.directories = [
            try ask("The directory's server, such as ldaps://ldap.example.com", default: nil) { $0 }
        ]
        people.base = try ask(
            "The name below which people are, such as ou=people,dc=example,dc=com", default: nil
        ) { $0 }
    }

    private func askForProvider(_ people: inout SetupPlan.People) throws {
        let kind = try ask("The provider: oidc, google, github or gitlab", default: nil) {
            IdentityProviderSettings.Kind(rawValue: $0)
        }
        people.provider = kind
        if kind == .oidc {
            people.providerURL = try ask("Its issuer, such as https://login.example.com", default: nil) { $0 }
        }
        people.clientID = try ask("How it calls this server (client id)", default: nil) { $0 }
        people.clientSecretFile = try ask("File with the secret that belongs to it", default: nil) {
            DataFolder($0).path
        }
        let members = try ask(
            "Whose people are let in: a domain of Google, an organization of GitHub, a group of another",
            default: ""
        ) { $0 }
        people.members = members.isEmpty ? nil : members
    }

    /// Asks until the answer can be taken.
    func ask<Value>(
        _ question: String, default standard: String?, _ read: (String) -> Value?
    ) throws -> Value {
        for _ in 0..<Self.attemptsMax {
            Terminal.write("\(question)\(standard.map { " [\($0)]" } ?? ""): ", to: terminal.errors)
            guard let line = terminal.readLine() else { break }
            let words = line.split(separator: " ").joined(separator: " ")
            let answer = words.isEmpty ? standard : words
            if let answer, let value = read(answer) { return value }
            terminal.note("That cannot be taken.")
        }
        throw CommandFailure.usage("no answer was given; nothing was changed")
    }
}
