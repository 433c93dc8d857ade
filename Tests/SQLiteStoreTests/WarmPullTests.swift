import Access
import Accounts
import Contracts
import FileBlobs
import Foundation
import OCI
import Registry
import ServerKit
import Synchronization
import Testing

@testable import SQLiteStore

/// What was asked before is answered from memory: the database is for what changed.
@Suite(.timeLimit(.minutes(1))) struct WarmPullTests {
    @Test func aWarmPullWithATokenRunsNoStatement() async throws {
        let house = try await House()
        let token = try await house.token()
        try await house.pull(token)
        _ = house.statements()
        for _ in 0..<3 { try await house.pull(token) }
        #expect(house.statements() == [])

        let change = AccountChange(labelChanges: ["team": ["web"]])
        _ = try await house.accounts.accounts.change(AccountName("alice"), change)
        _ = house.statements()
        try await house.pull(token)
        let asked = house.statements()
        #expect((1..<12).contains(asked.count), "a change is noticed, and read once: \(asked)")
        #expect(!asked.contains { $0.contains("manifest") }, "manifests have not changed: \(asked)")
    }

    @Test func aTokenForSomebodyJustVerifiedRunsNoStatement() async throws {
        let house = try await House()
        _ = try await house.token()
        _ = house.statements()
        for _ in 0..<3 { _ = try await house.token() }
        #expect(house.statements() == [])
    }
}

/// A registry and its accounts on one database, with one image, and one account that may pull it.
private final class House: Sendable {
    let accounts: AccountServices
    private let database: Database
    private let registry: Registry
    private let app: RepositoryName
    private let image: Digest
    private let noted: StatementList

    private static let service = "registry.example"

    init() async throws {
        let noted = StatementList()
        let database = try Database(trace: { noted.add($0) })
        let store = database.store
        let threads = BlockingThreads(count: 2, queueMax: 64)
        var settings = AccountServices.Settings(
            issuer: .init(issuer: "homeport"), services: [Self.service])
        settings.hashCost = 8
        self.noted = noted
        self.database = database
        registry = Registry(
            blobs: try FileBlobs(root: database.folder.path, threads: threads), links: store,
            manifests: store, ledger: store, garbage: store, generation: { store.foreignRegistryGeneration },
            now: { Samples.date })
        accounts = AccountServices(
            AccountStores(store), settings: settings, threads: threads, now: { Samples.date })
        app = try Samples.repository("team/app")
        try await store.link(Samples.digest(1), size: 2, in: app) { true }
        let push = try Samples.push(Samples.image(config: Samples.digest(1)), tags: ["v1"])
        #expect(try await store.put(push, in: app) == [])
        image = push.digest
        try await accounts.keys.prepare()
        _ = try await accounts.accounts.add(AccountName("alice"), password: .plain(Secret("open sesame")))
        try await accounts.rules.add(
            Rule(seq: 1, match: .init(account: "alice", name: "team/*"), actions: ["pull"]))
    }

    /// The statements that have run since this was asked last.
    func statements() -> [String] { noted.take() }

    func token() async throws -> String {
        let service = accounts.tokenService
        let credentials = BasicCredentials(name: "alice", password: Secret("open sesame"))
        let answer = try await service.answer(
            .init(
                proof: .credentials(credentials),
                audience: try #require(service.audience(named: Self.service)),
                scopes: [try Scope("repository:team/app:pull")], address: "192.0.2.7"))
        return answer.token.text.revealed
    }

    /// Everything that pulling an image with a bearer token asks of services.
    func pull(_ token: String) async throws {
        let caller = try await accounts.authorizer.caller(
            authorization: "Bearer \(token)", from: "192.0.2.7")
        for tag in [TagContext.known(["v1"]), .unknown] {
            let granted = try await accounts.authorizer.granted(
                ["pull"], type: "repository", name: app.text, tag: tag, to: caller)
            #expect(granted == ["pull"])
        }
        #expect(try await registry.manifest(.tag(Samples.tag("v1")), in: app).digest == image)
        #expect(try await registry.manifest(.digest(image), in: app).digest == image)
        #expect(try await registry.tags(leadingTo: image, in: app) == ["v1"])
        #expect(try await registry.blobSize(Samples.digest(1), in: app) == 2)
    }
}

/// What a database has been told to do.
private final class StatementList: Sendable {
    private let statements = Mutex<[String]>([])

    func add(_ statement: String) { statements.withLock { $0.append(statement) } }

    func take() -> [String] {
        statements.withLock { statements in
            defer { statements = [] }
            return statements
        }
    }
}
