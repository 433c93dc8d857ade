import Access
package import Accounts
import FoundationEssentials
import ServerKit
import Testing

/// What every `AccountStore` promises.
///
/// A backend's tests call this once, with an empty store; `tokens` are those of the same store.
package func checkAccountStoreContract(_ store: any AccountStore, tokens: any TokenStore) async throws {
    let alice = try AccountName("alice")
    #expect(try await store.account(named: alice) == nil, "an empty store knows nobody")
    #expect(try await store.accounts(after: nil, limit: 9) == [])
    var account = Account(
        name: alice, passwordHash: PasswordHash(storedText: "$2y$05$abc"),
        labels: ["group": ["core", LabelValue("a*", isLiteral: true)], "none": []],
        notBefore: Samples.date.addingTimeInterval(-9), expires: Samples.date.addingTimeInterval(0.5),
        createdAt: Samples.date)
    try await store.add(account)
    #expect(try await store.account(named: alice) == account, "what was added is read back")
    await expect(.conflict, "a name is taken once") { try await store.add(account) }

    account.passwordHash = nil
    account.labels = [:]
    account.notBefore = nil
    account.expires = nil
    account.isDisabled = true
    try await store.update(account)
    #expect(try await store.account(named: alice) == account, "an update replaces")
    let nobody = Account(name: try AccountName("nobody"), passwordHash: nil, createdAt: Samples.date)
    await expect(.missing, "what is not there is not updated") { try await store.update(nobody) }

    for name in ["zoë", "Bob", "carol", "élise"] {
        try await store.add(Account(name: AccountName(name), passwordHash: nil, createdAt: Samples.date))
    }
    try await store.add(Account(name: .anonymous, passwordHash: nil, createdAt: Samples.date))
    let names = try await store.accounts(after: nil, limit: 9).map(\.name.text)
    #expect(names == ["", "Bob", "alice", "carol", "zoë", "élise"], "names are listed in byte order")
    let page = try await store.accounts(after: alice, limit: 2).map(\.name.text)
    #expect(page == ["carol", "zoë"], "page by page")

    try await tokens.add(sampleToken("aaaaaaaaaaaaaaaa", of: "alice"))
    try await tokens.add(sampleToken("bbbbbbbbbbbbbbbb", of: "carol"))
    #expect(try await store.remove(alice), "an account is removed")
    #expect(try await !store.remove(alice), "but once")
    #expect(try await store.account(named: alice) == nil)
    #expect(
        try await tokens.tokens(of: nil, after: nil, limit: 9).map(\.account.text) == ["carol"],
        "with its tokens")
}

/// What every `RuleStore` promises.
///
/// A backend's tests call this once, with an empty store.
package func checkRuleStoreContract(_ store: any RuleStore) async throws {
    #expect(try await store.rules() == [], "an empty store has no rules")
    let full = Rule(
        seq: 20,
        match: Rule.Match(
            account: "a", type: "repository", name: "${labels:x}", service: "s", ip: "10.0.0.0/8",
            labels: ["x": "/y\"z"], tag: "v*"),
        actions: ["pull", "push"], comment: "why", notBefore: Samples.date,
        notAfter: Samples.date.addingTimeInterval(60))
    var plain = Rule(seq: 10, actions: [])
    try await store.add(full)
    try await store.add(plain)
    #expect(try await store.rules() == [plain, full], "rules are read back whole, in order")
    await expect(.conflict, "a place is taken once") { try await store.add(Rule(seq: 10, actions: ["*"])) }

    await expect(.missing, "what is not there is not moved") { try await store.move(5, to: 6) }
    await expect(.conflict, "nor to a place that is taken") { try await store.move(10, to: 20) }
    try await store.move(10, to: 10)
    try await store.move(10, to: 30)
    plain.seq = 30
    #expect(try await store.rules() == [full, plain], "a moved rule has its new place")

    #expect(try await store.remove(20), "a rule is removed")
    #expect(try await !store.remove(20), "but once")
    #expect(try await store.rules() == [plain])
}

private func sampleToken(
    _ id: String, of account: String, name: String? = nil, kind: StoredToken.Kind = .access,
    expires: Double? = nil
) throws -> StoredToken {
    StoredToken(
        id: try #require(TokenID(id[...])), kind: kind, account: try AccountName(account), name: name ?? id,
        secretHash: Samples.bytes(32), createdAt: Samples.date,
        expires: expires.map { Samples.date.addingTimeInterval($0) })
}

/// What every `TokenStore` promises.
///
/// A backend's tests call this once, with an empty store.
package func checkTokenStoreContract(_ store: any TokenStore) async throws {
    let first = try sampleToken("aaaaaaaaaaaaaaaa", of: "alice", name: "ci")
    #expect(try await store.token(first.id) == nil, "an empty store has no tokens")
    let full = StoredToken(
        id: try #require(TokenID("cccccccccccccccc")), kind: .refresh, account: try AccountName("alice"),
        name: "docker", secretHash: Samples.bytes(32, seed: 2),
        scopes: ["repository:a/*:pull", "registry:catalog:*"],
        service: "registry", createdAt: Samples.date, expires: Samples.date.addingTimeInterval(60))
    let bob = try sampleToken("bbbbbbbbbbbbbbbb", of: "bob", name: "ci", kind: .calendar, expires: 30)
    for token in [full, bob, first] { try await store.add(token) }
    for token in [full, bob, first] {
        #expect(try await store.token(token.id) == token, "what was added is read back")
    }
    try await checkTokenNames(store, first)
    try await checkTokenPages(store)

    let use = Samples.date.addingTimeInterval(7)
    try await store.noteUse(first.id, at: use)
    try await store.noteUse(#require(TokenID("zzzzzzzzzzzzzzzz")), at: use)
    #expect(try await store.token(first.id)?.lastUsed == use, "the last use is noted")
    #expect(try await store.tokens(of: first.account, after: nil, limit: 1).first?.lastUsed == use)

    #expect(try await store.removeExpired(before: Samples.date.addingTimeInterval(30)) == 0, "not yet")
    #expect(
        try await store.removeExpired(before: Samples.date.addingTimeInterval(31)) == 1, "what has ended goes"
    )
    #expect(try await store.token(bob.id) == nil)
    #expect(try await store.revoke(first.id), "a token is revoked")
    #expect(try await !store.revoke(first.id), "but once")
    #expect(try await store.token(first.id) == nil)
    _ = try await store.removeExpired(before: .distantFuture)
    #expect(try await store.tokens(of: nil, after: nil, limit: 9) == [])
}

