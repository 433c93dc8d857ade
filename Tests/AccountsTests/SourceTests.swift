import Access
import Contracts
import FoundationEssentials
import ServerKit
import Synchronization
import Testing

@testable import Accounts

/// Somebody who answers as a test says, and notes whom they were asked for.
private final class Oracle: SignInSource {
    let name: String
    private let says: @Sendable (String, String) async -> SourceAnswer
    private let asked = Mutex<[String]>([])

    init(_ name: String = "oracle", _ says: @escaping @Sendable (String, String) async -> SourceAnswer) {
        self.name = name
        self.says = says
    }

    var names: [String] { asked.withLock { $0 } }

    func answer(_ account: AccountName, password: Secret, from address: String?) async -> SourceAnswer {
        asked.withLock { $0.append(account.text) }
        return await says(account.text, password.revealed)
    }
}

@Suite(.timeLimit(.minutes(1))) struct SourceTests {
    private static func zoe(_ name: String, _ password: String) -> SourceAnswer {
        name == "zoe" ? password == "z" ? .signedIn(["team": ["red"]]) : .wrongPassword : .notMine
    }

    private let oracle = Oracle { Self.zoe($0, $1) }

    @Test func theirPeopleGetTokensThatTheRegistryTakes() async throws {
        let house = House { $0.sources = [oracle] }
        try await house.services.keys.prepare()
        try await house.rule(1, name: "${labels:team}/*", ["pull"])
        let token = try await house.token("zoe", "z", scopes: ["repository:red/a:pull,push"])
        #expect(try await house.granted(token, ["pull", "push"], on: "red/a") == ["pull"])
        let answer = try await house.answer(
            .credentials(.init(name: "zoe", password: Secret("z"))), offline: true)
        #expect(answer.refreshToken == nil, "nobody would ask the source again")
    }

    @Test func anOwnAccountIsNeverAskedForElsewhere() async throws {
        let house = House { $0.sources = [oracle] }
        try await house.services.keys.prepare()
        let token = try await house.token("zoe", "z")
        try await house.add("zoe", "mine")
        #expect(await house.refusal(of: "zoe", "z") == .wrongCredentials)
        #expect(oracle.names == ["zoe"], "only while there was no own account")
        #expect(await house.refusal(ofBearer: token) != nil, "the one of the source is somebody else")
    }

    @Test func thePasswordOfASourceIsBelievedForAWhile() async throws {
        let house = House {
            $0.sources = [oracle]
            $0.signIn.remembersSources = true
        }
        for _ in 0..<3 { _ = try await house.signIn("zoe", "z") }
        #expect(oracle.names == ["zoe"])
        #expect(await house.refusal(of: "zoe", "y") == .wrongCredentials)
        house.clock.advance(61)
        _ = try await house.signIn("zoe", "z")
        #expect(oracle.names == ["zoe", "zoe", "zoe"])
    }

    /// Whoever tries names sees by the time of a refusal neither who knows one nor how far down they stand.
    @Test(arguments: ["zoe", "own", "nobody"]) func everyRefusalWaits(_ name: String) async throws {
        let kept = Kept()
        let house = House {
            $0.sources = [oracle]
            $0.signIn.refusalTime = .seconds(3600)
            $0.signIn.pause = { time in kept.note(time) }
        }
        try await house.add("own")
        #expect(await house.refusal(of: name, "wrong") == .wrongCredentials)
        #expect(kept.times.count == 1)
        #expect(kept.times.allSatisfy { $0 > .seconds(3000) && $0 <= .seconds(3600) })
        _ = try await house.signIn("zoe", "z")
        #expect(kept.times.count == 1, "whoever is right does not wait")
    }

    private final class Kept: Sendable {
        private let all = Mutex<[Duration]>([])
        var times: [Duration] { all.withLock { $0 } }
        func note(_ time: Duration) { all.withLock { $0.append(time) } }
    }

    @Test func oneThatCannotBeAskedStopsOrLetsGoOn() async throws {
        let broken = Oracle("broken") { _, _ in .cannotAsk("it is away") }
        var limits = WatchedSource.Limits()
        let strict = WatchedSource("broken", broken, limits: limits)
        limits.goesOn = true
        let lenient = WatchedSource("broken", broken, limits: limits)
        let oracle = oracle
        let stopping = House { $0.sources = [strict, oracle] }
        #expect(await stopping.refusal(of: "zoe", "z") == .unavailable)
        let going = House { $0.sources = [lenient, oracle] }
        _ = try await going.signIn("zoe", "z")
        #expect(await strict.trouble() == "it is away")
        #expect(await lenient.trouble() == "it is away")
    }

    @Test func nobodySignsInWithoutAPassword() async throws {
        let yes = Oracle { _, _ in .signedIn([:]) }
        let watched = WatchedSource("yes", yes, limits: .init())
        let house = House { $0.sources = [watched] }
        #expect(await house.refusal(of: "zoe", "") == .wrongCredentials)
        #expect(await house.refusal(of: "", "") == .wrongCredentials)
        #expect(yes.names.isEmpty)
    }

    @Test func itIsGivenUpAfterItsTimeAndAskedSoManyTimesAtOnce() async throws {
        let gate = AsyncStream<Void>.makeStream()
        let slow = Oracle { _, _ in
            for await _ in gate.stream {}
            return .signedIn([:])
        }
        var limits = WatchedSource.Limits()
        limits.time = .milliseconds(50)
        limits.calls = 1
        let watched = WatchedSource("slow", slow, limits: limits)
        let zoe = try AccountName("zoe")
        let late = await watched.answer(zoe, password: Secret("z"), from: nil)
        #expect(late == .cannotAsk("it has not answered within \(limits.time)"))
        let crowded = await watched.answer(zoe, password: Secret("z"), from: nil)
        #expect(crowded == .cannotAsk("1 are asking it already"), "what was given up still runs")
        gate.continuation.finish()
    }

    @Test func aListKeepsTheContractAndCanBeReplaced() async throws {
        let threads = BlockingThreads(count: 1, queueMax: 8)
        let hasher = PasswordHasher(cost: 8, threads: threads)
        let hash = try await hasher.hash(Secret("open sesame"))
        let list = ListedPeople(
            "people", [try AccountName("alice"): .init(hash: hash, labels: ["group": ["VIP"]])],
            hasher: hasher)
        await checkSignInSourceContract(
            WatchedSource("people", list, limits: .init()), knows: try AccountName("alice"),
            password: "open sesame", labels: ["group": ["VIP"]], stranger: try AccountName("zoe"))
        let house = House {
            $0.sources = [list]
            $0.signIn.remembersSources = true
        }
        try await house.services.keys.prepare()
        let token = try await house.token("alice")
        list.replace(with: [:])
        #expect(await house.refusal(of: "alice", "open sesame") == .wrongCredentials)
        #expect(await house.refusal(ofBearer: token) != nil, "who is gone from the list is gone at once")
    }

    @Test func answersInJSONAreReadStrictly() {
        func read(_ text: String) -> SourceAnswer { SourceJSON.answer(Array(text.utf8)) }
        #expect(read(#"{"answer": "yes", "labels": {"a": ["b"]}}"#) == .signedIn(["a": ["b"]]))
        #expect(read(#"{"answer": "yes"}"#) == .signedIn([:]))
        #expect(read(#"{"answer": "wrong_password"}"#) == .wrongPassword)
        #expect(read(#"{"answer": "unknown"}"#) == .notMine)
        let others = [
            "", "yes", "{}", #"{"answer": true}"#, #"{"answer": "YES"}"#, #"{"answer":"yes","labels":1}"#,
        ]
        for text in others {
            guard case .cannotAsk = read(text) else {
                Issue.record("\(text) is taken for an answer")
                continue
            }
        }
    }
}
