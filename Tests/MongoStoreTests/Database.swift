import Contracts
import Foundation
import Harness
import InMemoryLogging
import Logging

@testable import MongoStore

/// A database that no other test uses.
struct Database {
    let name: String
    let port: Int

    /// - Parameter port: of the server; the suite's by default.
    init(port: Int? = nil) throws {
        self.name = MongoServer.newDatabase()
        self.port = try port ?? MongoServer.shared().port
    }

    /// The database as one process has it open.
    func store(
        cacheTime: Duration = .seconds(10), log: InMemoryLogHandler? = nil,
        _ change: (inout MongoSettings) -> Void = { _ in }
    ) throws -> MongoStore {
        var settings = MongoSettings(hosts: ["127.0.0.1:\(port)"], database: name)
        settings.cacheTime = cacheTime
        change(&settings)
        let logger = log.map { handler in Logger(label: "test") { _ in handler } }
        return try MongoStore(
            settings, logger: logger ?? Logger(label: "homeport.mongodb"), now: { Samples.date })
    }

    /// The shared log in it, as one process has it open.
    func log() throws -> MongoLog {
        var settings = MongoSettings(hosts: ["127.0.0.1:\(port)"], database: name)
        settings.timeout = .seconds(10)
        return try MongoLog(settings)
    }

    /// Runs lines of Python on `db`, as somebody with pymongo at hand would.
    func edit(_ lines: String) async throws {
        try await PythonPeers.run("mongo_edit.py", ["\(port)", name, lines]).succeeded()
    }
}

/// Asks again and again until the answer is yes, for at most `limit`; returns whether it came.
func eventually(within limit: Duration, _ isSo: () async throws -> Bool) async throws -> Bool {
    let clock = ContinuousClock()
    let end = clock.now + limit
    while clock.now < end {
        if try await isSo() { return true }
        try await clock.sleep(for: .milliseconds(20))
    }
    return false
}
