import AsyncHTTPClient
package import FoundationEssentials
import Glibc
import Logging
import NIOCore
import NIOHTTP1
package import ServerKit
import Synchronization
package import TLSKit

/// A server of somebody else that questions are put to over HTTP: JSON in a POST, JSON in an answer with 200.
///
/// The time and the size of an answer have limits, and nothing that it says sends a question elsewhere.
package final class AnsweringServer: Sendable {
    package struct Settings: Sendable {
        package var url: String
        /// A unix socket that the server listens on; what `url` names goes into the request alone then.
        package var socket: String?
        /// Shown as `Authorization: Bearer`.
        package var secret: Secret?
        package var tls = ClientTLS()
        /// How long one answer may take in all.
        package var time = Duration.seconds(10)
        /// How many connections are kept, and used at once.
        package var connections = 16
        /// The most that is read of an answer, in bytes.
        package var answerMax = 64 << 10

        package init(url: String) { self.url = url }
    }

    /// The client for one state of the files.
    private struct Made: Sendable {
        let client: HTTPClient
        let state: CertificateFiles.State
        var looked: ContinuousClock.Instant
    }

    private let settings: Settings
    private let now: @Sendable () -> Date
    private let threads = BlockingThreads(count: 1, queueMax: 1024)
    private let made = Mutex<Made?>(nil)
    private let log = Logger(label: "homeport.sources")

    /// How often a question is put when connections that were kept turn out to be closed.
    private static let attemptsMax = 3
    /// How often the files of the certificates are looked at.
    private static let lookInterval = Duration.seconds(5)

    package init(_ settings: Settings, now: @escaping @Sendable () -> Date) {
        self.settings = settings
        self.now = now
    }

    deinit {
        // One that nobody has shut down lets go of its connections all the same.
        guard let client = made.withLock({ $0 })?.client else { return }
        Task { try? await client.shutdown() }
    }

    /// Puts a question. What it throws is for the operator and holds nothing secret.
    func ask(_ question: [UInt8]) async throws(StoreError) -> [UInt8] {
        let answer = try await bounded { [self] in try await exchange(.POST, question) }
        switch answer.status {
        case 200: return answer.body
        case 300..<400:
            throw StoreError(.unavailable, "it answers with status \(answer.status), and is not followed")
        case 401, 403: throw Self.refusal(answer.status)
        default: throw StoreError(.unavailable, "it answers with status \(answer.status)")
        }
    }

    /// What keeps it from being asked, by a GET that asks nothing: what does not answer GET is there all the same.
    func trouble() async -> String? {
        do throws(StoreError) {
            let answer = try await bounded { [self] in try await exchange(.GET, nil) }
            switch answer.status {
            case 401, 403: throw Self.refusal(answer.status)
            case 300..<400, 500...: return "it answers with status \(answer.status)"
            default: return nil
            }
        } catch {
            return error.description
        }
    }

    private static func refusal(_ status: UInt) -> StoreError {
        StoreError(
            .unavailable, "it answers with status \(status): it does not take our secret or certificate")
    }

    /// To be called when nobody asks any more.
    package func shutDown() async {
        let made = made.withLock { made in
            defer { made = nil }
            return made
        }
        // What is under way may be cut.
        try? await made?.client.shutdown()
    }

    private struct Answer: Sendable {
        let status: UInt
        let body: [UInt8]
    }

    /// Gives up when the time is over, also in the middle of an answer.
    private func bounded(
        _ body: @escaping @Sendable () async throws -> Answer
    ) async throws(StoreError) -> Answer {
        do {
            return try await withThrowingTaskGroup(of: Answer?.self) { [settings] group in
                group.addTask { try await body() }
                group.addTask {
                    try await ContinuousClock().sleep(for: settings.time)
                    return nil
                }
                defer { group.cancelAll() }
                if let first = try await group.next(), let answer = first { return answer }
                throw StoreError(.unavailable, "it has not answered within \(settings.time)")
            }
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(.unavailable, Self.words(error, answerMax: settings.answerMax))
        }
    }

    private func exchange(_ method: HTTPMethod, _ question: [UInt8]?) async throws -> Answer {
        let client = try await client()
        for _ in 1..<Self.attemptsMax {
            do {
                return try await exchange(method, question, by: client)
            } catch let failure where Self.isOfAClosedConnection(failure) {
                // One that was kept. Asking twice is asking once.
                continue
            }
        }
        return try await exchange(method, question, by: client)
    }

    private static func isOfAClosedConnection(_ error: any Error) -> Bool {
        switch error {
        case let error as HTTPClientError: error == .remoteConnectionClosed
        case let error as ChannelError:
            error == .ioOnClosedChannel || error == .alreadyClosed || error == .eof
        case let error as IOError: error.errnoCode == EPIPE || error.errnoCode == ECONNRESET
        default: false
        }
    }

    private func exchange(
        _ method: HTTPMethod, _ question: [UInt8]?, by client: HTTPClient
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: target)
        request.method = method
        request.headers = ["User-Agent": "Homeport", "Accept": "application/json"]
        if settings.socket != nil { request.headers.add(name: "Host", value: authority) }
        if let secret = settings.secret {
            request.headers.add(name: "Authorization", value: "Bearer \(secret.revealed)")
        }
        if let question {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(question)
        }
        let response = try await client.execute(request, timeout: TimeAmount(settings.time))
        // Who asks nothing wants to know no more than that.
        guard question != nil else { return Answer(status: response.status.code, body: []) }
        let body = try await response.body.collect(upTo: settings.answerMax)
        return Answer(status: response.status.code, body: Array(body.readableBytesView))
    }

    // MARK: Where to

    private var target: String {
        guard let socket = settings.socket else { return settings.url }
        let path = socket.utf8.map { byte in
            let isPlain =
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || "-._".utf8.contains(byte)
            guard !isPlain else { return String(UnicodeScalar(byte)) }
            return "%" + String(Int(byte) + 256, radix: 16).dropFirst()
        }
        return "http+unix://\(path.joined())\(rest.path)"
    }

    private var authority: String { rest.authority }

    /// The host and port of the address, and what follows them.
    private var rest: (authority: String, path: String) {
        let text = settings.url.dropFirst("http://".count)
        let authority = text.prefix { $0 != "/" && $0 != "?" }
        let path = text.dropFirst(authority.count)
        return (String(authority), path.hasPrefix("/") ? String(path) : "/\(path)")
    }

    /// An error without headers and bodies.
    private static func words(_ error: any Error, answerMax: Int) -> String {
        switch error {
        case is NIOTooManyBytesError: "its answer is larger than \(answerMax >> 10) KiB"
        case let error as CertificateFileError: error.description
        case let error as HTTPClientError: "it cannot be reached: \(error.shortDescription)"
        default: "it cannot be reached: \(ClientTLS.words(error) ?? String("\(error)".prefix(300)))"
        }
    }

    // MARK: The client

    /// Made when the first asks, and anew when the files of the certificates have changed. Files that are no good
    /// change nothing.
    private func client() async throws -> HTTPClient {
        let known = made.withLock { made -> HTTPClient? in
            guard var current = made else { return nil }
            guard current.looked + Self.lookInterval < .now else { return current.client }
            current.looked = .now
            made = current
            return nil
        }
        if let known { return known }
        let tls = settings.tls
        let state = try await threads.run { tls.state() }
        if let current = made.withLock({ $0 }), current.state == state { return current.client }
        do {
            let client = try await threads.run { [self] in try makeClient() }
            return await take(Made(client: client, state: state, looked: .now))
        } catch {
            guard let current = made.withLock({ $0 }) else { throw error }
            log.error(
                "the certificates for asking a server have changed and cannot be taken; those from before stay",
                metadata: ["problem": "\(error)"])
            return current.client
        }
    }

    private func makeClient() throws -> HTTPClient {
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: try settings.tls.configuration(now: now()))
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = TimeAmount(settings.time)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = settings.connections
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Takes a new client, unless somebody else was faster. The one from before ends when its questions have.
    private func take(_ new: Made) async -> HTTPClient {
        let (client, old) = made.withLock { made -> (HTTPClient, HTTPClient?) in
            if let current = made, current.state == new.state { return (current.client, new.client) }
            defer { made = new }
            return (new.client, made?.client)
        }
        if let old {
            Task { [time = settings.time] in
                try? await ContinuousClock().sleep(for: time)
                try? await old.shutdown()
            }
        }
        return client
    }
}
