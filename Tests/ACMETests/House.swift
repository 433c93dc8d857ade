import ACME
import AsyncHTTPClient
import Certificates
import Contracts
import Edge
import Foundation
import Harness
import Hummingbird
import Logging
import NIOCore
import ServerKit
import ServiceLifecycle
import TLSKit

/// A door that authorities can come to, and a pebble that comes to it.
struct House: Sendable {
    let pebble: Pebble
    let board: ChallengeBoard
    let client: ACMEClient

    static let name = HostName("a.example")!
    static let foreign = HostName("foreign.example")!

    static func run(
        customers: [String: String] = [:], rejecting: Int = 0, doorStands: Bool = true,
        pagesStand: Bool = true,
        _ body: @Sendable @escaping (House) async throws -> Void
    ) async throws {
        let shelf = CertificateShelf(profile: .standard)
        let board = ChallengeBoard(shelf: shelf)
        try shelf.show([SelfSigned.standIn(for: [name], now: Date())])
        let challenges = ChallengeFace(
            board: pagesStand ? board : nil, folder: nil, threads: BlockingThreads(count: 1, queueMax: 8))
        let (addresses, address) = AsyncStream.makeStream(of: [SocketAddress].self)
        let server = EdgeServer(
            configuration: EdgeConfiguration(listeners: [
                Listener(.hostname("127.0.0.1", port: 0), faces: [challenges]),
                Listener(.hostname("127.0.0.1", port: 0), certificates: shelf),
            ]), faces: []
        ) { all in address.yield(all) }
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: server)], logger: .init(label: "test")))
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            guard let all = await addresses.first(where: { _ in true }) else { throw CancellationError() }
            let ports = doorStands ? all.map { $0.port ?? 0 } : try freePorts(2)
            try await withPebble(
                httpPort: ports[0], tlsPort: ports[1], customers: customers,
                environment: ["PEBBLE_WFE_NONCEREJECT": "\(rejecting)", "PEBBLE_AUTHZREUSE": "0"]
            ) { pebble in
                let client = ACMEClient(authorityFile: pebble.authorityFile)
                do {
                    try await body(House(pebble: pebble, board: board, client: client))
                } catch {
                    try await client.shutDown()
                    throw error
                }
                try await client.shutDown()
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// - Parameter send: in place of the client.
    func authority(
        cabinet: any SecretCabinet = InMemoryCabinet(), by ways: [ACMESettings.Challenge] = [.http],
        customer: ACMESettings.Customer? = nil, send: ACMESend? = nil
    ) -> ACMEAuthority {
        var settings = ACMESettings(
            directory: pebble.directory, email: "admin@example.com", challenges: ways, customer: customer)
        settings.pollInterval = .milliseconds(50)
        settings.pollTime = .seconds(30)
        return ACMEAuthority(
            settings: settings, cabinet: cabinet, board: board, send: send ?? client.send, now: Date.init)
    }
}
