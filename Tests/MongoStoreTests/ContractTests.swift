import Contracts
import Harness
import Testing

@testable import MongoStore

@Suite(.mongoServer, .timeLimit(.minutes(5))) struct ContractTests {
    @Test func accountsKeepTheContract() async throws {
        let store = try Database().store()
        try await checkAccountStoreContract(store, tokens: store)
    }

    @Test func rulesKeepTheContract() async throws {
        try await checkRuleStoreContract(Database().store())
    }

    @Test func tokensKeepTheContract() async throws {
        try await checkTokenStoreContract(Database().store())
    }

    @Test func keysKeepTheContract() async throws {
        try await checkSigningKeyStoreContract(Database().store())
    }

    @Test func theTrailKeepsTheContract() async throws {
        try await checkAuditTrailContract(Database().store())
    }

    @Test func changesAreSignalledByTheContract() async throws {
        let store = try Database().store()
        try await checkChangeSignalContract(store, accounts: store, rules: store, tokens: store, keys: store)
    }
}

@Suite(.mongoServer, .timeLimit(.minutes(5))) struct LogContractTests {
    @Test func theSharedLogKeepsTheContract() async throws {
        let database = try Database()
        try await checkSharedLogContract(database.log(), database.log())
    }

    @Test func theDoubleKeepsTheContract() async throws {
        let log = InMemoryLog()
        try await checkSharedLogContract(log, log)
    }
}
