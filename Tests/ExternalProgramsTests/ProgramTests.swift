import Access
import Accounts
import Contracts
import Foundation
import ServerKit
import Testing

@testable import ExternalPrograms

/// Programs that are asked: real ones, also such as misbehave.
@Suite(.timeLimit(.minutes(1))) struct ProgramTests {
    private func shell(_ script: String, _ change: (inout ProgramRunner.Limits) -> Void = { _ in })
        -> ProgramRunner
    {
        var limits = ProgramRunner.Limits()
        change(&limits)
        return ProgramRunner(.init("sh", ["-c", script]), limits: limits)
    }

    private func answer(_ script: String, _ name: String = "alice", _ password: String = "open sesame")
        async throws
        -> SourceAnswer
    {
        await DockerAuthSignInProgram(shell(script)).answer(
            try AccountName(name), password: Secret(password), from: nil)
    }

    @Test func theProtocolIsThatOfDockerAuth() async throws {
        let script = #"""
            read line
            case "$line" in
            "alice open sesame") echo '{"labels": {"group": ["VIP", "t*"]}}'; exit 0 ;;
            "bob "*) exit 0 ;;
            "carl "*) exit 2 ;;
            "dora "*) exit 3 ;;
            "erin "*) echo nonsense; exit 0 ;;
            *) exit 1 ;;
            esac
            """#
        #expect(try await answer(script) == .signedIn(["group": ["VIP", "t*"]]))
        #expect(try await answer(script, "alice", "wrong") == .wrongPassword)
        #expect(try await answer(script, "bob") == .signedIn([:]))
        #expect(try await answer(script, "carl") == .notMine)
        #expect(try await answer(script, "dora") == .cannotAsk("it ended with status 3"))
        #expect(try await answer(script, "erin") == .cannotAsk("it prints no labels"))
        #expect(
            try await answer(script, "bob open") == .wrongPassword,
            "a name with a space is another name there")
    }

    @Test func thePortsKeepTheirContracts() async throws {
        let people = #"""
            IFS= read -r line
            case "$line" in
            "alice open sesame") echo '{"labels": {"group": ["VIP"]}}' ;;
            "alice "*) exit 1 ;;
            *) exit 2 ;;
            esac
            """#
        await checkSignInSourceContract(
            DockerAuthSignInProgram(shell(people)), knows: try AccountName("alice"), password: "open sesame",
            labels: ["group": ["VIP"]], stranger: try AccountName("bob"))
        let rights = #"case "$(cat)" in *'"Name":"open"'*) exit 0 ;; *) exit 1 ;; esac"#
        func asked(_ name: String) throws -> AccessRequest {
            AccessRequest(account: try AccountName("alice"), name: name, actions: ["pull", "push"])
        }
        try await checkAccessDeciderContract(
            DockerAuthDecisionProgram(shell(rights)), granted: try asked("open"), refused: try asked("shut"))
    }

    @Test func nothingButTheTwoWordsIsRead() async throws {
        let script = #"test "$(od -An -tx1 | tr -d ' \n')" = 61207831"#
        #expect(try await answer(script, "a", "x1") == .signedIn([:]), "no line end, no escapes")
        let unread = try await answer("exit 0", "a", String(repeating: "x", count: 1 << 20))
        #expect(unread == .signedIn([:]))
    }

    @Test func aProgramThatEndsBadlyIsAFailure() async throws {
        #expect(try await answer("kill -9 $$") == .cannotAsk("it ended with status 137"))
        let missing = DockerAuthSignInProgram(ProgramRunner(.init("/nonexistent/program")))
        let answer = await missing.answer(try AccountName("a"), password: Secret("b"), from: nil)
        guard case .cannotAsk(let reason) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(reason.contains("/nonexistent/program cannot be started"), "\(reason)")
    }

    /// Nothing of it is left, whatever it has started and whatever it does with its output.
    @Test(arguments: [
        "sleep 600", "sleep 600 & wait", "exec >&-; sleep 600",
        "trap '' TERM HUP INT; while :; do sleep 600; done",
    ])
    func aProgramThatTakesTooLongIsKilledWithAllItHasStarted(_ script: String) async throws {
        let folder = try TemporaryFolder()
        let runner = shell("echo $$ > \(folder.path)/pid; \(script)") { $0.time = .milliseconds(300) }
        let start = ContinuousClock.now
        do throws(StoreError) {
            _ = try await runner.run([])
            Issue.record("it ended")
        } catch {
            #expect(
                error.kind == .unavailable && error.description.contains("has taken too long"), "\(error)")
        }
        #expect(ContinuousClock.now - start < .seconds(20))
        let text = try String(contentsOfFile: folder.path + "/pid", encoding: .utf8)
        let pid = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(kill(pid, 0) != 0, "it is gone")
    }

    @Test func anOutputHasAnEnd() async throws {
        let runner = shell("yes") { $0.output = 1000 }
        await #expect(throws: StoreError.self) { _ = try await runner.run([]) }
    }

    @Test func onlySoManyRunAtOnce() async throws {
        let runner = shell("sleep 0.2") {
            $0.runs = 2
            $0.waiting = 2
        }
        let refused = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<12 {
                group.addTask { (try? await runner.run([])) == nil }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(refused >= 4 && refused < 12, "\(refused)")
    }

    @Test func theSecretIsNoArgumentAndNoVariable() async throws {
        let script = "! tr '\\0' '\\n' < /proc/$$/cmdline | grep -q ses[a]me && ! env | grep -q ses[a]me"
        #expect(try await answer(script) == .signedIn([:]))
    }

    @Test func aDecisionIsAskedAsDockerAuthAsksIt() async throws {
        let folder = try TemporaryFolder()
        let program = DockerAuthDecisionProgram(shell("cat > \(folder.path)/question; exit ${STATUS:-0}"))
        let request = AccessRequest(
            account: try AccountName("alice"), labels: ["group": ["VIP"]], ip: "192.0.2.7",
            service: "registry",
            name: "a/b", actions: ["pull", "push"])
        #expect(try await program.granted(request) == ["pull", "push"])
        let data = try Data(contentsOf: URL(filePath: folder.path + "/question"))
        let question = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(Set(question.keys) == ["Account", "Type", "Name", "Service", "IP", "Actions", "Labels"])
        #expect(question["Account"] as? String == "alice" && question["IP"] as? String == "192.0.2.7")
        #expect(question["Actions"] as? [String] == ["pull", "push"])
        #expect(question["Labels"] as? [String: [String]] == ["group": ["VIP"]])
        #expect(try await DockerAuthDecisionProgram(shell("exit 1")).granted(request) == [])
        await #expect(throws: StoreError.self) {
            _ = try await DockerAuthDecisionProgram(shell("exit 2")).granted(request)
        }
    }

    @Test func aDecisionInJSONCannotBeTakenForSomethingElse() async throws {
        let script = #"""
            case "$(cat)" in
            *'"name":"open"'*) echo '{"answer": "yes"}' ;;
            *'"name":"half"'*) echo '{"answer": "yes", "actions": ["pull"]}' ;;
            *'"name":"other"'*) echo '{"answer": "unknown"}' ;;
            *'"name":"broken"'*) exit 1 ;;
            *'"name":"silent"'*) ;;
            *) echo '{"answer": "no"}' ;;
            esac
            """#
        let program = JSONDecisionProgram(shell(script))
        func asked(_ name: String) throws -> AccessRequest {
            AccessRequest(account: try AccountName("alice"), name: name, actions: ["pull", "push"])
        }
        try await checkAccessDeciderContract(
            program, granted: try asked("open"), refused: try asked("shut"))
        #expect(try await program.granted(try asked("half")) == ["pull"])
        #expect(try await program.granted(try asked("other")) == nil)
        for name in ["broken", "silent"] {
            await #expect(throws: StoreError.self) { _ = try await program.granted(try asked(name)) }
        }
    }
}
