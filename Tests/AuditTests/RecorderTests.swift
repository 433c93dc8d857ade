import Audit
import Contracts
import FoundationEssentials
import ServerKit
import Testing

/// What happens often is gathered and written together, within limits.
@Suite(.timeLimit(.minutes(1))) struct RecorderTests {
    private let trail = InMemoryAuditTrail()

    private func recorder(_ kinds: Set<AuditKind> = Set(AuditKind.allCases), waitingMax: Int = 100)
        -> AuditRecorder
    {
        AuditRecorder(trail, kinds: kinds, waitingMax: waitingMax, now: { Samples.date })
    }

    private func events() async throws -> [AuditEvent] {
        try await trail.entries(AuditFilter(), after: nil, limit: 1000).map(\.event).reversed()
    }

    @Test func nothingIsWrittenBeforeItIsTime() async throws {
        let recorder = recorder()
        recorder.note(.pull, by: "alice", of: "app", "v1")
        #expect(try await events() == [])
        await recorder.flush()
        #expect(try await events().map(\.detail) == ["v1"])
        await recorder.flush()
        #expect(try await events().count == 1, "and once only")
    }

    @Test func theSameAgainIsCounted() async throws {
        let recorder = recorder()
        for _ in 0..<5 { recorder.note(.pull, by: "alice", of: "app", "v1") }
        recorder.note(.pull, by: "bob", of: "app", "v1")
        recorder.note(.pull, by: "alice", of: "app", "v2")
        recorder.note(.pull, .refused, by: "alice", of: "app", "v1")
        await recorder.flush()
        #expect(try await events().map(\.count) == [5, 1, 1, 1])
        recorder.note(.pull, by: "alice", of: "app", "v1")
        await recorder.flush()
        #expect(try await events().map(\.count) == [5, 1, 1, 1, 1], "anew after it was written")
    }

    @Test func itSaysFromWhere() async throws {
        let recorder = recorder()
        let origin = RequestOrigin(address: "192.0.2.7", requestID: "abc")
        RequestOrigin.$current.withValue(origin) { recorder.note(.signIn, .failed, by: "eve", of: "eve") }
        recorder.note(.signIn, .failed, by: "eve", of: "eve")
        await recorder.flush()
        #expect(try await events().map(\.origin) == [origin, RequestOrigin()])
        #expect(try await events().map(\.outcome) == [.failed, .failed])
    }

    @Test func onlyWhatIsAskedForIsRecorded() async throws {
        let recorder = recorder([.signIns])
        recorder.note(.pull, by: "alice", of: "app")
        recorder.note(.signIn, by: "alice", of: "alice")
        await recorder.flush()
        #expect(try await events().map(\.action) == [.signIn])
    }

    @Test func aFullQueueDropsWhatIsNewAndStillCountsWhatIsKnown() async throws {
        let recorder = recorder(waitingMax: 3)
        for number in 0..<10 { recorder.note(.pull, by: "alice", of: "app\(number)") }
        recorder.note(.pull, by: "alice", of: "app1")
        await recorder.flush()
        #expect(try await events().map(\.subject) == ["app0", "app1", "app2"])
        #expect(try await events().map(\.count) == [1, 2, 1])
        recorder.note(.pull, by: "alice", of: "app9")
        await recorder.flush()
        #expect(try await events().count == 4, "there is room again")
    }

    @Test func aTrailThatCannotBeWrittenStopsNobody() async throws {
        let recorder = recorder()
        trail.fail(with: StoreError(.full, "no room"))
        recorder.note(.pull, by: "alice", of: "app")
        await recorder.flush()
        trail.fail(with: nil)
        recorder.note(.pull, by: "bob", of: "app")
        await recorder.flush()
        #expect(try await events().map(\.account) == ["bob"])
    }

    @Test func manyAtOnceAreAllCounted() async throws {
        let recorder = recorder(waitingMax: 1000)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<1000 {
                group.addTask { recorder.note(.pull, by: "alice", of: "app\(number % 10)") }
            }
            group.addTask { for _ in 0..<20 { await recorder.flush() } }
        }
        await recorder.flush()
        #expect(try await events().reduce(0) { $0 + $1.count } == 1000)
    }

    @Test func longTextsAreCutBetweenCharacters() {
        let event = AuditEvent(
            at: Samples.date, account: String(repeating: "ä", count: 800), origin: RequestOrigin(),
            action: .signIn, subject: "a" + String(repeating: "€", count: 800))
        #expect(event.account == String(repeating: "ä", count: 500) + "…")
        #expect(event.subject == "a" + String(repeating: "€", count: 333) + "…")
    }
}
