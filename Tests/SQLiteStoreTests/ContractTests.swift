import Contracts
import Foundation
import Testing

@testable import SQLiteStore

/// A database in a folder of its own.
struct Database {
    let folder: TemporaryFolder
    let store: SQLiteStore

    init(
        in folder: TemporaryFolder? = nil, now: @Sendable @escaping () -> Date = { Samples.date },
        trace: (@Sendable (String) -> Void)? = nil
    ) throws {
        self.folder = try folder ?? TemporaryFolder()
        self.store = try SQLiteStore(path: "\(self.folder.path)/homeport.db", now: now, trace: trace)
    }

    var path: String { "\(folder.path)/homeport.db" }

    /// The same file, as another process sees it.
    func opened() throws -> Database { try Database(in: folder) }
}

@Suite(.timeLimit(.minutes(5))) struct ContractTests {
    @Test func linksKeepTheContract() async throws {
        let database = try Database()
        try await checkBlobLinksContract(database.store)
    }

    @Test func peopleKeepTheContract() async throws {
        let database = try Database()
        try await checkPersonStoreContract(database.store)
    }

    @Test func manifestsKeepTheContract() async throws {
        let database = try Database()
        try await checkManifestStoreContract(database.store)
    }

    @Test func damageIsKeptByTheContract() async throws {
        let (first, second) = (try Database(), try Database())
        try await checkDamageLedgerContract(first.store)
        try await checkCheckLedgerContract(second.store)
    }

    @Test func adoptionsKeepTheContract() async throws {
        let database = try Database()
        try await checkAdoptionStoreContract(database.store)
    }

    @Test func conditionsKeepTheContract() async throws {
        let database = try Database()
        try await checkConditionsContract(database.store)
    }

    @Test func retentionKeepsTheContract() async throws {
        let database = try Database()
        try await checkRetentionStoreContract(database.store)
    }

    @Test func theTrailKeepsTheContract() async throws {
        let database = try Database()
        try await checkAuditTrailContract(database.store)
    }

    @Test func bansKeepTheContract() async throws {
        let database = try Database()
        try await checkBanStoreContract(database.store)
    }

    @Test func theCensusKeepsTheContract() async throws {
        let database = try Database()
        try await checkRegistryCensusContract(database.store)
    }

    @Test func uploadsKeepTheContract() async throws {
        let database = try Database()
        try await checkUploadLedgerContract(database.store)
    }

    @Test func garbageKeepsTheContract() async throws {
        let clock = ContractClock()
        let database = try Database(now: { clock.now })
        try await checkGarbageStoreContract(database.store, clock)
    }

    @Test func historyKeepsTheContract() async throws {
        let clock = ContractClock()
        let database = try Database(now: { clock.now })
        try await checkTagHistoryContract(database.store, clock)
    }

    @Test func accountsKeepTheContract() async throws {
        let database = try Database()
        try await checkAccountStoreContract(database.store, tokens: database.store)
    }

    @Test func rulesKeepTheContract() async throws {
        let database = try Database()
        try await checkRuleStoreContract(database.store)
    }

    @Test func tokensKeepTheContract() async throws {
        let database = try Database()
        try await checkTokenStoreContract(database.store)
    }

    @Test func keysKeepTheContract() async throws {
        let database = try Database()
        try await checkSigningKeyStoreContract(database.store)
    }

    @Test func changesAreSignalledByTheContract() async throws {
        let store = try Database()
        let it = store.store
        try await checkChangeSignalContract(it, accounts: it, rules: it, tokens: it, keys: it)
    }

    @Test func changesOfAnotherProcessAreSignalledByTheContract() async throws {
        let (here, there) = (try Database(), try Database())
        let other = try here.opened().store
        try await checkChangeSignalContract(
            here.store, accounts: other, rules: other, tokens: other, keys: other)
        #expect(there.store.generation == 0, "and by no other database")
    }
}
