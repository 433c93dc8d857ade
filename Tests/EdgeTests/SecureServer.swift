import Certificates
import Contracts
import Edge
import Foundation
import HTTPKit
import Harness
import Hummingbird
import Logging
import NIOCore
import ServerKit
import ServiceLifecycle
import TLSKit

/// A door that speaks TLS for a.example and b.example, for one test.
struct SecureServer: Sendable {
    let port: Int
    let file: TestFile
    let folder: TemporaryFolder
    let authority: TestAuthority
    let keeper: CertificateKeeper
    let board: ChallengeBoard
    let group: ServiceGroup

    /// Runs it on a port of its own while `body` runs, then stops it as SIGTERM would.
    static func run(
        limits: EdgeConfiguration.Limits = .init(), profile: TLSProfile = .standard,
        kind: TestAuthority.Kind = .p256, headers: SecurityHeaders = .init(),
        _ body: @Sendable @escaping (SecureServer) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let authority = try TestAuthority()
        try authority.pem.write(toFile: folder.path + "/ca.pem", atomically: true, encoding: .utf8)
        let files = try ["a", "b"].map { name in
            try authority.issue(["\(name).example"], kind: kind).write(to: folder.path, as: name)
            return CertificateFiles(
                certificate: "\(folder.path)/\(name).pem", key: "\(folder.path)/\(name).key")
        }
        let shelf = CertificateShelf(profile: profile)
        let keeper = CertificateKeeper(
            shelf: shelf, threads: BlockingThreads(count: 1, queueMax: 16), warnAhead: 86_400, now: Date.init)
        try await keeper.open(files)
        let file = try TestFile()
        var configuration = EdgeConfiguration(
            listeners: [Listener(.hostname("127.0.0.1", port: 0), certificates: shelf)], limits: limits)
        configuration.headers = headers
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let server = EdgeServer(
            configuration: configuration, faces: [HealthFace(checks: []), FileFace(file: file)]
        ) {
            address in port.yield(address.port ?? 0)
        }
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: server)], logger: .init(label: "test")))
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            guard let number = await ports.first(where: { _ in true }) else { throw CancellationError() }
            try await body(
                SecureServer(
                    port: number, file: file, folder: folder, authority: authority, keeper: keeper,
                    board: ChallengeBoard(shelf: shelf), group: group))
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// curl, which believes the test's authority and finds both names here.
    func curl(_ path: String, _ options: String..., name: String = "a.example") async throws -> Finished {
        let resolve = ["a.example", "b.example"].flatMap { ["--resolve", "\($0):\(port):127.0.0.1"] }
        return try await Command(
            Peer.curl.path(),
            ["-sS", "--cacert", folder.path + "/ca.pem"] + resolve + options + [
                "https://\(name):\(port)\(path)"
            ]
        ).run()
    }

    /// openssl's client, which says what it was shown.
    func openssl(_ options: String...) async throws -> Finished {
        var command = Command(
            try Peer.openssl.path(),
            ["s_client", "-connect", "127.0.0.1:\(port)", "-CAfile", folder.path + "/ca.pem"] + options)
        command.input = "Q\n"
        return try await command.run()
    }

    func http2(_ what: String, _ path: String = "/who") async throws -> Finished {
        try await PythonPeers.run(
            "http2_client.py", ["\(port)", folder.path + "/ca.pem", "a.example", what, path])
    }
}
