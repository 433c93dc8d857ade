import Contracts
import Foundation
import Glibc
import ServerKit
import Synchronization
import Testing

@testable import homeport

/// Questions at a terminal, asked of a pseudo-terminal by the program itself.
@Suite(.timeLimit(.minutes(1))) struct TerminalTests {
    @Test func aPasswordIsAskedForTwiceAndNeverShown() async throws {
        let ended = try await run(
            ["account", "add", "alice"], answers: ["Password: ": "s3cret", "Once more: ": "s3cret"])
        #expect(ended.status == .done, "\(ended)")
        #expect(ended.seen.contains("Added account alice."))
        #expect(!ended.seen.contains("s3cret"), "what is typed is not shown")
    }

    @Test func twoDifferentPasswordsChangeNothing() async throws {
        let ended = try await run(
            ["account", "add", "bob"], answers: ["Password: ": "one", "Once more: ": "two"])
        #expect(ended.status == .refused)
        #expect(ended.seen.contains("nothing was changed"))
    }

    @Test func destructionIsAskedForAndNoAnswerIsANo() async throws {
        let kept = try await run(["account", "remove", "admin"], answers: ["[y/N] ": ""])
        #expect(kept.status == .refused)
        let removed = try await run(["account", "remove", "admin"], answers: ["[y/N] ": "y"])
        #expect(removed.status == .done, "\(removed)")
    }

    @Test func theLinesToPasteLeadToTheSameDataAndStandOnTerminalsOnly() async throws {
        let loaded = try LoadedConfiguration.load(
            file: nil, environment: [:], options: [(path: "data", option: "--data", text: "/tmp/my data")])
        let pair = try PseudoTerminal()
        let end = pair.type([:])
        let terminal = Terminal(output: pair.inner, errors: pair.inner, input: pair.inner)
        Welcome(
            terminal: terminal, places: [.address(ListenAddress(host: "0.0.0.0", port: 5000))],
            loaded: loaded,
            program: "bin/homeport"
        ).say(nil)
        let seen = await end(pair)
        #expect(seen.contains("listening on http://0.0.0.0:5000\r\n"))
        #expect(seen.contains(" docker login --username admin 127.0.0.1:5000\r\n"))
        #expect(seen.contains(" docker push 127.0.0.1:5000/test\r\n"))
        #expect(seen.contains(" bin/homeport account add alice --data '/tmp/my data'\r\n"))

        let file = try TextFile("")
        let plain = open(file.path, O_RDWR)
        defer { close(plain) }
        Welcome(
            terminal: Terminal(output: plain, errors: plain, input: plain),
            places: [.address(ListenAddress(host: "::1", port: 1))], loaded: loaded
        ).say(nil)
        #expect(try String(contentsOfFile: file.path, encoding: .utf8) == "listening on http://[::1]:1\n")
    }

    @Test func longWorkIsShownWhileItLasts() async throws {
        let pair = try PseudoTerminal()
        let end = pair.type([:])
        let terminal = Terminal(output: pair.inner, errors: pair.inner, input: pair.inner)
        let (ticks, tick) = AsyncStream<Void>.makeStream()
        // A machine with much to do may show the first second late.
        pair.whenSeen("Counting sheep … ") { tick.finish() }
        let value = try await Progress(terminal: terminal).during("Counting sheep") {
            for await _ in ticks {}
            return 7
        }
        #expect(value == 7)
        #expect(await end(pair).hasSuffix("\r\u{1B}[K"), "the line goes when the work is done")
    }

    private struct Ended {
        let status: homeport.ExitStatus
        /// Everything that stood on the terminal.
        let seen: String
    }

    /// Runs a command on data of its own, with an administrator, at a terminal where each prompt gets its
    /// answer.
    private func run(_ arguments: [String], answers: [String: String]) async throws -> Ended {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: folder.path + "/data", withIntermediateDirectories: true)
        var configuration = Configuration()
        configuration.data = folder.path + "/data"
        let stores = try Stores.open(configuration, now: { Date() })
        _ = try await FirstStart(stores: stores, terminal: .standard, givenPassword: Secret("password")).run()
        try await stores.close()

        let pair = try PseudoTerminal()
        let typist = pair.type(answers)
        let terminal = Terminal(output: pair.inner, errors: pair.inner, input: pair.inner)
        let program = Program(
            surroundings: Surroundings(terminal: terminal, environment: [:], now: { Date() }))
        let status = await program.run(arguments + ["--data", folder.path + "/data"])
        return Ended(status: status, seen: await typist(pair))
    }
}

/// A terminal without a screen: what the program writes to `inner` is read from `outer`.
private final class PseudoTerminal: Sendable {
    let outer: CInt
    let inner: CInt
    private let watched = Mutex<(words: String, act: @Sendable () -> Void)?>(nil)

    init() throws {
        outer = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var number: CInt = 0
        var isLocked: CInt = 0
        guard outer >= 0, ioctl(outer, Self.unlock, &isLocked) == 0, ioctl(outer, Self.number, &number) == 0
        else {
            throw CommandFailure.unreachable("no pseudo-terminal can be had")
        }
        inner = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard inner >= 0 else { throw CommandFailure.unreachable("no pseudo-terminal can be had") }
    }

    /// TIOCSPTLCK and TIOCGPTN of Linux, whose names Swift does not see.
    private static let unlock: UInt = 0x4004_5431
    private static let number: UInt = 0x8004_5430

    deinit { close(outer) }

    /// Does something once when these words stand on the terminal.
    func whenSeen(_ words: String, _ act: @Sendable @escaping () -> Void) {
        watched.withLock { $0 = (words, act) }
    }

    /// Types the answer whenever a prompt appears; the function returned waits for the end and says what was
    /// seen.
    func type(_ answers: [String: String]) -> @Sendable (PseudoTerminal) async -> String {
        let (ended, end) = AsyncStream<String>.makeStream()
        Thread.detachNewThread { [outer, self] in
            var seen = ""
            var left = answers
            var bytes = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(outer, &bytes, bytes.count)
                guard count > 0 else { break }
                seen += String(decoding: bytes[..<count], as: UTF8.self)
                watched.withLock { watched in
                    guard let (words, act) = watched, seen.contains(words) else { return }
                    watched = nil
                    act()
                }
                for (prompt, answer) in left where seen.hasSuffix(prompt) {
                    left[prompt] = nil
                    Terminal.write(answer + "\n", to: outer)
                }
            }
            end.yield(seen)
            end.finish()
        }
        return { pair in
            close(pair.inner)
            for await seen in ended { return seen }
            return ""
        }
    }
}
