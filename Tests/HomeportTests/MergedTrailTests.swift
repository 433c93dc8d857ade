import Audit
import Contracts
import Foundation
import ServerKit
import Testing

@testable import homeport

/// Two trails as one.
@Suite struct MergedTrailTests {
    private let own = InMemoryAuditTrail()
    private let shared = InMemoryAuditTrail()

    private var merged: MergedTrail { MergedTrail(own: own, shared: shared) }

    @Test func itKeepsTheContract() async throws {
        try await checkAuditTrailContract(
            MergedTrail(own: InMemoryAuditTrail(), shared: InMemoryAuditTrail()))
    }

    private func event(_ second: Int, _ subject: String) -> AuditEvent {
        AuditEvent(
            at: Date(timeIntervalSince1970: Double(second)), account: "alice", origin: RequestOrigin(),
            action: .changeAccount, subject: subject)
    }

    @Test(arguments: 1...7) func everyEntryOfBothStandsOnOnePageAndOnlyOne(size: Int) async throws {
        // Many at the same moment, in both.
        for number in 0..<20 { try await own.record([event(number / 5, "own \(number)")]) }
        for number in 0..<13 { try await shared.record([event(number / 4, "shared \(number)")]) }
        var all: [AuditEntry] = []
        while true {
            let page = try await merged.entries(AuditFilter(), after: all.last, limit: size)
            #expect(page.count <= size)
            guard !page.isEmpty else { break }
            all += page
        }
        #expect(all.count == 33)
        #expect(Set(all.map(\.event.subject)).count == 33)
        #expect(all.map(\.event.at) == all.map(\.event.at).sorted(by: >))
    }

    @Test func oldOnesGoFromBothAndWaitWhileOneIsAway() async throws {
        for number in 0..<4 { try await own.record([event(number, "own")]) }
        for number in 0..<4 { try await shared.record([event(number, "shared")]) }
        let limit = Date(timeIntervalSince1970: 2)
        shared.fail(with: StoreError(.unavailable, "away"))
        #expect(try await merged.forget(before: limit, keeping: 100, limit: 3) == 2)
        shared.fail(with: nil)
        #expect(try await merged.forget(before: limit, keeping: 100, limit: 3) == 2)
        #expect(try await merged.entries(AuditFilter(), after: nil, limit: 99).count == 4)
    }
}
