internal import Access
internal import Accounts
internal import FoundationEssentials
internal import ServerKit

/// Makes what a server needs and does not have yet: a signing key, and somebody who may do everything.
struct FirstStart {
    let stores: Stores
    let terminal: Terminal
    /// `HOMEPORT_ADMIN_PASSWORD`, when it is set.
    let givenPassword: Secret?

    /// The rule by which everybody has the repositories below the own name.
    static let ownNamesRule = 1000

    /// What was made, for the person who started the server.
    struct Made {
        let admin: AccountName
        /// Nil when it was given and need not be shown.
        let password: Secret?
    }

    /// Nil when there were accounts already.
    func run() async throws -> Made? {
        let algorithm = stores.values.token.algorithm
        let isNew = try await stores.accounts.keys.list().isEmpty
        try await Progress(terminal: terminal).during("Making a signing key (\(algorithm.rawValue))") {
            try await stores.accounts.keys.prepare(algorithm)
        }
        // A server of the weather may have had accounts before it became a registry.
        let hasAccounts = try await !stores.accounts.accounts.list(limit: 1).isEmpty
        // The people of a MongoDB may be older than this server, and have somebody who may do everything already.
        guard (isNew && stores.directory.mongo == nil) || !hasAccounts else { return nil }
        try await addRules()
        let settings = stores.values.accounts
        let admin = try AccountName(settings.adminName)
        let given = givenPassword ?? settings.adminPassword
        let password = given ?? GeneratedPassword.make()
        do throws(AccountError) {
            _ = try await stores.accounts.accounts.add(admin, password: .plain(password))
        } catch .nameTaken {
            return nil
        } catch {
            throw CommandFailure.usage("the administrator's account cannot be made: \(error)")
        }
        return Made(admin: admin, password: given == nil ? password : nil)
    }

    /// The rules to begin with, unless there are some.
    private func addRules() async throws {
        guard try await stores.accounts.rules.rules().isEmpty else { return }
        let admin = stores.values.accounts.adminName
        let rules = [
            Rule(
                seq: 1, match: Rule.Match(account: Self.literally(admin)), actions: ["*"],
                comment: "the administrator may do everything"),
            Rule(
                seq: Self.ownNamesRule,
                match: Rule.Match(account: "?*", type: "repository", name: "${account}/**"),
                actions: ["*"], comment: "everybody has the repositories below their own name"),
        ]
        for rule in rules {
            do throws(AccountError) {
                try await stores.accounts.rules.add(rule)
            } catch .ruleTaken {
                // Another server that starts at the same time has made it.
            }
        }
    }

    /// A glob that matches just this name.
    private static func literally(_ name: String) -> String {
        name.map { "*?[]{}\\/$".contains($0) ? "\\\($0)" : String($0) }.joined()
    }
}
