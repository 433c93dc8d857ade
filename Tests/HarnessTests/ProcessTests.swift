import Contracts
import Foundation
import Harness
import Testing

@Suite(.timeLimit(.minutes(2))) struct ProcessTests {
    @Test func aCommandTellsHowItEndedAndWhatItSaid() async throws {
        var command = Command("/bin/sh", ["-c", "read line; echo $line; echo bad >&2; exit 3"])
        command.input = "hello\n"
        let finished = try await command.run()
        #expect(finished.status == 3)
        #expect(finished.output == "hello\n")
        #expect(finished.errors == "bad\n")
        #expect(throws: CommandFailed.self) { try finished.succeeded() }
    }

    @Test func aCommandNeedNotReadWhatItIsGiven() async throws {
        var command = Command("/bin/true", [])
        command.input = String(repeating: "unread\n", count: 100_000)
        for _ in 0..<20 { #expect(try await command.run().status == 0) }
    }

    @Test func aCommandThatTakesTooLongIsStopped() async throws {
        var command = Command("/bin/sh", ["-c", "exec sleep 60"])
        command.limitInSeconds = 1
        #expect(try await command.run().status == 124)
    }

    @Test func aMissingPeerIsNamedWithItsPackage() {
        let peer = Peer(program: "no-such-program", debianPackage: "no-such-package")
        #expect {
            try peer.path()
        } throws: {
            "\($0)".contains("apt-get install no-such-package")
        }
    }

    /// Runs a small server that ends with status 7 when it is asked to stop.
    private func withServer(
        _ body: @Sendable @escaping (GuardedProcess) async throws -> Void
    ) async throws -> Int {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        return try await withGuardedProcess(
            "/bin/sh", ["-c", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done"],
            environment: [:], log: folder.path + "/log", body
        ).status
    }

    @Test func aServerIsAskedToStopWhenTheTestIsDone() async throws {
        let status = try await withServer { server in
            #expect(await server.line(startingWith: "ready") == "ready")
            #expect(FileManager.default.fileExists(atPath: "/proc/\(server.pid)"))
        }
        #expect(status == 7)
    }

    @Test func aServerCanBeKilledOnTheWay() async throws {
        let status = try await withServer { server in
            #expect(await server.line(startingWith: "ready") == "ready")
            try await server.signal("KILL")
            await server.ended()
        }
        #expect(status == 137)
    }

    @Test func aServerIsStoppedAlsoWhenTheTestThrows() async throws {
        let pid = Holder()
        await #expect(throws: CommandFailed.self) {
            _ = try await self.withServer { server in
                await pid.set(server.pid)
                throw CommandFailed(description: "on purpose")
            }
        }
        let noted = await pid.value
        #expect(noted > 0 && !FileManager.default.fileExists(atPath: "/proc/\(noted)"))
    }
}

private actor Holder {
    var value = 0
    func set(_ new: Int) { value = new }
}
