import ACME
import AsyncHTTPClient
import Certificates
import Contracts
import Foundation
import Harness
import NIOCore
import NIOHTTP1
import TLSKit
import Testing

/// An authority that behaves badly, word for word.
@Suite(.timeLimit(.minutes(1))) struct ScriptedTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    private func authority(
        _ answer: @escaping @Sendable (HTTPClientRequest) throws -> (HTTPResponseStatus, HTTPHeaders, String)
    )
        -> ACMEAuthority
    {
        ACMEAuthority(
            settings: ACMESettings(directory: "https://ca.example/directory"), cabinet: InMemoryCabinet(),
            board: ChallengeBoard(shelf: CertificateShelf(profile: .standard)),
            send: { request, _ in
                if request.url == "https://ca.example/directory" {
                    let pages =
                        #"{"newNonce":"https://ca.example/n","newAccount":"https://ca.example/a","newOrder":"https://ca.example/o"}"#
                    return HTTPClientResponse(status: .ok, body: .bytes(ByteBuffer(string: pages)))
                }
                var (status, headers, body) = try answer(request)
                headers.add(name: "Replay-Nonce", value: "n")
                return HTTPClientResponse(
                    status: status, headers: headers, body: .bytes(ByteBuffer(string: body)))
            }, now: { Self.now })
    }

    private func failure(_ status: HTTPResponseStatus, _ body: String, _ headers: HTTPHeaders = [:])
        async throws -> AuthorityError
    {
        let authority = authority { request in
            request.url.hasSuffix("/a")
                ? (.created, ["Location": "https://ca.example/a/1"], "{}") : (status, headers, body)
        }
        let name = try #require(HostName("a.example"))
        return try #require(
            await #expect(throws: AuthorityError.self) { try await authority.certificate(for: name) })
    }

    @Test func aLimitSaysUntilWhen() async throws {
        let body = #"{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many certificates"}"#
        let timed = try await failure(.tooManyRequests, body, ["Retry-After": "3600"])
        #expect(timed.kind == .tooMany(until: Self.now.addingTimeInterval(3600)))
        #expect(timed.description == "rateLimited: too many certificates")
        #expect(try await failure(.tooManyRequests, "").kind == .tooMany(until: nil))
        #expect(try await failure(.tooManyRequests, "", ["Retry-After": "soon"]).kind == .tooMany(until: nil))
    }

    @Test(arguments: [
        ("rejectedIdentifier", 400, AuthorityError.Kind.refused), ("caa", 403, .refused),
        ("externalAccountRequired", 401, .account), ("userActionRequired", 403, .account),
        ("serverInternal", 500, .unavailable), ("malformed", 400, .failed), ("", 503, .unavailable),
        ("", 404, .failed),
    ])
    func problemsAreToldApart(_ name: String, _ status: Int, _ kind: AuthorityError.Kind) async throws {
        let body = name.isEmpty ? "<html>" : #"{"type":"urn:ietf:params:acme:error:\#(name)","detail":"why"}"#
        #expect(try await failure(HTTPResponseStatus(statusCode: status), body).kind == kind)
    }

    @Test func nonsenseIsNotBelieved() async throws {
        for body in ["", "{", "[]", #"{"status":"dancing","authorizations":[],"finalize":"x"}"#] {
            #expect(
                try await failure(.created, body, ["Location": "https://ca.example/o/1"]).kind == .unavailable
            )
        }
        #expect(
            try await failure(.created, #"{"status":"pending","authorizations":[],"finalize":"x"}"#).kind
                == .unavailable)
    }

    @Test func anAuthorityThatIsAwayIsUnavailable() async throws {
        let client = ACMEClient(authorityFile: nil)
        let port = try #require(try freePorts(1).first)
        let authority = ACMEAuthority(
            settings: ACMESettings(directory: "https://127.0.0.1:\(port)/dir"), cabinet: InMemoryCabinet(),
            board: ChallengeBoard(shelf: CertificateShelf(profile: .standard)), send: client.send,
            now: Date.init)
        let name = try #require(HostName("a.example"))
        let error = await #expect(throws: AuthorityError.self) { try await authority.certificate(for: name) }
        try await client.shutDown()
        #expect(error?.kind == .unavailable)
        #expect(error?.description.hasPrefix("https://127.0.0.1:\(port)/dir cannot be reached") == true)
    }
}
