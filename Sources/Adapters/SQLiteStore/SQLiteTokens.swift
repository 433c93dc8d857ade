package import Access
package import Accounts
import Audit
package import FoundationEssentials
import GRDB
package import ServerKit
import Synchronization

/// Uses of tokens that wait to be written down: they are many, and nobody needs the last second of them.
struct TokenUses: Sendable {
    var pending: [TokenID: Date] = [:]
    /// The first of the pending uses.
    var since: Date?
}

extension SQLiteStore: TokenStore {
    package func token(_ id: TokenID) async throws(StoreError) -> StoredToken? {
        let token = try await read("reading token \(id)") { database in
            try database.row("SELECT \(Self.tokenColumns) FROM token WHERE id = ?", [id.description])
                .map(Self.token)
        }
        return token.map(withPendingUse)
    }

    package func tokens(of account: AccountName?, after last: TokenID?, limit: Int) async throws(StoreError)
        -> [StoredToken]
    {
        let filter = account == nil ? "" : "AND account = ?3"
        var arguments: StatementArguments = [last?.description ?? "", limit]
        if let account { arguments += [account.text] }
        let tokens = try await read("listing tokens") { [arguments] database in
            try database.rows(
                "SELECT \(Self.tokenColumns) FROM token WHERE id > ?1 \(filter) ORDER BY id LIMIT ?2",
                arguments, Self.token)
        }
        return tokens.map(withPendingUse)
    }

    package func add(_ token: StoredToken) async throws(StoreError) {
        try await write("adding token \(token.id) of \(token.account)", announcing: .accounts) {
            [trail = trailNote] database in
            try database.run(
                "INSERT INTO token (\(Self.tokenColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    token.id.description, token.kind.rawValue, token.account.text, token.name,
                    Data(token.secretHash), try json(token.scopes), token.service,
                    token.createdAt.microseconds, token.expires?.microseconds, token.lastUsed?.microseconds,
                ])
            // What clients get when they log in is a sign-in, and written as one.
            guard token.kind != .refresh else { return }
            try trail.write(
                .makeToken, of: "\(token.account)/\(token.name)", token.scopes.joined(separator: " "),
                in: database)
        }
    }

    package func revoke(_ id: TokenID) async throws(StoreError) -> Bool {
        try await write("revoking token \(id)", announcing: .accounts) { [trail = trailNote] database in
            let row = try database.row(
                "SELECT account, name FROM token WHERE id = ? AND kind <> 'refresh'", [id.description])
            try database.run("DELETE FROM token WHERE id = ?", [id.description])
            guard database.changesCount > 0 else { return false }
            if let row {
                let (account, name): (String, String) = (
                    try row.value(0, "token.account"), try row.value(1, "token.name")
                )
                try trail.write(.revokeToken, of: "\(account)/\(name)", in: database)
            }
            return true
        }
    }

    package func noteUse(_ id: TokenID, at date: Date) async throws(StoreError) {
        let isTime = tokenUses.withLock { uses in
            uses.pending[id] = date
            let since = uses.since ?? date
            uses.since = since
            return uses.pending.count >= Self.pendingUsesMax
                || date.timeIntervalSince(since) >= Self.pendingUsesSeconds
        }
        if isTime { try await writeTokenUses() }
    }

    package func removeExpired(before moment: Date) async throws(StoreError) -> Int {
        try await write("removing expired tokens", announcing: .accounts) { database in
            try database.run("DELETE FROM token WHERE expires < ?", [moment.microseconds])
            return database.changesCount
        }
    }

    /// Writes down the uses that wait. Not announced: nobody is refused or granted anything by them.
    func writeTokenUses() async throws(StoreError) {
        let uses = tokenUses.withLock { uses in
            defer { uses = TokenUses() }
            return uses.pending
        }
        guard !uses.isEmpty else { return }
        try await write("noting the use of tokens") { database in
            for (id, date) in uses {
                try database.run(
                    "UPDATE token SET last_used = ? WHERE id = ?", [date.microseconds, id.description])
            }
        }
    }

    private func withPendingUse(_ token: StoredToken) -> StoredToken {
        guard let date = tokenUses.withLock({ $0.pending[token.id] }) else { return token }
        var token = token
        token.lastUsed = date
        return token
    }

    private static let pendingUsesMax = 1000
    private static let pendingUsesSeconds = 60.0

    private static let tokenColumns =
        "id, kind, account, name, secret_hash, scopes, service, created_at, expires, last_used"

    private static func token(_ row: Row) throws -> StoredToken {
        StoredToken(
            id: try row.parsed(0, "token.id") { (text: String) in TokenID(text[...]) },
            kind: try row.parsed(1, "token.kind") { StoredToken.Kind(rawValue: $0) },
            account: try row.parsed(2, "token.account") { (text: String) in
                text.isEmpty ? AccountName.anonymous : try AccountName(text)
            },
            name: try row.value(3, "token.name"),
            secretHash: try row.parsed(4, "token.secret_hash") { (data: Data) in Array(data) },
            scopes: try row.json(5, "token.scopes"), service: try row.optional(6, "token.service"),
            createdAt: try row.date(7, "token.created_at"),
            expires: try row.optionalDate(8, "token.expires"),
            lastUsed: try row.optionalDate(9, "token.last_used"))
    }
}
