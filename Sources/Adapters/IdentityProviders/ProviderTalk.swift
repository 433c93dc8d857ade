import Accounts
package import AsyncHTTPClient
import Metrics
package import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import NIOSSL
import ServerKit
import Synchronization

/// How requests leave: through a client, or in tests through something that fails on purpose.
package typealias ProviderSend = @Sendable (HTTPClientRequest, TimeAmount) async throws -> HTTPClientResponse

/// Asks a provider over HTTP, with a limit on time, on size and on how many ask at once. Follows no redirect:
/// secrets go where they were meant to go.
struct ProviderTalk: Sendable {
    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let bytes: [UInt8]

        var claims: Claims? { Claims(json: bytes) }
    }

    static let answerMax = 1 << 20

    let provider: String
    let time: TimeAmount
    let send: ProviderSend

    func get(
        _ url: String, headers: HTTPHeaders = [:], label: String
    ) async throws(ProviderError) -> Answer {
        try await ask(HTTPClientRequest(url: url), .GET, headers, label)
    }

    func post(
        _ url: String, form: [(String, String)], headers: HTTPHeaders, label: String
    ) async throws(ProviderError) -> Answer {
        var request = HTTPClientRequest(url: url)
        request.body = .bytes(ByteBuffer(string: FormText.encode(form)))
        var headers = headers
        headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
        return try await ask(request, .POST, headers, label)
    }

    /// - Parameter label: what is asked for, in errors; addresses, headers and bodies stay out of them.
    private func ask(
        _ request: HTTPClientRequest, _ method: HTTPMethod, _ headers: HTTPHeaders, _ label: String
    ) async throws(ProviderError) -> Answer {
        var request = request
        request.method = method
        request.headers = headers
        request.headers.replaceOrAdd(name: "User-Agent", value: "Homeport")
        if !request.headers.contains(name: "Accept") {
            request.headers.add(name: "Accept", value: "application/json")
        }
        let start = ContinuousClock.now
        defer {
            Timer(
                label: "homeport_identity_provider_request_duration_seconds",
                dimensions: [("provider", provider)]
            ).record(duration: start.duration(to: .now))
        }
        do {
            let response = try await send(request, time)
            let body = try await response.body.collect(upTo: Self.answerMax)
            return Answer(
                status: Int(response.status.code), headers: response.headers,
                bytes: Array(body.readableBytesView))
        } catch is NIOTooManyBytesError {
            throw .unavailable("\(label) sends more than \(Self.answerMax >> 10) KiB")
        } catch {
            throw .unavailable("\(label) cannot be reached: \(Self.words(error))")
        }
    }

    /// An error without the addresses and headers that it may hold.
    private static func words(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError: error.shortDescription
        case let error as NIOSSLError: "\(error)"
        case let error as IOError: "\(error)"
        default: "\(type(of: error))"
        }
    }
}

/// The HTTP client that providers are asked with; made when the first is.
package final class ProviderClient: Sendable {
    private let authorityFile: String?
    private let client = Mutex<HTTPClient?>(nil)

    /// - Parameter authorityFile: a file with certificates that are believed beside the system's.
    package init(authorityFile: String?) { self.authorityFile = authorityFile }

    package var send: ProviderSend {
        { [self] request, patience in try await made().execute(request, timeout: patience) }
    }

    private func made() -> HTTPClient {
        client.withLock { client in
            if let client { return client }
            var tls = TLSConfiguration.makeClientConfiguration()
            if let authorityFile { tls.additionalTrustRoots = [.file(authorityFile)] }
            var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
            configuration.redirectConfiguration = .disallow
            configuration.timeout.connect = .seconds(10)
            configuration.connectionPool.retryConnectionEstablishment = false
            configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 8
            let new = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            client = new
            return new
        }
    }

    /// To be called when nobody is asked any more.
    package func shutDown() async throws {
        let made = client.withLock { client in
            defer { client = nil }
            return client
        }
        try await made?.shutdown()
    }
}

/// `application/x-www-form-urlencoded`, and the queries of addresses.
enum FormText {
    static func encode(_ fields: [(String, String)]) -> String {
        fields.map { "\(encode($0.0))=\(encode($0.1))" }.joined(separator: "&")
    }

    static func encode(_ text: String) -> String {
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            let isPlain =
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
                || byte == UInt8(ascii: "~")
            if isPlain {
                encoded.append(byte)
            } else {
                let digits = Array("0123456789ABCDEF".utf8)
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// An address with fields added to its query.
    static func adding(_ fields: [(String, String)], to url: String) -> String {
        url + (url.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + encode(fields)
    }
}

/// Addresses that secrets may be sent to.
package enum SafeAddress {
    /// `https`, or `http` on this very machine, for tests and for a provider beside the server.
    package static func isSafe(_ url: String) -> Bool {
        if url.hasPrefix("https://") { return url.utf8.count > 8 && isPlain(url) }
        guard url.hasPrefix("http://"), isPlain(url) else { return false }
        let authority = url.dropFirst(7).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.contains("@") else { return false }
        let host = authority.hasPrefix("[") ? authority.prefix { $0 != "]" } : authority.prefix { $0 != ":" }
        return ["127.0.0.1", "localhost", "[::1"].contains(String(host))
    }

    private static func isPlain(_ url: String) -> Bool {
        url.utf8.count <= 2048 && url.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
            && !url.dropFirst(8).prefix { $0 != "/" }.contains("@")
    }
}
