import Edge
import HTTPKit
import Harness
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import TLSKit
import Testing

/// Faces that answer under certain names only.
@Suite(.timeLimit(.minutes(1))) struct HostedFaceTests {
    private struct Named: Face {
        let name: String

        func respond(to request: Request, context: HomeportContext) async throws -> Response? { .text(name) }

        func loggedPath(of path: String) -> String? { "/hidden" }
    }

    @Test func eachNameHasItsFace() async throws {
        let auth = try #require(HostName("auth.example"))
        let faces: [any Face] = [
            HostedFace(Named(name: "auth"), hosts: [auth]), HostedFace(Named(name: "all"), hosts: []),
        ]
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let server = EdgeServer(
            configuration: EdgeConfiguration(address: .hostname("127.0.0.1", port: 0)), faces: faces
        ) { (address: SocketAddress) in port.yield(address.port ?? 0) }
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: server)], logger: .init(label: "test")))
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            let number = try #require(await ports.first { _ in true })
            let connection = try RawConnection(port: number)
            for (host, name) in [
                ("auth.example", "auth"), ("AUTH.example:5000", "auth"), ("auth.example.", "auth"),
                ("other.example", "all"), ("auth.example.org", "all"), ("[::1]:5000", "all"), ("", "all"),
            ] {
                try await connection.send("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                #expect(
                    String(decoding: try await connection.readAnswer().body, as: UTF8.self) == name, "\(host)"
                )
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        #expect(faces[0].loggedPath(of: "/secret") == "/hidden")
    }
}
