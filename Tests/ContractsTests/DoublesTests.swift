import Contracts
import Testing

/// The doubles that services are tested with keep the promises that the real stores keep.
@Suite(.timeLimit(.minutes(1))) struct DoublesTests {
    @Test func blobsInMemoryKeepTheContract() async throws {
        try await checkBlobStoreContract(InMemoryBlobs())
    }
}
