import Access
import Accounts
import Contracts
import Foundation
import HTTPKit
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import OCI
import Registry
import RegistryAPI
import Synchronization
import Testing

/// The face on a registry in memory, with an authorizer whose answers a test can read off its own lines.
struct Bench: Sendable {
    let blobs = InMemoryBlobs()
    let store = InMemoryRegistry()
    let guardian: Guardian
    let api: RegistryAPI
    let registry: Registry

    init(
        limits: RegistryAPILimits = RegistryAPILimits(), registryLimits: RegistryLimits = RegistryLimits(),
        realm: String? = nil, rules: @escaping Guardian.Rules = { $0.account == "alice" }
    ) {
        guardian = Guardian(rules: rules)
        registry = Registry(
            blobs: blobs, links: store, manifests: store, ledger: store, garbage: store,
            limits: registryLimits,
            generation: { 0 }, now: { Samples.date })
        api = RegistryAPI(
            registry: registry, authorizer: guardian,
            tokens: TokenSource(service: "hub.example", realm: realm), limits: limits)
    }

    /// Sends a request as somebody: `Basic alice`, `Bearer alice repository:a:pull`, or nil for nobody.
    func send(
        _ method: HTTPRequest.Method, _ path: String, _ headers: HTTPFields = [:], body: [UInt8]? = nil,
        as who: String? = "Basic alice", authority: String = "hub.example:5000"
    ) async throws -> Answer {
        var headers = headers
        if let who { headers[.authorization] = who }
        if let body, headers[.contentLength] == nil, headers[.transferEncoding] == nil {
            headers[.contentLength] = "\(body.count)"
        }
        let head = HTTPRequest(
            method: method, scheme: "http", authority: authority, path: path, headerFields: headers)
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(bytes: body ?? [])))
        var logger = Logger(label: "test")
        // Where the server notes a request's identifier.
        logger[metadataKey: "hb.request.id"] = "1"
        var context = HomeportContext(
            source: ApplicationRequestContextSource(channel: NIOAsyncTestingChannel(), logger: logger))
        context.authority = authority
        let response = try #require(try await api.respond(to: request, context: context))
        let writer = Collector()
        try await response.body.write(writer)
        return Answer(status: response.status, headers: response.headers, body: writer.bytes)
    }

    /// Pushes a blob by a single POST.
    @discardableResult
    func pushBlob(_ bytes: [UInt8], to name: String = "team/app", as who: String = "Basic alice") async throws
        -> Digest
    {
        let digest = Samples.digest(of: bytes)
        let answer = try await send(
            .post, "/v2/\(name)/blobs/uploads/?digest=\(digest)", body: bytes, as: who)
        try #require(answer.status == .created, "\(answer)")
        return digest
    }

    /// Pushes an image with one blob of its own; returns the manifest as it was sent.
    @discardableResult
    func pushImage(
        _ reference: String = "v1", to name: String = "team/app", config: String = "{}",
        subject: Digest? = nil,
        artifactType: String? = nil, annotations: [String: String] = [:]
    ) async throws -> Manifest {
        let blob = try await pushBlob(Array(config.utf8), to: name)
        let manifest = try Samples.image(
            config: blob, subject: subject, artifactType: artifactType, annotations: annotations)
        let reference = reference.isEmpty ? "\(Samples.digest(of: manifest.bytes))" : reference
        let answer = try await push(manifest, reference, to: name)
        try #require(answer.status == .created, "\(answer)")
        return manifest
    }

    func push(
        _ manifest: Manifest, _ reference: String, to name: String = "team/app",
        as who: String = "Basic alice"
    ) async throws -> Answer {
        try await send(
            .put, "/v2/\(name)/manifests/\(reference)", [.contentType: manifest.mediaType.text],
            body: manifest.bytes, as: who)
    }

    /// Begins an upload and returns its path.
    func begin(_ name: String = "team/app", _ query: String = "", as who: String = "Basic alice") async throws
        -> String
    {
        let answer = try await send(.post, "/v2/\(name)/blobs/uploads/\(query)", as: who)
        try #require(answer.status == .accepted, "\(answer)")
        return try #require(answer.headers[.location])
    }
}

