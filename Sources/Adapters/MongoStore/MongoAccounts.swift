package import Access
package import Accounts
import Audit
import CMongo
import FoundationEssentials
import Logging
package import ServerKit

extension MongoStore: AccountStore {
    package func account(named name: AccountName) async throws(StoreError) -> Account? {
        let names = names
        let found = try await read("reading account \(name)") { client in
            try client.find(names.users, ["username": .string(name.text)], limit: 1).first
        }
        return found.flatMap(readable)
    }

    package func accounts(after last: AccountName?, limit: Int) async throws(StoreError) -> [Account] {
        let names = names
        var accounts: [Account] = []
        var last = last?.text
        // A page of documents can hold some that are passed over, and then the page is not full yet.
        while accounts.count < limit {
            let (after, wanted) = (last, limit - accounts.count)
            let page = try await read("listing accounts") { client in
                let beginning: BSONDocument =
                    after.map { ["$gt": .string($0)] } ?? ["$gte": .string("")]
                return try client.find(
                    names.users, ["username": .document(beginning)], sort: ["username": 1], limit: wanted)
            }
            accounts += page.compactMap(readable)
            guard page.count == wanted, case .string(let name)? = page.last?["username"] else { break }
            last = name
        }
        return accounts
    }

    package func add(_ account: Account) async throws(StoreError) {
        let names = names
        let event = trailEvent(.addAccount, of: account.name.text)
        try await change("adding account \(account.name)", in: names.users, trail: { event }) { client in
            let identity = AccountDocument.newIdentity()
            var document: BSONDocument = ["_id": identity, "username": .string(account.name.text)]
            for field in AccountDocument.fields(account) where field.value != .null {
                document.append(field.name, field.value)
            }
            try client.insert(names.users, [document])
        }
    }

    package func update(_ account: Account) async throws(StoreError) {
        let names = names
        let event = trailEvent(.changeAccount, of: account.name.text)
        _ = try await change(
            "changing account \(account.name)", in: names.users,
            trail: { (words: String) in event.saying(words) }
        ) { client in
            let filter: BSONDocument = ["username": .string(account.name.text)]
            let before = try client.find(names.users, filter, limit: 1).first
            let known = before.flatMap { try? AccountDocument.account($0) }
            // Only what is to be another, field by field: what others keep in the document stays.
            var (set, unset): (BSONDocument, BSONDocument) = (["username": .string(account.name.text)], [:])
            let same = known.map { Set(AccountDocument.fields($0)) } ?? []
            for field in AccountDocument.fields(account) where !same.contains(field) {
                if field.value == .null {
                    unset.append(field.name, "")
                } else {
                    set.append(field.name, field.value)
                }
            }
            var change: BSONDocument = ["$set": .document(set)]
            if !unset.fields.isEmpty { change.append("$unset", .document(unset)) }
            guard try client.update(names.users, filter, change) else {
                throw StoreError(.missing, "there is none")
            }
            return known.map { account.changes(since: $0).joined(separator: ", ") } ?? ""
        }
    }

    package func remove(_ name: AccountName) async throws(StoreError) -> Bool {
        let names = names
        let event = trailEvent(.removeAccount, of: name.text)
        return try await change(
            "removing account \(name)", in: names.users, trail: { $0 ? event : nil }
        ) { client in
            // Before the account, so that one whose tokens are left is still there to be removed again; and
            // after it, for those that were made meanwhile.
            _ = try client.delete(names.tokens, ["account": .string(name.text)])
            let count = try client.delete(names.users, ["username": .string(name.text)], onlyOne: true)
            _ = try client.delete(names.tokens, ["account": .string(name.text)])
            return count > 0
        }
    }

    /// The account, unless its document cannot be read: then it is told, and nobody signs in with it.
    private func readable(_ document: BSONDocument) -> Account? {
        do throws(DocumentProblem) {
            return try AccountDocument.account(document)
        } catch {
            log.error(
                "a user's document is passed over",
                metadata: [
                    "collection": "\(names.users)", "document": "\(document.identity)", "problem": "\(error)",
                ])
            return nil
        }
    }
}

/// A user as docker_auth keeps one, `{username, password, labels}`, with `expires`, `not_before`, `disabled` and
/// `created_at`.
enum AccountDocument {
    /// An identifier that no other document has.
    static func newIdentity() -> BSON {
        var identity = bson_oid_t()
        bson_oid_init(&identity, nil)
        return .objectID(withUnsafeBytes(of: &identity) { Array($0) })
    }

    /// What is kept of an account but its name; null for what is not there.
    static func fields(_ account: Account) -> [BSONDocument.Field] {
        var labels: BSONDocument = [:]
        for (name, values) in account.labels.sorted(by: { $0.key < $1.key }) {
            let list = values.map { value in
                value.isLiteral
                    ? BSON.document(["text": .string(value.text), "literal": true]) : .string(value.text)
            }
            labels.append(name, .array(list))
        }
        return [
            .init(name: "password", value: account.passwordHash.map { .string($0.storedText) } ?? .null),
            .init(name: "labels", value: .document(labels)),
            .init(name: "not_before", value: account.notBefore.map(BSON.date) ?? .null),
            .init(name: "expires", value: account.expires.map(BSON.date) ?? .null),
            .init(name: "disabled", value: account.isDisabled ? true : .null),
            .init(name: "created_at", value: .date(account.createdAt)),
        ]
    }

    static func account(_ document: BSONDocument) throws(DocumentProblem) -> Account {
        let hash = try document.text("password")
        return Account(
            name: try document.accountName("username"),
            // An empty one is a password that nobody has, and not none.
            passwordHash: hash.map { PasswordHash(storedText: $0) },
            labels: try labels(document.inner("labels")),
            notBefore: try document.date("not_before"), expires: try document.date("expires"),
            isDisabled: try document.flag("disabled"),
            createdAt: try document.date("created_at") ?? birth(document))
    }

    private static func labels(_ document: BSONDocument) throws(DocumentProblem) -> Labels {
        var labels: Labels = [:]
        for field in document.fields {
            switch field.value {
            case .null: labels[field.name] = []
            case .string(let text): labels[field.name] = [LabelValue(text)]
            case .array(let list):
                var values: [LabelValue] = []
                for entry in list { values.append(try value(entry, of: field.name)) }
                labels[field.name] = values
            case let other:
                throw DocumentProblem("labels.\(field.name)", other, expected: "a list of texts")
            }
        }
        return labels
    }

    private static func value(_ entry: BSON, of name: String) throws(DocumentProblem) -> LabelValue {
        switch entry {
        case .string(let text): LabelValue(text)
        case .document(let document):
            LabelValue(try document.neededText("text"), isLiteral: try document.flag("literal"))
        default: throw DocumentProblem("labels.\(name)", entry, expected: "texts only")
        }
    }

    /// When the document came into being, as its identifier says it.
    private static func birth(_ document: BSONDocument) -> Date {
        guard case .objectID(let bytes)? = document["_id"] else { return Date(timeIntervalSince1970: 0) }
        return Date(timeIntervalSince1970: Double(bytes.prefix(4).reduce(0) { $0 << 8 | Int64($1) }))
    }
}