private func checkTokenNames(_ store: any TokenStore, _ taken: StoredToken) async throws {
    await expect(.conflict, "an identifier is taken once") {
        try await store.add(sampleToken(taken.id.description, of: "carol"))
    }
    await expect(.conflict, "an account's token has a name of its own") {
        try await store.add(sampleToken("dddddddddddddddd", of: "alice", name: "ci", kind: .calendar))
    }
    let refresh = try sampleToken("eeeeeeeeeeeeeeee", of: "alice", name: "docker", kind: .refresh)
    try await store.add(refresh)
    #expect(try await store.revoke(refresh.id), "refresh tokens of one client share its name")
}

private func checkTokenPages(_ store: any TokenStore) async throws {
    func page(_ account: String?, _ last: String?, _ limit: Int) async throws -> [String] {
        try await store.tokens(
            of: account.map { try AccountName($0) }, after: last.flatMap { TokenID($0[...]) }, limit: limit
        ).map { String($0.id.description.prefix(1)) }
    }
    #expect(
        try await page(nil, nil, 9) == ["a", "b", "c"], "tokens are listed in order of their identifiers")
    #expect(try await page(nil, "aaaaaaaaaaaaaaaa", 1) == ["b"], "page by page")
    #expect(try await page("alice", nil, 9) == ["a", "c"], "or those of one account")
    #expect(try await page("alice", "aaaaaaaaaaaaaaaa", 9) == ["c"])
    #expect(try await page("carol", nil, 9) == [])
}

/// What every `SigningKeyStore` promises.
///
/// A backend's tests call this once, with an empty store.
package func checkSigningKeyStoreContract(_ store: any SigningKeyStore) async throws {
    func key(_ id: String, retired: Bool = false) -> StoredKey {
        StoredKey(
            id: id, privateKey: "PEM \(id)", certificate: "CERT \(id)", createdAt: Samples.date,
            retiredAt: retired ? Samples.date.addingTimeInterval(9) : nil)
    }
    #expect(try await store.keys() == [], "an empty store has no keys")
    try await store.add(key("b"), after: nil)
    await expect(.conflict, "two that start at once end with one key") {
        try await store.add(key("c"), after: nil)
    }
    try await store.add(key("a", retired: true), after: "b")
    await expect(.conflict, "two that rotate at once end with one new key") {
        try await store.add(key("d"), after: "b")
    }
    await expect(.conflict, "a key is added once") { try await store.add(key("b"), after: "a") }
    #expect(
        try await store.keys() == [key("a", retired: true), key("b")], "keys are read back, newest first")
    #expect(try await store.remove("a"), "a key is removed")
    #expect(try await !store.remove("a"), "but once")
    #expect(try await store.keys() == [key("b")])
    try await store.add(key("e"), after: "b")
    #expect(try await store.keys().map(\.id) == ["e", "b"])
}

/// What every `ChangeSignal` promises of the stores whose changes it tells.
///
/// A backend's tests call this once, with an empty store.
package func checkChangeSignalContract(
    _ signal: any ChangeSignal, accounts: any AccountStore, rules: any RuleStore, tokens: any TokenStore,
    keys: any SigningKeyStore
) async throws {
    var last = signal.generation
    func expectMoved(_ by: Comment, location: SourceLocation = #_sourceLocation) {
        #expect(signal.generation != last, by, sourceLocation: location)
        last = signal.generation
    }
    var account = Account(name: try AccountName("alice"), passwordHash: nil, createdAt: Samples.date)
    try await accounts.add(account)
    expectMoved("an account was added")
    account.isDisabled = true
    try await accounts.update(account)
    expectMoved("an account was changed")
    let token = try sampleToken("aaaaaaaaaaaaaaaa", of: "alice")
    try await tokens.add(token)
    expectMoved("a token was added")
    _ = try await tokens.revoke(token.id)
    expectMoved("a token was revoked")
    _ = try await accounts.remove(account.name)
    expectMoved("an account was removed")
    try await rules.add(Rule(seq: 1, actions: []))
    expectMoved("a rule was added")
    try await rules.move(1, to: 2)
    expectMoved("a rule was moved")
    _ = try await rules.remove(2)
    expectMoved("a rule was removed")
    let key = StoredKey(id: "k", privateKey: "", certificate: "", createdAt: Samples.date)
    try await keys.add(key, after: nil)
    expectMoved("a key was added")
    _ = try await keys.remove("k")
    expectMoved("a key was removed")

    _ = try await accounts.accounts(after: nil, limit: 9)
    _ = try await tokens.token(token.id)
    #expect(signal.generation == last, "reading moves nothing")
}
