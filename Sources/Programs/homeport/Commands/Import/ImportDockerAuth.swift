internal import Access
internal import Accounts
internal import ArgumentParser
internal import Audit
internal import FoundationEssentials
internal import ServerKit

struct ImportDockerAuth: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "docker-auth",
        abstract: "Take over the accounts and rules of docker_auth.",
        discussion: """
            Users become accounts with their hashes and labels, and the entries of `acl` become rules in their order, in \
            this program's notation: they grant what they granted. What means something else now, and what cannot be \
            taken over, is listed with its line. Beside that a configuration is printed that says what the rest of \
            the file said.

            Collections of MongoDB that the file names are read from there, or from what mongoexport has written of them.

            It can be run again: accounts that are here already stay as they are. Rules are added only where there are \
            none, unless --replace-rules removes those that are here.
            """)

    @Argument(
        help: ArgumentHelp("The configuration of docker_auth.", valueName: "auth_config.yml"),
        completion: .file())
    var file: String

    @Option(
        help: ArgumentHelp(
            "The collection of users, as mongoexport writes it: they come behind those of the file.",
            valueName: "users.json"), completion: .file())
    var mongoUsers: String?

    @Option(
        help: ArgumentHelp(
            "The collection of rules, likewise; they are asked in the order of seq.", valueName: "acl.json"),
        completion: .file())
    var mongoACL: String?

    @Flag(help: "Only say what would be done.")
    var dryRun = false

    @Flag(help: "Remove the rules that are here before.")
    var replaceRules = false

    @Flag(
        help: "Sign with the key of docker_auth from now on, so that registries that trust it go on doing so."
    )
    var key = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var settings: SettingsOptions

    func run() async throws {
        let surroundings = Surroundings.current
        let loaded = try settings.load()
        let source = try DockerAuthFile.load(file)
        var collections = DockerAuthCollections(
            users: try mongoUsers.map { try DockerAuthDocuments(path: $0) },
            rules: try mongoACL.map { try DockerAuthDocuments(path: $0) }, now: surroundings.now())
        try await collections.read(
            source, wantsUsers: mongoUsers == nil, wantsRules: mongoACL == nil, now: surroundings.now)
        let wares = try DockerAuthWares(
            source, collections: collections, wantsKey: key, now: surroundings.now())
        let folder = DataFolder(loaded.values.data)
        var report = DockerAuthReport(wares, of: file, isRehearsal: dryRun)
        if dryRun, !folder.hasStore {
            report.rehearse()
        } else {
            if !dryRun { try folder.create() }
            let stores = try Stores.open(loaded.values, now: surroundings.now)
            do {
                report = try await surroundings.asOperator { [report] in
                    try await store(wares, in: stores, report)
                }
            } catch {
                try? await stores.close()
                throw error
            }
            try await stores.close()
        }
        surroundings.terminal.print(json ? try JSON.text(report) : report.text)
    }

    private func store(
        _ wares: DockerAuthWares, in stores: Stores, _ report: DockerAuthReport
    ) async throws -> DockerAuthReport {
        var report = report
        let rules = stores.accounts.rules
        let before = try await rules.rules()
        guard before.isEmpty || replaceRules || wares.rules.isEmpty else {
            throw CommandFailure.refused(
                "there are \(before.count) rules already, and which is asked first decides: remove them with "
                    + "--replace-rules, or by hand (homeport acl remove)")
        }
        for account in wares.accounts { try await add(account, of: wares.file, in: stores, &report) }
        if dryRun {
            report.rules = wares.rules.count
            report.removedRules = replaceRules ? before.count : 0
            return report
        }
        for rule in before where replaceRules && !wares.rules.isEmpty {
            try await rules.remove(rule.seq)
            report.removedRules += 1
        }
        for rule in wares.rules {
            try await rules.add(rule)
            report.rules += 1
        }
        if let key = wares.key {
            report.hasKey = try await stores.accounts.keys.adopt(key)
        }
        try await stores.note(
            .adoption, by: "", of: file, "\(report.accounts) accounts, \(report.rules) rules new")
        return report
    }

    private func add(
        _ account: Account, of source: DockerAuthFile, in stores: Stores, _ report: inout DockerAuthReport
    ) async throws {
        let accounts = stores.accounts.accounts
        let name = account.name.isAnonymous ? "(anonymous)" : account.name.text
        if dryRun {
            if try await Self.isThere(account.name, accounts) {
                report.knownAccounts.append(name)
            } else {
                report.accounts += 1
            }
            return
        }
        let problem = await Self.add(account, accounts)
        switch problem {
        case nil: report.accounts += 1
        case .nameTaken?: report.knownAccounts.append(name)
        case .store(let error)?: throw error
        case let problem?:
            let key = "users.\(account.name)"
            report.leftOut.append(
                .init(file: source.path, key: key, line: source.line(of: key), text: problem.description))
        }
    }

    private static func isThere(_ name: AccountName, _ accounts: AccountManager) async throws -> Bool {
        do {
            _ = try await accounts.account(named: name)
            return true
        } catch {
            if case .unknownAccount = error { return false }
            throw error
        }
    }

    /// What kept the account from being added.
    private static func add(_ account: Account, _ accounts: AccountManager) async -> AccountError? {
        do {
            _ = try await accounts.add(
                account.name, password: account.passwordHash.map { .hashed($0) } ?? .none,
                labels: account.labels, expires: account.expires)
            if account.isDisabled { _ = try await accounts.change(account.name, .init(isDisabled: true)) }
            return nil
        } catch {
            return error
        }
    }
}
