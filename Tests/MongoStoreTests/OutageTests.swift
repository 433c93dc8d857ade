import Access
import Accounts
import Contracts
import Foundation
import Harness
import ServerKit
import Testing

@testable import MongoStore

/// A database that goes away and comes back. What is measured here waits for this process twice: for the driver's thread,
/// and for the task that asked.
@Suite(.timeLimit(.minutes(5))) struct OutageTests {
    @Test func whileItIsAwayRulesStandAndCallsFailAtOnce() async throws {
        let folder = try TemporaryFolder()
        let alice = Account(name: try AccountName("alice"), passwordHash: nil, createdAt: Samples.date)
        let clock = ContinuousClock()
        let (store, watch) = try await withMongoServer(in: folder) { server in
            let store = try Database(port: server.port).store(cacheTime: .seconds(1))
            try await store.prepare()
            try await store.add(alice)
            try await store.add(Rule(seq: 1, actions: ["pull"]))
            _ = try await store.rules()
            return (store, Task { await store.watch() })
        }
        defer { watch.cancel() }
        let begin = clock.now
        let late = Lateness()
        await expect(.unavailable, "it is gone") { _ = try await store.account(named: alice.name) }
        let taken = clock.now - begin
        let limit = Duration.seconds(2) + (await late.taken()) * 2
        #expect(taken < limit, "whoever asks first waits for less than two seconds")
        #expect(try await eventually(within: .seconds(5)) { store.isAway })
        let next = clock.now
        await expect(.unavailable, "it is known to be gone") {
            _ = try await store.account(named: alice.name)
        }
        #expect(clock.now - next < .milliseconds(500), "and then nobody waits")
        let generation = store.generation
        #expect(try await store.rules() == [Rule(seq: 1, actions: ["pull"])])
        #expect(store.generation == generation, "what is remembered stays")
        #expect(await store.problem() != nil)

        let port = try #require(Int(store.settings.hosts[0].split(separator: ":")[1]))
        try await withMongoServer(in: folder, port: port) { _ in
            let begin = clock.now
            let late = Lateness()
            let isBack = try await eventually(within: .seconds(4)) {
                (try? await store.account(named: alice.name)) == alice
            }
            #expect(isBack)
            let taken = clock.now - begin
            let limit = Duration.seconds(2) + (await late.taken()) * 2
            #expect(taken < limit, "all is well within two seconds")
            #expect(await store.problem() == nil)
        }
    }

    @Test func nobodyThereIsSaidInTime() async throws {
        // The port was somebody's a moment ago, and is nobody's now.
        let port = try await withMongoServer(in: TemporaryFolder()) { $0.port }
        let store = try Database(port: port).store()
        let clock = ContinuousClock()
        let begin = clock.now
        let late = Lateness()
        await expect(.unavailable, "nobody listens") { try await store.prepare() }
        let taken = clock.now - begin
        let limit = Duration.seconds(2) + (await late.taken()) * 2
        #expect(taken < limit)
    }

    @Test func oneThatTakesConnectionsAndSaysNothingIsLeft() async throws {
        let silent = try RawListener()
        let store = try Database(port: silent.port).store()
        let clock = ContinuousClock()
        let begin = clock.now
        let late = Lateness()
        await expect(.unavailable, "it says nothing") { _ = try await store.rules() }
        let taken = clock.now - begin
        let limit = Duration.seconds(2) + (await late.taken()) * 2
        #expect(taken < limit)
    }

    @Test func whatOtherProgramsChangeIsSeenInTime() async throws {
        try await withMongoServer(in: TemporaryFolder()) { server in
            let database = try Database(port: server.port)
            let store = try database.store(cacheTime: .seconds(1))
            try await store.add(Rule(seq: 1, actions: ["pull"]))
            let watch = Task { await store.watch() }
            defer { watch.cancel() }
            #expect(try await store.rules().count == 1)
            try await database.edit("db.acl.insert_one({'seq': 2, 'match': {}, 'actions': ['push']})")
            let isSeen = try await eventually(within: .seconds(5)) { try await store.rules().count == 2 }
            #expect(isSeen)
        }
    }
}

/// A port that takes connections and never answers.
private final class RawListener: Sendable {
    let port: Int
    private let descriptor: CInt

    init() throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let (own, size) = (descriptor, length)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(own, address, size) == 0 && listen(own, 16) == 0
                    && getsockname(own, address, &length) == 0
            }
        }
        guard isBound else { throw CommandFailed(description: "no port could be had") }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(descriptor) }
}
