import Contracts
import Testing

/// The doubles that services are tested with keep the promises that the real stores keep.
@Suite(.timeLimit(.minutes(1))) struct DoublesTests {
    @Test func blobsInMemoryKeepTheContract() async throws {
        try await checkBlobStoreContract(InMemoryBlobs())
    }

    @Test func linksInMemoryKeepTheContract() async throws {
        try await checkBlobLinksContract(InMemoryRegistry())
    }

    @Test func manifestsInMemoryKeepTheContract() async throws {
        try await checkManifestStoreContract(InMemoryRegistry())
    }

    @Test func adoptionsInMemoryKeepTheContract() async throws {
        try await checkAdoptionStoreContract(InMemoryRegistry())
    }

    @Test func conditionsInMemoryKeepTheContract() async throws {
        try await checkConditionsContract(InMemoryRegistry())
    }

    @Test func retentionInMemoryKeepsTheContract() async throws {
        try await checkRetentionStoreContract(InMemoryRegistry())
    }

    @Test func theTrailInMemoryKeepsTheContract() async throws {
        try await checkAuditTrailContract(InMemoryAuditTrail())
    }

    @Test func bansInMemoryKeepTheContract() async throws {
        try await checkBanStoreContract(InMemoryBans())
    }

    @Test func theCensusInMemoryKeepsTheContract() async throws {
        try await checkRegistryCensusContract(InMemoryRegistry())
    }

    @Test func uploadsInMemoryKeepTheContract() async throws {
        try await checkUploadLedgerContract(InMemoryRegistry())
    }

    @Test func garbageInMemoryKeepsTheContract() async throws {
        let clock = ContractClock()
        try await checkGarbageStoreContract(InMemoryRegistry(now: { clock.now }), clock)
    }

    @Test func historyInMemoryKeepsTheContract() async throws {
        let clock = ContractClock()
        try await checkTagHistoryContract(InMemoryRegistry(now: { clock.now }), clock)
    }

    @Test func damageInMemoryKeepsTheContract() async throws {
        try await checkDamageLedgerContract(InMemoryRegistry())
        try await checkCheckLedgerContract(InMemoryRegistry())
        try await checkBlobQuarantineContract(InMemoryBlobs())
    }

    @Test func accountsInMemoryKeepTheContract() async throws {
        let store = InMemoryAccounts()
        try await checkAccountStoreContract(store, tokens: store)
    }

    @Test func rulesInMemoryKeepTheContract() async throws {
        try await checkRuleStoreContract(InMemoryAccounts())
    }

    @Test func tokensInMemoryKeepTheContract() async throws {
        try await checkTokenStoreContract(InMemoryAccounts())
    }

    @Test func keysInMemoryKeepTheContract() async throws {
        try await checkSigningKeyStoreContract(InMemoryAccounts())
    }

    @Test func peopleInMemoryKeepTheContract() async throws {
        try await checkPersonStoreContract(InMemoryPeople())
    }

    @Test func changesInMemoryKeepTheContract() async throws {
        let store = InMemoryAccounts()
        try await checkChangeSignalContract(store, accounts: store, rules: store, tokens: store, keys: store)
    }
}
