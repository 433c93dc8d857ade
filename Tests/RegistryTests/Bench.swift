import Contracts
import FoundationEssentials
import NIOCore
import OCI
import Registry
import ServerKit
import Synchronization
import Testing

/// A registry on stores in memory, a clock that is set by hand, and short words for what tests do often.
struct Bench: Sendable {
    let blobs = InMemoryBlobs()
    let store = InMemoryRegistry()
    let clock = Clock()
    let registry: Registry
    let name: RepositoryName

    /// The time of day, and a number that says that somebody else changed something.
    final class Clock: Sendable {
        private let state = Mutex((date: Samples.date, generation: UInt64(0)))
        var now: Date { state.withLock { $0.date } }
        var generation: UInt64 { state.withLock { $0.generation } }
        func advance(_ seconds: TimeInterval) { state.withLock { $0.date += seconds } }
        func somebodyElseChangedSomething() { state.withLock { $0.generation += 1 } }
    }

    init(limits: RegistryLimits = RegistryLimits(), policy: RegistryPolicy = RegistryPolicy()) throws {
        name = try RepositoryName("team/app")
        registry = Self.registry(blobs, store, clock, limits, policy)
    }

    private static func registry(
        _ blobs: InMemoryBlobs, _ store: InMemoryRegistry, _ clock: Clock, _ limits: RegistryLimits,
        _ policy: RegistryPolicy = RegistryPolicy()
    ) -> Registry {
        Registry(
            blobs: blobs, links: store, manifests: store, ledger: store, garbage: store, limits: limits,
            policy: policy,
            generation: { clock.generation }, now: { clock.now })
    }

    /// Another process on the same stores.
    func restarted() -> Registry { Self.registry(blobs, store, clock, RegistryLimits()) }

    @discardableResult
    func pushBlob(_ bytes: [UInt8], in repository: RepositoryName? = nil, by account: String = "alice")
        async throws -> Digest
    {
        let digest = Samples.digest(of: bytes)
        let ticket = try await registry.beginUpload(in: repository ?? name, by: account)
        _ = try await registry.finishUpload(ticket, as: digest, Body([bytes]), UploadChunk())
        return digest
    }

    /// Pushes an image with a config of its own and returns its digest.
    @discardableResult
    func pushImage(_ reference: String, in repository: RepositoryName? = nil, config: String = "{}")
        async throws -> Digest
    {
        let blob = try await pushBlob(Array(config.utf8), in: repository)
        return try await registry.push(
            try Samples.image(config: blob), as: try Reference(reference[...]), in: repository ?? name,
            by: "alice")
    }
}

/// A request's body in pieces, which may break off.
struct Body: AsyncSequence, Sendable {
    struct Broken: Error {}

    private let pieces: [[UInt8]]
    private let breaksOff: Bool

    init(_ pieces: [[UInt8]] = [], breaksOff: Bool = false) {
        self.pieces = pieces
        self.breaksOff = breaksOff
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        var pieces: ArraySlice<[UInt8]>
        let breaksOff: Bool

        mutating func next() async throws -> ByteBuffer? {
            if let piece = pieces.popFirst() { return ByteBuffer(bytes: piece) }
            if breaksOff { throw Broken() }
            return nil
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pieces: pieces[...], breaksOff: breaksOff) }
}

/// Expects a refusal with this code.
func expect(
    _ code: OCIError.Code, at location: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record("nothing was refused", sourceLocation: location)
    } catch let error as OCIError {
        #expect(error.code == code, "\(error.detail)", sourceLocation: location)
    } catch {
        Issue.record("\(error)", sourceLocation: location)
    }
}
