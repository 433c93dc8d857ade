internal import Access
internal import Accounts
internal import FoundationEssentials
internal import MongoStore
internal import ServerKit

/// Accounts and rules as the databases hold them that a configuration names.
extension DockerAuthCollections {
    /// Reads what no export was given of.
    ///
    /// One that cannot be asked ends everything: half of the rules could grant what the other half refuses.
    mutating func read(
        _ file: DockerAuthFile, wantsUsers: Bool, wantsRules: Bool, now: @escaping @Sendable () -> Date
    ) async throws {
        var planner = DockerAuthPlanner(file: file, options: DockerAuthOptions(), now: now())
        var plan = planner.mongo()
        guard planner.problems.isEmpty else {
            throw ConfigurationError(file: file.path, problems: planner.problems)
        }
        if !wantsUsers { plan.users = nil }
        if !wantsRules { plan.rules = nil }
        let databases = try DockerAuthDatabases(plan, style: .dockerAuth, now: now)
        if let users = databases.users {
            let key = "mongo_auth.collection"
            take(try await asking("mongo_auth", file) { try await Self.all(users) }, key, file, now())
        }
        if let rules = databases.rules {
            take(try await asking("acl_mongo", file) { try await rules.rules() }, file)
        }
    }

    private func asking<Value: Sendable>(
        _ key: String, _ file: DockerAuthFile, _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch {
            throw CommandFailure.unreachable(
                "\(file.path):\(file.line(of: key)): \(key): the database cannot be asked: \(error); start it, or name "
                    + "what mongoexport writes with \(key == "mongo_auth" ? "--mongo-users" : "--mongo-acl")")
        }
    }

    private static func all(_ store: MongoStore) async throws -> [Account] {
        var accounts: [Account] = []
        while true {
            let page = try await store.accounts(after: accounts.last?.name, limit: 1000)
            accounts += page
            guard page.count == 1000 else { return accounts }
        }
    }

    private mutating func take(_ found: [Account], _ key: String, _ file: DockerAuthFile, _ now: Date) {
        let line = file.line(of: key)
        for var account in found {
            if let begin = account.notBefore, begin > now {
                leave(
                    file.path, line, key,
                    "`\(account.name)` may sign in later only, which an import cannot say; `not_before`")
                continue
            }
            if account.passwordHash == nil, !account.name.isAnonymous {
                differences.append(
                    .init(
                        file: file.path, key: key, line: line,
                        text:
                            "`\(account.name)` has no password, so everybody signed in as it, and nobody does now"
                    ))
            }
            account.labels = DockerAuthTranslation.labels(of: account.labels)
            accounts.append(account)
        }
    }

    private mutating func take(_ found: [Rule], _ file: DockerAuthFile) {
        let line = file.line(of: "acl_mongo.collection")
        for rule in found {
            let translated = DockerAuthTranslation(of: rule)
            rules.append((translated.rule, line))
            differences += translated.differences.map {
                .init(
                    file: file.path, key: "acl_mongo, seq \(rule.seq), \($0.field)", line: line, text: $0.text
                )
            }
        }
    }
}
