internal import ArgumentParser

extension SetupPlan {
    /// Who signs in beside the accounts that are made here.
    enum SignIn: String, CaseIterable {
        case own, ldap, browser
    }

    /// Where accounts lie, and who else knows people.
    struct People: Sendable {
        /// Hosts of a MongoDB; none for the database in the data folder.
        var hosts: [String] = []
        /// Accounts alone, or all facts, which servers share.
        var keeps: MongoSection.Keeps?
        var database: String?
        var user: String?
        var passwordFile: String?
        var signIn = SignIn.own
        var directories: [String] = []
        var base: String?
        var provider: IdentityProviderSettings.Kind?
        var providerURL: String?
        var clientID: String?
        var clientSecretFile: String?
        /// The organization, the domain or the group whose people are let in.
        var members: String?

        /// What does not go together; nil when all is well.
        func contradiction(hasTLS: Bool) -> String? {
            let ofMongo: [Any?] = [keeps, database, user, passwordFile]
            guard !hosts.isEmpty || ofMongo.allSatisfy({ $0 == nil }) else {
                return "--mongodb-keeps, --mongodb-database, --mongodb-user and --mongodb-password-file "
                    + "belong to --mongodb"
            }
            guard (user == nil) == (passwordFile == nil) else {
                return "--mongodb-user and --mongodb-password-file belong together"
            }
            guard signIn == .ldap || (directories.isEmpty && base == nil) else {
                return "--ldap-server and --ldap-base belong to --sign-in ldap"
            }
            guard signIn != .ldap || (!directories.isEmpty && base != nil) else {
                return "--sign-in ldap needs --ldap-server and --ldap-base"
            }
            let ofProvider: [Any?] = [provider, providerURL, clientID, clientSecretFile, members]
            guard signIn == .browser || ofProvider.allSatisfy({ $0 == nil }) else {
                return "--provider and what belongs to it go with --sign-in browser"
            }
            guard signIn == .browser else { return nil }
            guard provider != nil, clientID != nil, clientSecretFile != nil else {
                return "--sign-in browser needs --provider, --client-id and --client-secret-file"
            }
            guard hasTLS else { return "--sign-in browser needs TLS: --host, and --tls acme, files or proxy" }
            return provider == .oidc && providerURL == nil ? "--provider oidc needs --provider-url" : nil
        }
    }
}

/// The options about people.
struct SetupPeopleOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A MongoDB for accounts, rules, tokens and keys; may be said several times.",
            valueName: "host:port"))
    var mongodb: [String] = []

    @Option(
        help: ArgumentHelp(
            "What lies there: accounts, or everything, which several servers share.", valueName: "what"))
    var mongodbKeeps: MongoSection.Keeps?

    @Option(help: ArgumentHelp("Its database.", valueName: "name"))
    var mongodbDatabase: String?

    @Option(help: ArgumentHelp("Its user.", valueName: "name"))
    var mongodbUser: String?

    @Option(
        help: ArgumentHelp("A file with that user's password.", valueName: "file"), completion: .file())
    var mongodbPasswordFile: String?

    @Option(
        help: ArgumentHelp(
            "Who signs in: own (accounts made here), ldap (people of a directory, too), or browser (at a provider).",
            valueName: "who"))
    var signIn: SetupPlan.SignIn?

    @Option(
        help: ArgumentHelp("With --sign-in ldap: a server, ldaps://HOST.", valueName: "url"))
    var ldapServer: [String] = []

    @Option(help: ArgumentHelp("The name below which people are.", valueName: "name"))
    var ldapBase: String?

    @Option(
        help: ArgumentHelp("With --sign-in browser: oidc, google, github or gitlab.", valueName: "kind"))
    var provider: IdentityProviderSettings.Kind?

    @Option(help: ArgumentHelp("Its issuer, or the address of one's own.", valueName: "url"))
    var providerURL: String?

    @Option(
        name: .customLong("client-id"),
        help: ArgumentHelp("How the provider calls this server.", valueName: "name"))
    var clientID: String?

    @Option(
        help: ArgumentHelp("A file with the secret that belongs to it.", valueName: "file"),
        completion: .file())
    var clientSecretFile: String?

    @Option(
        help: ArgumentHelp("Whose people are let in: a domain, organization or group.", valueName: "name"))
    var members: String?

    var people: SetupPlan.People {
        SetupPlan.People(
            hosts: mongodb, keeps: mongodbKeeps, database: mongodbDatabase, user: mongodbUser,
            passwordFile: mongodbPasswordFile.map { DataFolder($0).path }, signIn: signIn ?? .own,
            directories: ldapServer, base: ldapBase, provider: provider, providerURL: providerURL,
            clientID: clientID, clientSecretFile: clientSecretFile.map { DataFolder($0).path },
            members: members)
    }
}

extension MongoSection.Keeps: ExpressibleByArgument {}
extension SetupPlan.SignIn: ExpressibleByArgument {}
extension IdentityProviderSettings.Kind: ExpressibleByArgument {}
