import Synchronization
import Testing

@testable import Registry

@Suite struct CacheTests {
    @Test func aMapStaysWithinItsCostAndKeepsWhatIsUsed() {
        var map = TwoAgeMap<Int, Int>(costMax: 100)
        for number in 0..<1000 {
            map.insert(number, for: number, cost: 1)
            #expect(map.value(for: 0) == 0, "what is asked for is never forgotten")
        }
        let kept = (0..<1000).count { map.value(for: $0) != nil }
        #expect(kept <= 100)
        map.insert(1, for: -1, cost: 51)
        #expect(map.value(for: -1) == nil, "what would fill half of it is not kept")
    }

    @Test func whatIsRemovedIsGoneFromBothAges() {
        var map = TwoAgeMap<Int, Int>(costMax: 4)
        for number in 0..<3 { map.insert(number, for: number, cost: 1) }
        for number in 0..<3 { map.remove(number) }
        #expect((0..<3).allSatisfy { map.value(for: $0) == nil })
    }

    @Test func aReadThatCrossesAWriteIsNotKept() async throws {
        let cache = ReadThroughCache<String, Int>("test", costMax: 10, generation: { 0 })
        let old = try await cache.value(for: "k") {
            cache.remove("k")
            return 1
        }
        #expect(old == 1)
        let new = try await cache.value(for: "k") { 2 }
        #expect(new == 2, "the value read before the write must not come back")
        let kept = try await cache.value(for: "k") { 3 }
        #expect(kept == 2)
    }

    @Test func aChangeElsewhereDuringAReadIsNotMissed() async throws {
        let shared = Shared()
        let cache = ReadThroughCache<String, Int>("test", costMax: 10, generation: { shared.value })
        _ = try await cache.value(for: "k") {
            shared.bump()
            return 1
        }
        let new = try await cache.value(for: "k") { 2 }
        #expect(new == 2)
    }
}

/// A number that tests move.
private final class Shared: Sendable {
    private let number = Mutex<UInt64>(0)
    var value: UInt64 { number.withLock { $0 } }
    func bump() { number.withLock { $0 += 1 } }
}
