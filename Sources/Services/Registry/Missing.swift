import ServerKit

/// What `body` returns, or nil when a store says that what the call speaks of is not there.
func unlessMissing<Value>(_ body: () async throws -> Value) async throws -> Value? {
    do {
        return try await body()
    } catch let error as StoreError where error.kind == .missing {
        return nil
    }
}
