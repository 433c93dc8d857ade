import Contracts
import Testing

@testable import SQLiteStore

/// A database that is a copy of a shared log keeps every promise, while another server changes something all the
/// time; and in the end all copies hold the same.
@Suite(.timeLimit(.minutes(5))) struct SharedContractTests {
    struct Contract: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var noise: SharedDatabase.Noise = SharedDatabase.bans
        let check: @Sendable (SQLiteStore, ContractClock) async throws -> Void
    }

    static let contracts = [
        Contract(testDescription: "links") { store, _ in try await checkBlobLinksContract(store) },
        Contract(testDescription: "people") { store, _ in try await checkPersonStoreContract(store) },
        Contract(testDescription: "manifests") { store, _ in try await checkManifestStoreContract(store) },
        Contract(testDescription: "damage") { store, _ in try await checkDamageLedgerContract(store) },
        Contract(testDescription: "checks") { store, _ in try await checkCheckLedgerContract(store) },
        Contract(testDescription: "adoptions") { store, _ in try await checkAdoptionStoreContract(store) },
        Contract(testDescription: "conditions") { store, _ in try await checkConditionsContract(store) },
        Contract(testDescription: "retention") { store, _ in try await checkRetentionStoreContract(store) },
        Contract(testDescription: "trail", noise: SharedDatabase.people) { store, _ in
            try await checkAuditTrailContract(store)
        },
        Contract(testDescription: "bans", noise: SharedDatabase.people) { store, _ in
            try await checkBanStoreContract(store)
        },
        Contract(testDescription: "census") { store, _ in try await checkRegistryCensusContract(store) },
        Contract(testDescription: "uploads") { store, _ in try await checkUploadLedgerContract(store) },
        Contract(testDescription: "garbage") { store, clock in
            try await checkGarbageStoreContract(store, clock)
        },
        Contract(testDescription: "history") { store, clock in
            try await checkTagHistoryContract(store, clock)
        },
        Contract(testDescription: "accounts") { store, _ in
            try await checkAccountStoreContract(store, tokens: store)
        },
        Contract(testDescription: "rules") { store, _ in try await checkRuleStoreContract(store) },
        Contract(testDescription: "tokens") { store, _ in try await checkTokenStoreContract(store) },
        Contract(testDescription: "keys") { store, _ in try await checkSigningKeyStoreContract(store) },
    ]

    @Test(arguments: contracts) func areKept(_ contract: Contract) async throws {
        let clock = ContractClock()
        let shared = try SharedDatabase(now: { clock.now })
        try await shared.besideARival(contract.noise) { try await contract.check($0, clock) }
    }
}
