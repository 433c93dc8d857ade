import Contracts
import Foundation
import Harness

/// Programs of others that read and keep calendars, which tests hold ours against. `make test` installs them;
/// a missing one is a failure.
package enum Peers {
    /// The folder of the package.
    package static let packageRoot: String = {
        var url = URL(filePath: #filePath)
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url.path(percentEncoded: false)
    }()

    /// Recorded answers of the weather services.
    package static let recordings = packageRoot + "../shared/fixtures/weather/"

    private static func arguments(_ script: String, _ arguments: [String]) -> [String] {
        ["-X", "utf8", packageRoot + "Tests/PeerScripts/\(script)"] + arguments
    }

    /// Runs a script of `Tests/PeerScripts` to its end and returns what it printed. Throws with what it
    /// complained of when it fails.
    package static func run(
        _ script: String, _ arguments: [String] = [], input: String = "", environment: [String: String] = [:],
        limitInSeconds: Int = 280
    ) async throws -> String {
        var command = Command(try PythonPeers.interpreter(), self.arguments(script, arguments))
        command.input = input
        command.environment = environment
        command.limitInSeconds = limitInSeconds
        return try await command.run().succeeded().output
    }

    /// Runs a program to its end and returns all it said; throws when it fails.
    package static func output(
        of program: String, _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> String {
        let path = program.contains("/") ? program : try Peer(program: program, debianPackage: program).path()
        var command = Command(path, arguments)
        command.environment = environment
        command.limitInSeconds = 280
        return try await command.run().succeeded().text
    }

    /// Starts a script that prints its port on a line and serves.
    package static func withServer<Value: Sendable>(
        _ script: String, _ arguments: [String],
        _ body: @Sendable @escaping (_ port: Int) async throws -> Value
    ) async throws -> Value {
        let folder = try TemporaryFolder()
        let log = folder.path + "/log"
        return try await withGuardedProcess(
            try PythonPeers.interpreter(), self.arguments(script, arguments), environment: [:], log: log
        ) { process in
            guard let port = await process.line(startingWith: "port ").flatMap({ Int($0.dropFirst(5)) })
            else {
                let complaint = try String(contentsOfFile: log, encoding: .utf8)
                throw CommandFailed(description: "\(script) did not start: \(complaint)")
            }
            return try await body(port)
        }.value
    }
}
