import Contracts
import Foundation
import Harness
import Testing

/// Sockets that are files, and sockets that somebody else listens on.
@Suite(.timeLimit(.minutes(3))) struct SocketTests {
    private func curl(_ socket: String, _ path: String) async throws -> Finished {
        try await Command(
            Peer.curl.path(), ["-sS", "--unix-socket", socket, "http://localhost\(path)"]
        ).run()
    }

    /// Starts the program with the words given, waits for a line of it and stops it; what `body` throws counts.
    private func serving(
        _ program: [String], in folder: TemporaryFolder, until words: String?,
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws -> Int {
        try await withGuardedProcess(
            program[0], Array(program.dropFirst()), environment: [:], log: folder.path + "/log"
        ) { process in
            if let words {
                #expect(await process.line(startingWith: words) != nil, "\(Self.log(folder))")
            }
            try await body()
        }.status
    }

    private static func log(_ folder: TemporaryFolder) -> String {
        (try? String(contentsOfFile: folder.path + "/log", encoding: .utf8)) ?? ""
    }

    @Test func aUnixSocketIsServedForItsGroupAndLeavesNothing() async throws {
        let folder = try TemporaryFolder()
        let socket = folder.path + "/socket"
        let serve = [
            try homeportPath(), "serve", "--data", folder.path + "/data", "--listen", "unix:\(socket)",
        ]
        for _ in 0..<2 {
            let status = try await serving(serve, in: folder, until: "listening on unix:\(socket)") {
                let health = try await curl(socket, "/healthz").succeeded().output
                #expect(health == "ok\n")
                let mode = try FileManager.default.attributesOfItem(atPath: socket)[.posixPermissions]
                #expect(mode as? Int == 0o660)
                let base = try await curl(socket, "/v2/").succeeded().output
                #expect(base.contains("UNAUTHORIZED"))
            }
            #expect(status == 0)
            #expect(!FileManager.default.fileExists(atPath: socket))
        }
        // A socket that a killed server has left is no hindrance; anything else is.
        try await left(at: socket)
        let again = try await serving(serve, in: folder, until: "listening on unix:") {
            let health = try await curl(socket, "/healthz").succeeded().output
            #expect(health == "ok\n")
        }
        #expect(again == 0)
        try "precious".write(toFile: socket, atomically: true, encoding: .utf8)
        let refused = try await homeport(Array(serve.dropFirst()))
        #expect(refused.status == 3 && refused.errors.contains("a file of this name that is no socket"))
        #expect(try String(contentsOfFile: socket, encoding: .utf8) == "precious")
    }

    /// Binds a socket there and goes.
    private func left(at path: String) async throws {
        let script = "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])"
        try await Command(PythonPeers.interpreter(), ["-c", script, path]).run().succeeded()
    }

    @Test func systemdHandsOverASocketByItsName() async throws {
        let folder = try TemporaryFolder()
        let socket = folder.path + "/socket"
        let words = [
            try Peer.systemdSocketActivate.path(), "-l", socket, "--fdname=door", try homeportPath(), "serve",
            "--data", folder.path + "/data", "--listen", "systemd:door",
        ]
        let status = try await serving(words, in: folder, until: nil) {
            while !FileManager.default.fileExists(atPath: socket) { await Task.yield() }
            // The first client has the program started, and is served by it.
            let health = try await curl(socket, "/healthz").succeeded().output
            let readiness = try await curl(socket, "/readyz").succeeded().output
            #expect(health == "ok\n" && readiness == "ready\n")
        }
        #expect(status == 0)
        let alone = try await homeport([
            "serve", "--data", folder.path + "/data", "--listen", "systemd:door",
        ])
        #expect(alone.status == 2 && alone.errors.contains("FileDescriptorName=door"), "\(alone)")
    }

    private struct Seen: Decodable {
        let answers: Int
        let refused: Int
        let failed: [String]
        let starts: Int
        let stops: Int
        let signs: Int
        let codes: [Int]
    }

    /// Clients come all the time, each with a connection of its own, while the program is started anew.
    @Test func aRestartRefusesNobody() async throws {
        let folder = try TemporaryFolder()
        let finished = try await PythonPeers.run(
            "socket_activation.py",
            [
                "3", try homeportPath(), "serve", "--data", folder.path + "/data", "--listen", "systemd:door",
            ], limitInSeconds: 120
        ).succeeded()
        let seen = try JSONDecoder().decode(Seen.self, from: Data(finished.output.utf8))
        #expect(seen.refused == 0 && seen.failed.isEmpty, "\(seen)")
        #expect(seen.answers > 150 && seen.starts == 4 && seen.stops == 3, "\(seen)")
        #expect(seen.signs >= 3, "the watchdog is told that the program lives: \(seen)")
        #expect(seen.codes == [0, 0, 0])
    }
}
