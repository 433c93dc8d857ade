package import Contracts
import Foundation
import Synchronization

/// The built program, as it runs for one test: `homeport serve` on a port and a folder of its own.
package final class Homeport: Sendable {
    /// Where it listens, `127.0.0.1:40123`: also how image names begin.
    package let address: String
    /// Its data.
    package let folder: TemporaryFolder
    package let process: GuardedProcess
    private let killed = Mutex(false)

    package static let adminPassword = "correct horse battery staple"

    init(address: String, folder: TemporaryFolder, process: GuardedProcess) {
        self.address = address
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

    /// Runs another command of the program on the same data.
    package func run(_ arguments: [String], input: String = "") async throws -> Finished {
        try await homeport(arguments, data: folder.path + "/data", input: input)
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
package func withHomeport<Value: Sendable>(
    in folder: TemporaryFolder? = nil, settings: String = "", arguments: [String] = [],
    environment: [String: String] = [:],
    _ body: @Sendable @escaping (Homeport) async throws -> Value
) async throws -> Value {
    let folder = try folder ?? TemporaryFolder()
    let configuration = folder.path + "/homeport.yaml"
    try settings.write(toFile: configuration, atomically: true, encoding: .utf8)
    var environment = environment
    environment["HOMEPORT_ADMIN_PASSWORD"] = environment["HOMEPORT_ADMIN_PASSWORD"] ?? Homeport.adminPassword
    let (outcome, status) = try await withGuardedProcess(
        try homeportPath(),
        ["serve", "--config", configuration, "--data", folder.path + "/data", "--listen", "127.0.0.1:0"]
            + arguments,
        environment: environment, log: folder.path + "/log"
    ) { process in
        let server = try await listening(process, folder: folder)
        return (try await body(server), server.isKilled)
    }
    guard status == (outcome.1 ? 137 : 0) else {
        let log = (try? String(contentsOfFile: folder.path + "/log", encoding: .utf8)) ?? ""
        throw CommandFailed(description: "homeport serve ended with status \(status):\n\(log.suffix(4000))")
    }
    return outcome.0
}

/// Waits for the line that says where the program listens.
private func listening(_ process: GuardedProcess, folder: TemporaryFolder) async throws -> Homeport {
    let words = "listening on http://"
    guard let line = await process.line(startingWith: words) else {
        let log = (try? String(contentsOfFile: folder.path + "/log", encoding: .utf8)) ?? ""
        throw CommandFailed(description: "homeport serve did not start:\n\(log.suffix(4000))")
    }
    let address = line.dropFirst(words.count).prefix { !$0.isWhitespace && $0 != "/" }
    return Homeport(address: String(address), folder: folder, process: process)
}