/// What came back.
struct Answer: CustomStringConvertible {
    let status: HTTPResponse.Status
    let headers: HTTPFields
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    var description: String { "\(status.code) \(headers) \(text.prefix(500))" }

    /// The codes of the errors; empty when the body is none of the spec's error bodies.
    var codes: [String] { errors.map(\.code) }

    var errors: [WireError] {
        (try? JSONDecoder().decode(WireErrors.self, from: Data(body)))?.errors ?? []
    }

    subscript(name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }

    struct WireError: Decodable {
        let code: String
        let message: String
        let detail: Detail
    }

    /// A sentence, or the access that was asked for.
    enum Detail: Decodable, Equatable {
        case sentence(String)
        case access([[String: String]])

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let text = try? value.decode(String.self) {
                self = .sentence(text)
            } else {
                self = .access(try value.decode([[String: String]].self))
            }
        }
    }

    private struct WireErrors: Decodable {
        let errors: [WireError]
    }
}

/// An authorizer that a test can see through.
final class Guardian: Authorizer {
    struct Question: Sendable {
        let account: String
        let action: String
        let type: String
        let name: String
        let tag: TagContext
    }

    typealias Rules = @Sendable (Question) -> Bool

    private let rules: Rules
    private let failure = Mutex<SignInError?>(nil)

    init(rules: @escaping Rules) { self.rules = rules }

    /// From now on nobody can be judged.
    func fail(with error: SignInError?) { failure.withLock { $0 = error } }

    func caller(
        authorization: String?, vouched: Vouched?, from address: String?
    ) async throws(SignInError) -> Caller {
        if let failure = failure.withLock({ $0 }) { throw failure }
        guard let authorization else {
            return Caller(account: .anonymous, address: address, hasCredentials: false)
        }
        let words = authorization.split(separator: " ").map(String.init)
        guard words.count > 1 else { throw .invalidToken("it is malformed") }
        if words[0] == "Bearer", words[1] == "over" { throw .invalidToken("it has expired") }
        if words[1] == "wrong" {
            throw words[0] == "Basic" ? .wrongCredentials : .invalidToken("it is not ours")
        }
        let account = words[1] == "nobody" ? AccountName.anonymous : try Self.name(words[1])
        let grants = words[0] == "Bearer" ? words.dropFirst(2).compactMap(Self.scope) : nil
        return Caller(account: account, address: address, grants: grants, hasCredentials: true)
    }

    func granted(
        _ actions: [String], type: String, name: String, tag: TagContext, to caller: Caller
    ) async throws(SignInError) -> [String] {
        actions.filter { action in
            let isInToken =
                caller.grants?.contains {
                    $0.type == type && $0.name == name && $0.actions.contains(action)
                } ?? true
            return isInToken
                && rules(
                    Question(
                        account: caller.account.text, action: action, type: type, name: name, tag: tag))
        }
    }

    func sessionAccount(authorization: String?) async throws(SignInError) -> AccountName? {
        let words = (authorization ?? "").split(separator: " ").map(String.init)
        guard words.count == 3, words[1] == "over" else { return nil }
        return try Self.name(words[2])
    }

    private static func name(_ text: String) throws(SignInError) -> AccountName {
        do { return try AccountName(text) } catch { throw .wrongCredentials }
    }

    private static func scope(_ text: String) -> Scope? {
        let parts = text.split(separator: ":").map(String.init)
        guard parts.count == 3 else { return nil }
        return Scope(
            type: parts[0], name: parts[1], actions: parts[2].split(separator: ",").map(String.init))
    }
}

/// Takes a body as a connection would.
final class Collector: ResponseBodyWriter, Sendable {
    private let collected = Mutex<[UInt8]>([])

    var bytes: [UInt8] { collected.withLock { $0 } }

    func write(_ buffer: ByteBuffer) async throws {
        collected.withLock { $0 += Array(buffer.readableBytesView) }
    }

    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
