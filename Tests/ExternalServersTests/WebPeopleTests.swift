import Access
import Accounts
import Contracts
import Foundation
import Harness
import ServerKit
import TLSKit
import Testing

@testable import ExternalServers

/// A real server that is asked, also such as misbehaves.
@Suite(.timeLimit(.minutes(2))) struct WebPeopleTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func server(
        _ url: String, _ change: (inout AnsweringServer.Settings) -> Void = { _ in }
    ) -> AnsweringServer {
        var settings = AnsweringServer.Settings(url: url)
        settings.secret = Secret(AnsweringPeer.secret)
        change(&settings)
        return AnsweringServer(settings, now: { Date() })
    }

    /// What one says of alice with the right password.
    private func answer(
        _ url: String, _ change: (inout AnsweringServer.Settings) -> Void = { _ in }
    ) async throws -> SourceAnswer {
        let server = server(url, change)
        let answer = await WebPeople(server).answer(
            try AccountName("alice"), password: Secret(AnsweringPeer.password), from: nil)
        await server.shutDown()
        return answer
    }

    private static func reason(_ answer: SourceAnswer) -> String {
        if case .cannotAsk(let reason) = answer { reason } else { "it answered: \(answer)" }
    }

    private func keepsTheContract(_ server: AnsweringServer) async throws {
        await checkSignInSourceContract(
            WebPeople(server), knows: try AccountName("alice"), password: AnsweringPeer.password,
            labels: ["group": ["vip"]], stranger: try AccountName("bob"))
        #expect(await server.trouble() == nil)
        await server.shutDown()
    }

    @Test func thePortKeepsItsContract() async throws {
        try await withAnsweringPeer(in: folder) { peer in
            try await keepsTheContract(server(peer.address + "/sign-in"))
            let first = try #require(peer.asked.first)
            let question = try #require(
                try JSONSerialization.jsonObject(with: Data(first.utf8)) as? [String: Any])
            #expect(question["type"] as? String == "application/json")
            let body = try #require(question["body"] as? [String: String])
            #expect(
                body == ["account": "alice", "password": AnsweringPeer.password, "address": "192.0.2.7"])
        }
    }

    @Test func itKeepsItOnAUnixSocket() async throws {
        let socket = folder.path + "/who is it.sock"
        try await withAnsweringPeer([socket], in: folder) { peer in
            try await keepsTheContract(server("http://who.example:8/sign-in") { $0.socket = socket })
            #expect(peer.asked.allSatisfy { $0.contains(#""host": "who.example:8""#) })
        }
    }

    /// Nothing but an answer with 200 is one, whatever its body says.
    @Test(arguments: [201, 202, 301, 307, 400, 401, 403, 404, 429, 500, 503])
    func anotherStatusIsNoAnswer(_ status: Int) async throws {
        try await withAnsweringPeer(in: folder) { peer in
            let reason = Self.reason(try await answer(peer.address + "/status/\(status)"))
            #expect(reason.hasPrefix("it answers with status \(status)"), "\(reason)")
            #expect(peer.asked.count == 1, "no redirect is followed")
        }
    }

    @Test(arguments: [
        ("huge", "its answer is larger than 64 KiB"),
        ("nonsense", "its answer is not the JSON that is expected"),
        ("cut", "it cannot be reached: "),
        ("drip", "it has not answered within "),
    ])
    func oneThatMisbehavesCannotBeAsked(_ way: String, _ reason: String) async throws {
        try await withAnsweringPeer(in: folder) { peer in
            let start = ContinuousClock.now
            let answer = try await answer("\(peer.address)/\(way)") {
                if way == "drip" { $0.time = .milliseconds(500) }
            }
            #expect(Self.reason(answer).hasPrefix(reason), "\(answer)")
            #expect(!Self.reason(answer).contains("sesame"))
            #expect(ContinuousClock.now - start < .seconds(40), "the whole drip takes 100 seconds")
        }
    }

    @Test func aConnectionThatWasClosedMeanwhileIsNoTrouble() async throws {
        try await withAnsweringPeer(in: folder) { peer in
            let server = server(peer.address + "/once")
            for _ in 0..<20 {
                let answer = await WebPeople(server).answer(
                    try AccountName("alice"), password: Secret(AnsweringPeer.password), from: nil)
                #expect(answer == .signedIn(["group": ["vip"]]))
            }
            await server.shutDown()
        }
    }

    @Test func aWrongSecretIsNoWrongPassword() async throws {
        try await withAnsweringPeer(in: folder) { peer in
            let stranger = server(peer.address + "/sign-in") { $0.secret = Secret("another") }
            let answer = await WebPeople(stranger).answer(
                try AccountName("alice"), password: Secret(AnsweringPeer.password), from: nil)
            let words = "it answers with status 401: it does not take our secret or certificate"
            #expect(answer == .cannotAsk(words))
            #expect(await stranger.trouble() == words)
            await stranger.shutDown()
            let away = server(peer.address + "/away")
            #expect(await away.trouble() == "it answers with status 503")
            await away.shutDown()
        }
    }

    @Test func nobodyThereIsSaid() async throws {
        let port = try #require(try freePorts(1).first)
        let reason = Self.reason(try await answer("http://127.0.0.1:\(port)/"))
        #expect(reason.hasPrefix("it cannot be reached: "), "\(reason)")
        let lost = Self.reason(
            try await answer("http://localhost/") {
                $0.socket = "/nonexistent/socket"
                $0.time = .seconds(60)
            })
        #expect(lost.hasPrefix("it cannot be reached: "), "\(lost)")
    }

    /// What holds of every source holds of this one: its time, how many ask at once, and what comes after it.
    @Test func itIsWatchedAsOthersAre() async throws {
        try await withAnsweringPeer(in: folder) { peer in
            let server = server(peer.address + "/drip") { $0.time = .seconds(20) }
            var limits = WatchedSource.Limits()
            limits.time = .milliseconds(300)
            limits.calls = 1
            let alice = try AccountName("alice")
            let stopping = WatchedSource("who", WebPeople(server), limits: limits)
            let late = await stopping.answer(alice, password: Secret("x"), from: nil)
            #expect(late == .cannotAsk("it has not answered within \(limits.time)"))
            let crowded = await stopping.answer(alice, password: Secret("x"), from: nil)
            #expect(crowded == .cannotAsk("1 are asking it already"))
            #expect(await stopping.answer(alice, password: Secret(""), from: nil) == .wrongPassword)
            #expect(peer.asked.count <= 1, "nobody is asked about an empty password")
            limits.goesOn = true
            let lenient = WatchedSource("who", WebPeople(server), limits: limits)
            #expect(await lenient.answer(alice, password: Secret("x"), from: nil) == .notMine)
            await server.shutDown()
        }
    }

    // MARK: Certificates

    private func write(_ text: String, _ name: String) throws -> String {
        try text.write(toFile: folder.path + "/" + name, atomically: true, encoding: .utf8)
        return folder.path + "/" + name
    }

    private func files(_ name: String) -> CertificateFiles {
        CertificateFiles(certificate: "\(folder.path)/\(name).pem", key: "\(folder.path)/\(name).key")
    }

    @Test func bothShowTheirCertificate() async throws {
        let (servers, clients, others) = (try TestAuthority(), try TestAuthority(), try TestAuthority())
        try servers.issue(["who.test"]).write(to: folder.path, as: "server")
        try clients.issueClient(["registry"]).write(to: folder.path, as: "client")
        try others.issueClient(["registry"]).write(to: folder.path, as: "stranger")
        let authority = try write(servers.pem, "servers.pem")
        let otherAuthority = try write(others.pem, "others.pem")
        let clientAuthority = try write(clients.pem, "clients.pem")
        let own = files("server")
        try await withAnsweringPeer([own.certificate, own.key, clientAuthority], in: folder) { peer in
            func server(_ authority: String?, _ shown: CertificateFiles?) -> AnsweringServer {
                self.server(peer.address + "/sign-in") {
                    $0.secret = nil
                    $0.tls = ClientTLS(authorityFile: authority, own: shown)
                }
            }
            try await keepsTheContract(server(authority, files("client")))
            for (believed, shown) in [
                (authority, files("stranger")), (authority, nil), (otherAuthority, files("client")),
                (nil, files("client")),
            ] {
                let server = server(believed, shown)
                let answer = await WebPeople(server).answer(
                    try AccountName("alice"), password: Secret(AnsweringPeer.password), from: nil)
                #expect(Self.reason(answer).hasPrefix("it cannot be reached: "), "\(answer)")
                await server.shutDown()
            }
            #expect(peer.asked.allSatisfy { $0.contains(#""certificate": true"#) })
        }
    }

    /// The name in the server's certificate has to be the one that is asked for.
    @Test func aServerUnderAnotherNameIsNotAsked() async throws {
        let authority = try TestAuthority()
        try authority.issue(["who.test"], hasAddress: false).write(to: folder.path, as: "server")
        try authority.issueClient(["registry"]).write(to: folder.path, as: "client")
        let believed = try write(authority.pem, "ca.pem")
        let own = files("server")
        try await withAnsweringPeer([own.certificate, own.key, believed], in: folder) { peer in
            let url = peer.address.replacing("127.0.0.1", with: "localhost")
            let answer = try await answer(url + "/sign-in") {
                $0.tls = ClientTLS(authorityFile: believed, own: files("client"))
            }
            #expect(Self.reason(answer).hasPrefix("it cannot be reached: "), "\(answer)")
            #expect(peer.asked.isEmpty)
        }
    }

    @Test func filesThatAreNoGoodAreNamed() async throws {
        let broken = try write("nonsense", "broken.pem")
        #expect(throws: CertificateFileError.self) {
            _ = try ClientTLS(authorityFile: broken).configuration(now: Date())
        }
        let answer = try await answer("https://127.0.0.1:1/") { $0.tls = ClientTLS(authorityFile: broken) }
        #expect(Self.reason(answer).contains("broken.pem holds no certificate of an authority"), "\(answer)")
    }
}
