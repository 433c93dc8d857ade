package import Access
package import Accounts
import Audit
package import FoundationEssentials
package import ServerKit
import Synchronization

extension MongoStore: TokenStore {
    package func token(_ id: TokenID) async throws(StoreError) -> StoredToken? {
        let names = names
        let found = try await read("reading token \(id)") { client in
            try client.find(names.tokens, ["_id": .string(id.description)], limit: 1).first
                .map(TokenDocument.token)
        }
        return found.map(withPendingUse)
    }

    package func tokens(of account: AccountName?, after last: TokenID?, limit: Int) async throws(StoreError)
        -> [StoredToken]
    {
        let names = names
        let found = try await read("listing tokens") { client in
            var filter: BSONDocument = ["_id": ["$gt": .string(last?.description ?? "")]]
            filter.append("account", account.map { .string($0.text) })
            return try client.find(names.tokens, filter, sort: ["_id": 1], limit: limit)
                .map(TokenDocument.token)
        }
        return found.map(withPendingUse)
    }

    package func add(_ token: StoredToken) async throws(StoreError) {
        let names = names
        let made = trailEvent(.makeToken, of: "\(token.account)/\(token.name)")
            .saying(token.scopes.joined(separator: " "))
        // What clients get when they log in is a sign-in, and written as one.
        let event = token.kind == .refresh ? nil : made
        try await change(
            "adding token \(token.id) of \(token.account)", in: names.tokens, trail: { event }
        ) { client in
            try client.insert(names.tokens, [TokenDocument.document(token)])
        }
    }

    package func revoke(_ id: TokenID) async throws(StoreError) -> Bool {
        let names = names
        let origin = trailEvent(.revokeToken, of: "")
        let gone = try await change(
            "revoking token \(id)", in: names.tokens,
            trail: { (gone: (count: Int, name: String?)) in
                gone.count > 0 ? gone.name.map { origin.about($0) } : nil
            }
        ) { client in
            let filter: BSONDocument = ["_id": .string(id.description)]
            let token = try client.find(names.tokens, filter, limit: 1).first.map(TokenDocument.token)
            let name = token.flatMap { $0.kind == .refresh ? nil : "\($0.account)/\($0.name)" }
            return (count: try client.delete(names.tokens, filter), name: name)
        }
        return gone.count > 0
    }

    package func noteUse(_ id: TokenID, at date: Date) async throws(StoreError) {
        let isTime = state.withLock { state in
            state.tokenUses[id] = date
            let since = state.usesSince ?? date
            state.usesSince = since
            return state.tokenUses.count >= Self.pendingUsesMax
                || date.timeIntervalSince(since) >= Self.pendingUsesSeconds
        }
        if isTime { try await writeTokenUses() }
    }

    package func removeExpired(before moment: Date) async throws(StoreError) -> Int {
        let names = names
        return try await change("removing expired tokens", in: names.tokens) { client in
            try client.delete(names.tokens, ["expires": ["$lt": .date(moment)]])
        }
    }

    /// Writes down the uses that wait. Not announced: nobody is refused or granted anything by them.
    func writeTokenUses() async throws(StoreError) {
        let names = names
        let uses = state.withLock { state in
            defer { (state.tokenUses, state.usesSince) = ([:], nil) }
            return state.tokenUses
        }
        guard !uses.isEmpty else { return }
        try await read("noting the use of tokens") { client in
            for (id, date) in uses {
                _ = try client.update(
                    names.tokens, ["_id": .string(id.description)],
                    ["$set": ["last_used": .date(date)]])
            }
        }
    }

    private func withPendingUse(_ token: StoredToken) -> StoredToken {
        guard let date = state.withLock({ $0.tokenUses[token.id] }) else { return token }
        var token = token
        token.lastUsed = date
        return token
    }

    private static let pendingUsesMax = 200
    private static let pendingUsesSeconds = 60.0
}

/// A token as it is kept: by its identifier, with its secret hashed.
private enum TokenDocument {
    static func document(_ token: StoredToken) -> BSONDocument {
        var document: BSONDocument = [
            "_id": .string(token.id.description), "place": .string(place(of: token)),
            "kind": .string(token.kind.rawValue), "account": .string(token.account.text),
            "name": .string(token.name), "secret_hash": .binary(token.secretHash),
            "scopes": .strings(token.scopes), "created_at": .date(token.createdAt),
        ]
        document.append("service", token.service.map(BSON.string))
        document.append("expires", token.expires.map(BSON.date))
        document.append("last_used", token.lastUsed.map(BSON.date))
        return document
    }

    /// What only one token may have: its name among those of its account, which holds no colon. Refresh tokens
    /// are named after clients, and have a place each.
    private static func place(of token: StoredToken) -> String {
        token.kind == .refresh ? "refresh:\(token.id)" : "named:\(token.account.text):\(token.name)"
    }

    static func token(_ document: BSONDocument) throws -> StoredToken {
        do throws(DocumentProblem) {
            guard let id = TokenID(try document.neededText("_id")[...]),
                let kind = StoredToken.Kind(rawValue: try document.neededText("kind")),
                case .binary(let hash)? = document["secret_hash"]
            else { throw DocumentProblem("it is no token") }
            return StoredToken(
                id: id, kind: kind, account: try document.accountName("account"),
                name: try document.neededText("name"), secretHash: hash,
                scopes: try document.texts("scopes"), service: try document.text("service"),
                createdAt: try document.neededDate("created_at"), expires: try document.date("expires"),
                lastUsed: try document.date("last_used"))
        } catch {
            throw StoreError(document, error)
        }
    }
}
