import Access
import Contracts
import FoundationEssentials
import ServerKit
import Synchronization
import Testing

@testable import Accounts

/// Somebody who decides as a test says, and notes what they were asked.
private final class Judge: AccessDecider {
    private let says: @Sendable (AccessRequest) async throws(StoreError) -> [String]?
    private let asked = Mutex<[AccessRequest]>([])

    init(_ says: @escaping @Sendable (AccessRequest) async throws(StoreError) -> [String]?) {
        self.says = says
    }

    var questions: [AccessRequest] { asked.withLock { $0 } }

    func granted(_ request: AccessRequest) async throws(StoreError) -> [String]? {
        asked.withLock { $0.append(request) }
        return try await says(request)
    }
}

/// Those who decide where no rule does.
@Suite(.timeLimit(.minutes(1))) struct DeciderTests {
    private static func request(_ name: String = "a/b", _ actions: [String] = ["pull", "push"]) throws
        -> AccessRequest
    {
        AccessRequest(account: try AccountName("zoe"), name: name, actions: actions)
    }

    private func watched(
        _ judge: any AccessDecider, _ change: (inout WatchedDecider.Limits) -> Void = { _ in }
    ) -> WatchedDecider {
        var limits = WatchedDecider.Limits()
        change(&limits)
        return WatchedDecider("judge", judge, limits: limits)
    }

    private let honest = Judge { request in
        request.name.hasPrefix("open/") ? request.actions : request.name.hasPrefix("other/") ? nil : []
    }

    @Test func theContractIsKept() async throws {
        try await checkAccessDeciderContract(
            watched(honest), granted: try Self.request("open/a"), refused: try Self.request("shut/a"))
    }

    @Test func anAnswerIsBelievedForAWhileAndForItsQuestionAlone() async throws {
        let decider = watched(honest)
        for _ in 0..<3 { #expect(try await decider.granted(try Self.request("open/a")) == ["pull", "push"]) }
        #expect(honest.questions.count == 1)
        #expect(try await decider.granted(try Self.request("open/a", ["pull"])) == ["pull"])
        #expect(try await decider.granted(try Self.request("shut/a")) == [])
        #expect(try await decider.granted(try Self.request("other/a")) == nil)
        #expect(honest.questions.count == 4)
        var another = try Self.request("open/a")
        another.labels = ["team": ["red"]]
        _ = try await decider.granted(another)
        another.ip = "192.0.2.7"
        _ = try await decider.granted(another)
        #expect(honest.questions.count == 6, "who asks, and from where, belongs to the question")
        let forgetful = watched(honest) { $0.memory = .zero }
        for _ in 0..<2 { _ = try await forgetful.granted(try Self.request("open/a")) }
        #expect(honest.questions.count == 8)
    }

    @Test func nobodyGetsWhatTheyHaveNotAskedFor() async throws {
        let generous = watched(Judge { _ in ["delete", "push", "pull", "*"] })
        #expect(try await generous.granted(try Self.request("a", ["pull"])) == ["pull"])
    }

    @Test func aFailureIsNoAnswerAndIsNotRemembered() async throws {
        let judge = Judge { _ throws(StoreError) in throw StoreError(.unavailable, "it is away") }
        let strict = watched(judge)
        for _ in 0..<2 {
            await #expect(throws: StoreError.self) { _ = try await strict.granted(try Self.request()) }
        }
        #expect(judge.questions.count == 2)
        #expect(await strict.trouble() == "it is away")
        let lenient = watched(judge) { $0.goesOn = true }
        #expect(try await lenient.granted(try Self.request()) == nil)
        let chain = try #require(DeciderChain([lenient, watched(honest)]))
        #expect(try await chain.granted(try Self.request("open/a")) == ["pull", "push"])
        let stopping = try #require(DeciderChain([strict, watched(honest)]))
        await #expect(throws: StoreError.self) { _ = try await stopping.granted(try Self.request("open/a")) }
    }

    @Test func theFirstWithAnOpinionHasTheLastWord() async throws {
        let second = Judge { $0.actions }
        let chain = try #require(DeciderChain([watched(honest), watched(second)]))
        #expect(try await chain.granted(try Self.request("shut/a")) == [])
        #expect(second.questions.isEmpty)
        #expect(try await chain.granted(try Self.request("other/a")) == ["pull", "push"])
        #expect(DeciderChain([]) == nil)
    }

    @Test func itIsGivenUpAfterItsTimeAndAskedSoManyTimesAtOnce() async throws {
        let gate = AsyncStream<Void>.makeStream()
        let slow = Judge { _ in
            for await _ in gate.stream {}
            return nil
        }
        let decider = watched(slow) {
            $0.time = .milliseconds(50)
            $0.calls = 1
        }
        let request = try Self.request()
        for words in ["it has not answered within", "1 are asking it already"] {
            do throws(StoreError) {
                _ = try await decider.granted(request)
                Issue.record("it was granted")
            } catch {
                #expect(error.description.contains(words), "\(error)")
            }
        }
        gate.continuation.finish()
    }

    @Test func theyAreAskedWhereNoRuleDecidesAndNotForLists() async throws {
        let honest = honest
        let house = House { $0.decider = honest }
        try await house.services.keys.prepare()
        try await house.add("zoe")
        try await house.rule(1, name: "shut/ruled", ["pull"])
        let token = try await house.token(
            "zoe", scopes: ["repository:open/a:pull,push", "repository:shut/ruled:pull,push"])
        #expect(honest.questions.map(\.name) == ["open/a"], "a rule has decided on the other")
        #expect(try await house.granted(token, ["pull", "push"], on: "open/a") == ["pull", "push"])
        #expect(try await house.granted(token, ["pull", "push"], on: "shut/ruled") == ["pull"])
        let caller = try await house.services.authorizer.caller(
            authorization: "Bearer \(token)", from: "192.0.2.7")
        let before = honest.questions.count
        let listed = try await house.services.authorizer.granted(
            ["pull"], type: "repository", name: "open/a", tag: .unknown, to: caller.inLists)
        #expect(listed.isEmpty && honest.questions.count == before)
    }

    @Test func whereTheyCannotBeAskedNothingIsGrantedAndThatIsSaid() async throws {
        let broken = watched(Judge { _ throws(StoreError) in throw StoreError(.unavailable, "it is away") })
        let house = House { $0.decider = broken }
        try await house.services.keys.prepare()
        try await house.add("zoe")
        await #expect(throws: SignInError.unavailable) {
            _ = try await house.token("zoe", scopes: ["repository:open/a:pull"])
        }
    }

    @Test func answersInJSONAreReadStrictly() throws {
        let request = try Self.request()
        func read(_ text: String) throws(StoreError) -> [String]? {
            try DecisionJSON.answer(Array(text.utf8), to: request)
        }
        #expect(try read(#"{"answer": "yes"}"#) == ["pull", "push"])
        #expect(try read(#"{"answer": "yes", "actions": ["delete", "push"]}"#) == ["push"])
        #expect(try read(#"{"answer": "yes", "actions": []}"#) == [])
        #expect(try read(#"{"answer": "no"}"#) == [])
        #expect(try read(#"{"answer": "unknown"}"#) == nil)
        let others = [
            "", "yes", "{}", #"{"answer": true}"#, #"{"answer":"YES"}"#, #"{"answer":"yes","actions":1}"#,
        ]
        for text in others {
            #expect(throws: StoreError.self, "\(text)") { _ = try read(text) }
        }
    }
}
