package import Access
package import Accounts
import Audit
import Foundation
import GRDB
package import ServerKit

extension SQLiteStore: ChangeSignal {
    package var generation: UInt64 { counters.accountsGeneration }

    /// Has every process with the file open forget what it remembers of accounts, rules, tokens and keys: for those
    /// that are kept elsewhere.
    package func announceAccountChange() { counters.announce(.accounts) }

    /// Moves when another process has changed repositories, manifests, tags or links; the changes of this
    /// process are its own to know. Read like `generation`.
    package var foreignRegistryGeneration: UInt64 { counters.foreignRegistryGeneration }
}

extension SQLiteStore: AccountStore {
    package func account(named name: AccountName) async throws(StoreError) -> Account? {
        try await read("reading account \(name)") { database in
            try database.row("SELECT \(Self.accountColumns) FROM account WHERE name = ?", [name.text])
                .map(Self.account)
        }
    }

    package func accounts(after last: AccountName?, limit: Int) async throws(StoreError) -> [Account] {
        // The anonymous account has the empty name, so a first page begins with it.
        let condition = last == nil ? "name >= ?" : "name > ?"
        return try await read("listing accounts") { database in
            try database.rows(
                "SELECT \(Self.accountColumns) FROM account WHERE \(condition) ORDER BY name LIMIT ?",
                [last?.text ?? "", limit], Self.account)
        }
    }

    package func add(_ account: Account) async throws(StoreError) {
        let arguments = try Self.arguments(account)
        try await write("adding account \(account.name)", announcing: .accounts) {
            [trail = trailNote] database in
            try database.run(
                """
                INSERT INTO account (password_hash, labels, not_before, expires, is_disabled, created_at, name)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """, arguments)
            try trail.write(.addAccount, of: account.name.text, in: database)
        }
    }

    package func update(_ account: Account) async throws(StoreError) {
        let arguments = try Self.arguments(account)
        try await write("changing account \(account.name)", announcing: .accounts) {
            [trail = trailNote] database in
            let before = try database.row(
                "SELECT \(Self.accountColumns) FROM account WHERE name = ?", [account.name.text])
            let changes = try before.map { account.changes(since: try Self.account($0)) } ?? []
            try database.run(
                """
                UPDATE account SET password_hash = ?, labels = ?, not_before = ?, expires = ?, is_disabled = ?,
                    created_at = ?
                WHERE name = ?
                """, arguments)
            guard database.changesCount > 0 else { throw StoreError(.missing, "there is none") }
            try trail.write(
                .changeAccount, of: account.name.text, changes.joined(separator: ", "), in: database)
        }
    }

    package func remove(_ name: AccountName) async throws(StoreError) -> Bool {
        try await write("removing account \(name)", announcing: .accounts) {
            [trail = trailNote] database in
            try database.run("DELETE FROM token WHERE account = ?", [name.text])
            try database.run("DELETE FROM account WHERE name = ?", [name.text])
            guard database.changesCount > 0 else { return false }
            try trail.write(.removeAccount, of: name.text, in: database)
            return true
        }
    }

    private static let accountColumns =
        "name, password_hash, labels, expires, is_disabled, created_at, not_before"

    private static func account(_ row: Row) throws -> Account {
        let labels: [String: [StoredLabel]] = try row.json(2, "account.labels")
        return Account(
            name: try row.parsed(0, "account.name") { (text: String) in
                text.isEmpty ? AccountName.anonymous : try AccountName(text)
            },
            passwordHash: (try row.optional(1, "account.password_hash") as String?).map {
                PasswordHash(storedText: $0)
            },
            labels: labels.mapValues { $0.map { LabelValue($0.text, isLiteral: $0.isLiteral ?? false) } },
            notBefore: try row.optionalDate(6, "account.not_before"),
            expires: try row.optionalDate(3, "account.expires"),
            isDisabled: try row.value(4, "account.is_disabled"),
            createdAt: try row.date(5, "account.created_at"))
    }

    private static func arguments(_ account: Account) throws(StoreError) -> StatementArguments {
        let labels = account.labels.mapValues { values in
            values.map { StoredLabel(text: $0.text, isLiteral: $0.isLiteral ? true : nil) }
        }
        do {
            return [
                account.passwordHash?.storedText, try json(labels), account.notBefore?.microseconds,
                account.expires?.microseconds, account.isDisabled, account.createdAt.microseconds,
                account.name.text,
            ]
        } catch {
            throw StoreError(.failed, "writing down account \(account.name)", cause: error)
        }
    }
}

/// A label's value as JSON: `{"text":"socke*"}`, with `"isLiteral":true` where that is meant.
private struct StoredLabel: Codable {
    var text: String
    var isLiteral: Bool?
}
