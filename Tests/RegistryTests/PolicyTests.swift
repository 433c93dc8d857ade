import Access
import Contracts
import OCI
import Registry
import ServerKit
import Testing

/// Quotas, before and while bytes come in; that they hold in the end is the stores' contract.
@Suite struct QuotaTests {
    private func bench(_ limit: Int64, isDryRun: Bool = false) throws -> Bench {
        let quota = Quota(repositories: try Glob("team/**"), limit: limit, isDryRun: isDryRun)
        return try Bench(policy: RegistryPolicy(quotas: [quota]))
    }

    private func expectOverQuota(
        used: Int64, needed: Int64, at location: SourceLocation = #_sourceLocation,
        _ body: () async throws -> Void
    ) async {
        do {
            try await body()
            Issue.record("nothing was refused", sourceLocation: location)
        } catch PolicyRefusal.overQuota(let use, let bytes) {
            #expect(use.used == used, sourceLocation: location)
            #expect(bytes == needed, sourceLocation: location)
        } catch {
            Issue.record("\(error)", sourceLocation: location)
        }
    }

    @Test func whatIsAnnouncedTooLargeIsRefusedBeforeItComes() async throws {
        let bench = try bench(1000)
        await expectOverQuota(used: 0, needed: 1001) {
            _ = try await bench.registry.beginUpload(in: bench.name, by: "alice", size: 1001)
        }
        let ticket = try await bench.registry.beginUpload(in: bench.name, by: "alice")
        await expectOverQuota(used: 0, needed: 1001) {
            // A body that breaks off would say so if anybody read it.
            _ = try await bench.registry.append(
                Body(breaksOff: true), UploadChunk(length: 1001), to: ticket)
        }
        await expect(.blobUploadUnknown) { _ = try await bench.registry.uploadSize(ticket) }
        #expect(try await bench.blobs.uploads().isEmpty, "what was refused takes no room")
    }

    @Test func whatTurnsOutTooLargeIsRefusedWhereTheRoomEnds() async throws {
        let bench = try bench(1000)
        let ticket = try await bench.registry.beginUpload(in: bench.name, by: "alice")
        let pieces = Array(repeating: Samples.bytes(400), count: 3)
        await expectOverQuota(used: 0, needed: 1001) {
            _ = try await bench.registry.append(Body(pieces), UploadChunk(), to: ticket)
        }
        #expect(try await bench.blobs.uploads().isEmpty)
    }

    @Test func aFullRepositoryBeginsNoUploads() async throws {
        let bench = try bench(1000)
        try await bench.pushBlob(Samples.bytes(1000))
        await expectOverQuota(used: 1000, needed: 1) {
            _ = try await bench.registry.beginUpload(in: bench.name, by: "alice")
        }
        _ = try await bench.registry.beginUpload(in: RepositoryName("other/app"), by: "alice")
    }

    @Test func uploadsThatTogetherAreTooLargeDoNotAllGetIn() async throws {
        let bench = try bench(1000)
        let bodies = (1...3).map { Samples.bytes(600, seed: $0) }
        var tickets: [UploadTicket] = []
        for body in bodies {
            let ticket = try await bench.registry.beginUpload(in: bench.name, by: "alice")
            _ = try await bench.registry.append(Body([body]), UploadChunk(), to: ticket)
            tickets.append(ticket)
        }
        var refused = 0
        for (ticket, body) in zip(tickets, bodies) {
            do {
                _ = try await bench.registry.finishUpload(
                    ticket, as: Samples.digest(of: body), Body(), UploadChunk())
            } catch is PolicyRefusal {
                refused += 1
            }
        }
        #expect(refused == 2)
        #expect(try await bench.store.used(by: Glob("**")) == 600)
        #expect(try await bench.blobs.uploads().isEmpty)
    }

    @Test func aQuotaOnTrialRefusesNothing() async throws {
        let bench = try bench(10, isDryRun: true)
        try await bench.pushBlob(Samples.bytes(1000))
        try await bench.pushImage("v1")
        #expect(try await bench.store.used(by: Glob("team/**")) > 1000)
    }

