import Contracts
import Foundation

/// A door before the suite's MongoDB, in our own words: it knows a user, and shows two servers of a replica set.
package struct MongoDoor: Sendable {
    /// Of both servers.
    package let ports: [Int]
    package let process: GuardedProcess

    /// Names and passwords in which every character means something somewhere.
    package static let user = "home,po=rt"
    package static let password = "p:a@ss,w=rd/%x"
    package static let replicaSet = "rs0"

    package var hosts: [String] { ports.map { "127.0.0.1:\($0)" } }

    /// Makes the other server the primary.
    package func changePrimary() async throws { try await process.signal("USR1") }
}

/// Runs one while `body` runs.
package func withMongoDoor<Value: Sendable>(
    before server: MongoServer, _ body: @Sendable @escaping (MongoDoor) async throws -> Value
) async throws -> Value {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    return try await withScriptPeer(
        "mongo_door.py", ["\(server.port)", MongoDoor.user, MongoDoor.password], log: folder.path + "/log"
    ) { words, process in
        let ports = words.split(separator: " ").compactMap { Int($0) }
        guard ports.count == 2 else {
            throw CommandFailed(description: "mongo_door.py listens on two ports, and says `\(words)`")
        }
        return try await body(MongoDoor(ports: ports, process: process))
    }
}
