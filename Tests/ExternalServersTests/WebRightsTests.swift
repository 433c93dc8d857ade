import Access
import Contracts
import Foundation
import Harness
import ServerKit
import Testing

@testable import ExternalServers

/// A real server that is asked what somebody may do.
@Suite(.timeLimit(.minutes(2))) struct WebRightsTests {
    private func rights(_ url: String) -> (WebRights, AnsweringServer) {
        var settings = AnsweringServer.Settings(url: url)
        settings.secret = Secret(AnsweringPeer.secret)
        let server = AnsweringServer(settings, now: { Date() })
        return (WebRights(server), server)
    }

    private func asked(_ name: String) throws -> AccessRequest {
        AccessRequest(
            account: try AccountName("alice"), labels: ["group": ["vip"]], ip: "192.0.2.7",
            service: "registry", name: name, actions: ["pull", "push"])
    }

    @Test func thePortKeepsItsContract() async throws {
        try await withAnsweringPeer(in: try TemporaryFolder()) { peer in
            let (rights, server) = rights(peer.address + "/decide")
            try await checkAccessDeciderContract(
                rights, granted: try asked("open"), refused: try asked("shut"))
            #expect(try await rights.granted(try asked("half")) == ["pull"])
            #expect(try await rights.granted(try asked("other")) == nil)
            #expect(await rights.trouble() == nil)
            await server.shutDown()
            let first = try #require(peer.asked.first)
            let read = try JSONSerialization.jsonObject(with: Data(first.utf8)) as? [String: Any]
            let body = try #require(read?["body"] as? [String: Any])
            #expect(
                Set(body.keys) == ["account", "labels", "address", "service", "type", "name", "actions"])
            #expect(body["account"] as? String == "alice" && body["type"] as? String == "repository")
            #expect(body["labels"] as? [String: [String]] == ["group": ["vip"]])
        }
    }

    @Test(arguments: ["status/403", "status/500", "nonsense", "cut", "sign-in"])
    func whatIsNoAnswerIsAFailure(_ way: String) async throws {
        try await withAnsweringPeer(in: try TemporaryFolder()) { peer in
            let (rights, server) = rights("\(peer.address)/\(way)")
            let request = try asked("open")
            await #expect(throws: StoreError.self) { _ = try await rights.granted(request) }
            await server.shutDown()
        }
    }
}
