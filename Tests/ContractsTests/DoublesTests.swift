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

    @Test func uploadsInMemoryKeepTheContract() async throws {
        try await checkUploadLedgerContract(InMemoryRegistry())
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

    @Test func changesInMemoryKeepTheContract() async throws {
        let store = InMemoryAccounts()
        try await checkChangeSignalContract(store, accounts: store, rules: store, tokens: store, keys: store)
    }
}
