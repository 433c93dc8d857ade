package import Contracts
import Foundation
import Synchronization

/// The built program, as it runs for one test: `homeport serve` on a port and a folder of its own.
package final class Homeport: Sendable {
    /// Where it listens, `127.0.0.1:40123`: also how image names begin.
    package let address: String
    /// The ports of the listeners with TLS, and of those that send there, in the order of the configuration.
    package let otherPorts: [Int]
    /// Its data.
    package let folder: TemporaryFolder
    package let process: GuardedProcess
    /// What runs another program where this one's data can be seen.
    private let inside: [String]
    private let killed = Mutex(false)

    package static let adminPassword = "correct horse battery staple"

    init(
        address: String, otherPorts: [Int], folder: TemporaryFolder, process: GuardedProcess, inside: [String]
    ) {
        self.inside = inside
        self.address = address
        self.otherPorts = otherPorts
        self.folder = folder
        self.process = process
    }

    package var port: Int { Int(address.split(separator: ":").last ?? "") ?? 0 }

    /// Speaks to it as its administrator.
    package var admin: RegistryCaller { caller("admin", Self.adminPassword) }

    /// Speaks to it without credentials.
    package var nobody: RegistryCaller { RegistryCaller(address: address) }

    package func caller(_ name: String, _ password: String) -> RegistryCaller {
        RegistryCaller(address: address, credentials: .basic(name: name, password: password))
    }

    /// Ends it as a power cut would, and waits until it is gone.
    package func kill() async throws {
        killed.withLock { $0 = true }
        try await process.signal("KILL")
        await process.ended()
    }

    var isKilled: Bool { killed.withLock { $0 } }

    /// What it has logged so far.
    package var log: String {
        (try? String(contentsOfFile: folder.path + "/log", encoding: .utf8)) ?? ""
    }

    /// Runs another command of the program on the same data, with the same configuration.
    package func run(_ arguments: [String], input: String = "") async throws -> Finished {
        var command = self.command(
            try homeportPath(),
            arguments
                + ["--config", folder.path + "/homeport.yaml", "--data", folder.path + "/data"])
        command.input = input
        return try await command.run()
    }

    /// A run of any program, on the server's own disk if it has one.
    package func command(_ program: String, _ arguments: [String]) -> Command {
        let words = inside + [program] + arguments
        return Command(words[0], Array(words.dropFirst()))
    }
}

/// The folder of the build's products, in which the test bundle and the program lie side by side.
private var products: String {
    let bundle = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    return bundle.deletingLastPathComponent().path(percentEncoded: false)
}

/// Where the program under test lies: beside the test bundle.
package func homeportPath() throws -> String {
    let path = products + "/homeport"
    guard FileManager.default.isExecutableFile(atPath: path) else {
        throw CommandFailed(description: "\(path) is not there: build it with `swift build --build-tests`")
    }
    return path
}

/// Runs one command of the program to its end.
package func homeport(
    _ arguments: [String], data: String? = nil, environment: [String: String] = [:], input: String = ""
) async throws -> Finished {
    var command = Command(try homeportPath(), arguments + (data.map { ["--data", $0] } ?? []))
    command.environment = environment
    command.input = input
    return try await command.run()
}

/// Starts the program on a port of its own, runs `body`, stops it by SIGTERM, and sees that it ends with
/// status 0.
///
/// - Parameters:
///   - folder: to serve what an earlier run has left; a new one by default.
///   - settings: lines of the configuration file.
///   - diskSize: the size of a disk of its own that the data lies on, `48m`; it goes with the server.
package func withHomeport<Value: Sendable>(
    in folder: TemporaryFolder? = nil, settings: String = "", arguments: [String] = [],
    environment: [String: String] = [:], diskSize: String? = nil,
    _ body: @Sendable @escaping (Homeport) async throws -> Value
) async throws -> Value {
    let folder = try folder ?? TemporaryFolder()
    let configuration = folder.path + "/homeport.yaml"
    try settings.write(toFile: configuration, atomically: true, encoding: .utf8)
    var environment = environment
    environment["HOMEPORT_ADMIN_PASSWORD"] = environment["HOMEPORT_ADMIN_PASSWORD"] ?? Homeport.adminPassword
    let disk = try diskSize.map { try SmallDisk(size: $0, at: folder.path + "/data") }
    let words = (disk?.mounting ?? []) + [try homeportPath(), "serve"]
    let (outcome, status) = try await withGuardedProcess(
        words[0],
        words.dropFirst()
            + ["--config", configuration, "--data", folder.path + "/data", "--listen", "127.0.0.1:0"]
            + arguments,
        environment: environment, log: folder.path + "/log"
    ) { process in
        let server = try await listening(process, folder: folder, inside: disk?.entering(process.pid) ?? [])
        return (try await body(server), server.isKilled)
    }
    guard status == (outcome.1 ? 137 : 0) else {
        let log = (try? String(contentsOfFile: folder.path + "/log", encoding: .utf8)) ?? ""
        throw CommandFailed(description: "homeport serve ended with status \(status):\n\(log.suffix(4000))")
    }
    return outcome.0
}

/// Waits for the line that says where the program listens.
private func listening(_ process: GuardedProcess, folder: TemporaryFolder, inside: [String]) async throws
    -> Homeport
{
    let words = "listening on http://"
    var lines: [String] = []
    while lines.last?.hasPrefix(words) != true, let line = await process.line(startingWith: "") {
        lines.append(line)
    }
    guard let line = lines.last, line.hasPrefix(words) else {
        let log = (try? String(contentsOfFile: folder.path + "/log", encoding: .utf8)) ?? ""
        throw CommandFailed(description: "homeport serve did not start:\n\(log.suffix(4000))")
    }
    let address = line.dropFirst(words.count).prefix { !$0.isWhitespace && $0 != "/" }
    let others = lines.dropLast().compactMap {
        $0.firstMatch(of: /https?:\/\/\S+:(\d+)/).flatMap { Int($0.1) }
    }
    return Homeport(
        address: String(address), otherPorts: others, folder: folder, process: process, inside: inside)
}
