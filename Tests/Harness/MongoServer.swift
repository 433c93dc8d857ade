package import Contracts
import Foundation
package import Testing

/// A server that speaks MongoDB's protocol, from PyPI (nx-27017), on a port of its own: what Homeport asks of a
/// MongoDB it answers, but it knows no users, no replica sets and no TLS.
package struct MongoServer: Sendable {
    package let port: Int
    package let process: GuardedProcess

    package var host: String { "127.0.0.1:\(port)" }

    /// The server that was started for this test, by the trait `.mongoServer` of a suite around it.
    @TaskLocal package static var current: MongoServer?

    /// The one of the suite.
    package static func shared() throws -> MongoServer {
        guard let current else {
            throw CommandFailed(description: "the suite lacks the trait .mongoServer")
        }
        return current
    }

    /// A database of this server that nobody else uses.
    package static func newDatabase() -> String { "test-\(UUID().uuidString.prefix(13).lowercased())" }
}

/// Runs a MongoDB while `body` runs.
///
/// - Parameters:
///   - folder: where its files lie; what an earlier run has left is there again.
///   - port: the port of an earlier run; any free one by default.
package func withMongoServer<Value: Sendable>(
    in folder: TemporaryFolder, port: Int = 0,
    _ body: @Sendable @escaping (MongoServer) async throws -> Value
) async throws -> Value {
    let program = try PythonPeers.program("nx-27017")
    let data = folder.path + "/mongo"
    try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
    let (value, _) = try await withGuardedProcess(
        "/bin/sh",
        [
            "-c", "exec \"$@\" 2>&1", "sh", program, "--data-dir", data, "-p", "\(port)", "--log-file",
            folder.path + "/mongo.log", "--pid-file", "\(folder.path)/mongo-\(UUID().uuidString).pid",
        ],
        environment: ["PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"],
        log: folder.path + "/mongo-errors.log"
    ) { process in
        var said: [String] = []
        while let line = await process.line(startingWith: "") {
            said.append(line)
            guard let found = line.firstMatch(of: /Listening on 127\.0\.0\.1:(\d+)/), let port = Int(found.1)
            else { continue }
            let outcome: Result<Value, any Error>
            do { outcome = .success(try await body(MongoServer(port: port, process: process))) } catch {
                outcome = .failure(error)
            }
            // Asked to stop, it waits for clients to hang up, at times for ever. Its databases end with the test.
            try? await process.signal("KILL")
            return try outcome.get()
        }
        throw CommandFailed(
            description: "nx-27017 did not start:\n" + said.suffix(20).joined(separator: "\n"))
    }
    return value
}

/// One MongoDB for all tests of a suite and those inside it; each test uses a database of its own.
package struct MongoServerTrait: SuiteTrait, TestScoping {
    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withoutActuallyEscaping(function) { function in
            try await withMongoServer(in: TemporaryFolder()) { server in
                try await MongoServer.$current.withValue(server) { try await function() }
            }
        }
    }
}

extension Trait where Self == MongoServerTrait {
    package static var mongoServer: Self { Self() }
}
