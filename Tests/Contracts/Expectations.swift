package import ServerKit
package import Testing

/// Expects `body` to throw a `StoreError` of this kind.
package func expect(
    _ kind: StoreError.Kind, _ promise: Comment, at location: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record("nothing was thrown: \(promise)", sourceLocation: location)
    } catch let error as StoreError {
        #expect(error.kind == kind, "\(promise): \(error)", sourceLocation: location)
    } catch {
        Issue.record("\(error) was thrown: \(promise)", sourceLocation: location)
    }
}