    @Test func theSentenceSaysWhatIsUsedAndWhatHelps() throws {
        let quota = Quota(repositories: try Glob("team/**"), limit: 50 << 30)
        let refusal = PolicyRefusal.overQuota(QuotaUse(quota: quota, used: 49 << 30), needed: 3 << 29)
        #expect(
            "\(refusal)" == "the quota of team/** is exhausted: 49 GiB of 50 GiB are used, and this needs "
                + "1.5 GiB more; delete what is no longer needed, or ask the operator for more room")
    }
}

/// Immutable tags as the service keeps them.
@Suite struct ImmutableTagTests {
    private func bench(mayBeRemoved: Bool = false, isDryRun: Bool = false) throws -> Bench {
        let rule = ImmutableTags(
            repositories: try Glob("team/*"), tags: try Glob("v*"), mayBeRemoved: mayBeRemoved,
            isDryRun: isDryRun)
        return try Bench(policy: RegistryPolicy(immutableTags: [rule]))
    }

    @Test func aTagStaysWhereItWasPut() async throws {
        let bench = try bench()
        let first = try await bench.pushImage("v1")
        #expect(try await bench.pushImage("v1") == first, "the same again is no move")
        let pinned = PolicyRefusal.tagIsPinned(try Tag("v1"), in: bench.name, at: first)
        await #expect(throws: pinned) { try await bench.pushImage("v1", config: "{ }") }
        #expect(try await bench.registry.digest(of: .tag(Tag("v1")), in: bench.name) == first)
        let elsewhere = try RepositoryName("other/app")
        _ = try await bench.pushImage("v1", in: elsewhere)
        _ = try await bench.pushImage("v1", in: elsewhere, config: "{ }")
    }

    @Test func severalTagsOfOnePushDoNotGetPastIt() async throws {
        let bench = try bench()
        let first = try await bench.pushImage("v1")
        let other = try Samples.image(config: try await bench.pushBlob([1]))
        let digest = Samples.digest(of: other.bytes)
        await #expect(throws: PolicyRefusal.self) {
            _ = try await bench.registry.push(
                other, as: .digest(digest), tags: [Tag("new"), Tag("v1")], in: bench.name, by: "mallory")
        }
        #expect(try await bench.registry.digest(of: .tag(Tag("v1")), in: bench.name) == first)
        await expect(.manifestUnknown) {
            _ = try await bench.registry.digest(of: .tag(Tag("new")), in: bench.name)
        }
    }

    @Test func neitherItNorWhatItLeadsToIsDeleted() async throws {
        let bench = try bench()
        let config = try await bench.pushBlob(Array("{}".utf8))
        let digest = try await bench.pushImage("v1")
        let kept = PolicyRefusal.tagIsKept(try Tag("v1"), in: bench.name)
        await #expect(throws: kept) {
            try await bench.registry.remove(Tag("v1"), in: bench.name, by: "alice")
        }
        await #expect(throws: kept) {
            try await bench.registry.remove(manifest: digest, in: bench.name, by: "alice")
        }
        await #expect(throws: kept) {
            try await bench.registry.remove(blob: config, in: bench.name, by: "alice")
        }
        #expect(try await bench.registry.manifest(.tag(Tag("v1")), in: bench.name).digest == digest)
    }

    @Test func oneThatMayBeRemovedCanBePutElsewhereThen() async throws {
        let bench = try bench(mayBeRemoved: true)
        let first = try await bench.pushImage("v1")
        await #expect(throws: PolicyRefusal.self) { try await bench.pushImage("v1", config: "{ }") }
        try await bench.registry.remove(Tag("v1"), in: bench.name, by: "alice")
        #expect(try await bench.pushImage("v1", config: "{ }") != first)
    }

    @Test func aRuleOnTrialHoldsNothing() async throws {
        let bench = try bench(isDryRun: true)
        let first = try await bench.pushImage("v1")
        #expect(try await bench.pushImage("v1", config: "{ }") != first)
        try await bench.registry.remove(Tag("v1"), in: bench.name, by: "alice")
    }
}
