package import Doorkeeper
package import FoundationEssentials
package import ServerKit
import Synchronization

/// Bans in memory: the double that passes `checkBanStoreContract`.
package final class InMemoryBans: BanStore {
    private struct State {
        var bans: [AddressRange: Ban] = [:]
        var generation: UInt64 = 0
        var failure: StoreError?
    }

    private let state = Mutex(State())

    package init() {}

    /// From now on every call throws this; nil ends it.
    package func fail(with error: StoreError?) { state.withLock { $0.failure = error } }

    package var banGeneration: UInt64 { state.withLock { $0.generation } }

    package func bans() async throws(StoreError) -> [Ban] {
        try access { state in
            state.bans.values.sorted { ($0.since, "\($0.range)") < ($1.since, "\($1.range)") }
        }
    }

    package func save(_ bans: [Ban]) async throws(StoreError) {
        try change { state in
            for ban in bans {
                if let old = state.bans[ban.range], ban.isAutomatic, !old.isAutomatic,
                    old.holds(at: ban.since)
                {
                    continue
                }
                state.bans[ban.range] = ban
            }
        }
    }

    package func removeBan(of range: AddressRange) async throws(StoreError) -> Bool {
        try change { state in state.bans.removeValue(forKey: range) != nil }
    }

    package func forgetBans(endedBefore moment: Date) async throws(StoreError) {
        try change { state in
            state.bans = state.bans.filter { $0.value.until.map { $0 >= moment } ?? true }
        }
    }

    private func change<Value: Sendable>(_ body: (inout State) -> Value) throws(StoreError) -> Value {
        try access { state in
            state.generation += 1
            return body(&state)
        }
    }

    private func access<Value: Sendable>(_ body: (inout State) -> Value) throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = state.withLock { state in
            state.failure.map { .failure($0) } ?? .success(body(&state))
        }
        return try result.get()
    }
}
