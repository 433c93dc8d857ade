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
import ServerKit
import Synchronization
import Testing
import TokenAPI

/// The token server over a store in memory, asked as a client would ask it.
final class Door: Sendable {
    static let service = "registry.example"

    let store = InMemoryAccounts()
    let services: AccountServices

    private let face: TokenAPI

    /// With accounts `alice` (password `open sesame`, everything below `alice/`) and `mirror`, and a rule
    /// that lets everybody pull from `public/`.
    init(anonymous: Bool = false) async throws {
        var settings = AccountServices.Settings(
            issuer: .init(issuer: "homeport"), services: [Self.service, "other.example"])
        settings.hashCost = 8
        let clock = Clock(start: 1_800_000_000)
        services = AccountServices(
            AccountStores(store), settings: settings, threads: BlockingThreads(count: 2, queueMax: 32),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, now: { clock.date })
        face = TokenAPI(service: services.tokenService, keys: services.keys, realm: "home\"port")
        self.clock = clock
        try await services.keys.prepare()
        let alice = try AccountName("alice")
        _ = try await services.accounts.add(alice, password: .plain(Secret("open sesame")))
        if anonymous { _ = try await services.accounts.add(.anonymous, password: .none) }
        try await services.rules.add(
            Rule(seq: 10, match: .init(account: "alice", name: "alice/**"), actions: ["*"]))
        try await services.rules.add(
            Rule(seq: 20, match: .init(account: "alice", type: "registry"), actions: ["*"]))
        try await services.rules.add(Rule(seq: 30, match: .init(name: "public/**"), actions: ["pull"]))
        try await services.rules.add(
            Rule(
                seq: 40, match: .init(account: "alice", name: "host.example:5000/**"),
                actions: ["push", "pull"]))
    }

    final class Clock: Sendable {
        private let seconds: Mutex<Double>
        init(start: Double) { seconds = Mutex(start) }
        var date: Date { Date(timeIntervalSince1970: seconds.withLock { $0 }) }
        func advance(_ by: Double) { seconds.withLock { $0 += by } }
    }

    let clock: Clock

    struct Answer {
        let status: Int
        let headers: HTTPFields
        let body: [UInt8]

        /// The JSON object that every answer is.
        var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]) ?? [:]
        }

        var token: String? { json["token"] as? String }
        var error: String? { json["error"] as? String }

        /// What the token grants, `type:name:actions`.
        var granted: [String] {
            let access = claims["access"] as? [[String: Any]] ?? []
            return access.map { entry in
                "\(entry["type"] ?? ""):\(entry["name"] ?? ""):"
                    + ((entry["actions"] as? [String])?.joined(separator: ",") ?? "")
            }
        }

        var claims: [String: Any] {
            guard let parts = token?.split(separator: "."), parts.count == 3 else { return [:] }
            var text = parts[1].replacingOccurrences(of: "-", with: "+").replacingOccurrences(
                of: "_", with: "/")
            while !text.count.isMultiple(of: 4) { text += "=" }
            guard let data = Data(base64Encoded: text) else { return [:] }
            return (try? JSONSerialization.jsonObject(with: data) as? [String: Any]) ?? [:]
        }
    }

    func get(_ target: String, basic: String? = nil) async throws -> Answer {
        try await send(.get, target, authorization: basic.map(Self.basic))
    }

    func post(
        _ target: String = "/auth/token", form: String, basic: String? = nil,
        type: String? = "application/x-www-form-urlencoded"
    ) async throws -> Answer {
        try await send(.post, target, authorization: basic.map(Self.basic), body: form, type: type)
    }

    static func basic(_ credentials: String) -> String {
        "Basic \(Data(credentials.utf8).base64EncodedString())"
    }

    func send(
        _ method: HTTPRequest.Method, _ target: String, authorization: String? = nil, body: String = "",
        type: String? = nil, from address: String = "192.0.2.7"
    ) async throws -> Answer {
        try #require(
            try await reach(
                method, target, authorization: authorization, body: body, type: type, from: address))
    }

    /// Nil when the face leaves the request to others.
    func reach(
        _ method: HTTPRequest.Method, _ target: String, authorization: String? = nil, body: String = "",
        type: String? = nil, from address: String = "192.0.2.7"
    ) async throws -> Answer? {
        var head = HTTPRequest(method: method, scheme: "https", authority: Self.service, path: target)
        head.headerFields[.authorization] = authorization
        head.headerFields[.contentType] = type
        let request = Request(head: head, body: .init(buffer: ByteBuffer(string: body)))
        var context = HomeportContext(
            source: .init(
                channel: EmbeddedChannel(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
        context.clientAddress = address
        guard let response = try await face.respond(to: request, context: context) else { return nil }
        let collector = Collector()
        try await response.body.write(collector)
        return Answer(
            status: response.status.code, headers: response.headers, body: collector.bytes.withLock { $0 })
    }

    private final class Collector: ResponseBodyWriter {
        let bytes = Mutex<[UInt8]>([])

        func write(_ buffer: ByteBuffer) async throws {
            bytes.withLock { $0.append(contentsOf: buffer.readableBytesView) }
        }

        func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}
