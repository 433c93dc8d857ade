import AsyncHTTPClient
import Crypto
package import Foundation
import NIOCore
package import NIOHTTP1

/// Somebody who speaks HTTP to a server under test: an address, and who they say they are.
package struct RegistryCaller: Sendable {
    package enum Credentials: Sendable {
        case nobody
        case basic(name: String, password: String)
        case bearer(String)
    }

    /// `127.0.0.1:40123`.
    package let address: String
    package var credentials: Credentials

    package init(address: String, credentials: Credentials = .nobody) {
        self.address = address
        self.credentials = credentials
    }

    /// The most an answer's body may have, in bytes.
    private static let bodyMax = 256 << 20

    /// Sends one request and reads its whole answer. Redirects are not followed.
    ///
    /// - Parameter path: begins with `/`, or is a whole URL as a `Location` gives it.
    package func send(
        _ method: HTTPMethod, _ path: String, headers: [(String, String)] = [], body: [UInt8]? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: path.hasPrefix("/") ? "http://\(address)\(path)" : path)
        request.method = method
        request.headers = HTTPHeaders(headers)
        switch credentials {
        case .nobody:
            break
        case .basic(let name, let password):
            request.setBasicAuth(username: name, password: password)
        case .bearer(let token):
            request.headers.replaceOrAdd(name: "Authorization", value: "Bearer \(token)")
        }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        let answer = try await Self.client.execute(request, timeout: .seconds(60))
        let bytes = try await answer.body.collect(upTo: Self.bodyMax)
        return Answer(
            status: Int(answer.status.code), headers: answer.headers,
            body: Array(bytes.readableBytesView))
    }

    package func get(_ path: String, headers: [(String, String)] = []) async throws -> Answer {
        try await send(.GET, path, headers: headers)
    }

    package func head(_ path: String) async throws -> Answer { try await send(.HEAD, path) }

    package func put(_ path: String, headers: [(String, String)] = [], body: [UInt8]) async throws -> Answer {
        try await send(.PUT, path, headers: headers, body: body)
    }

    package func post(_ path: String, headers: [(String, String)] = [], body: [UInt8] = []) async throws
        -> Answer
    {
        try await send(.POST, path, headers: headers, body: body)
    }

    package func patch(_ path: String, headers: [(String, String)] = [], body: [UInt8]) async throws
        -> Answer
    {
        try await send(.PATCH, path, headers: headers, body: body)
    }

    package func delete(_ path: String) async throws -> Answer { try await send(.DELETE, path) }

    // Follows no redirects, so that a test sees them.
    private static let client = HTTPClient(
        eventLoopGroupProvider: .singleton,
        configuration: HTTPClient.Configuration(redirectConfiguration: .disallow))
}

/// A whole answer.
package struct Answer: Sendable, CustomStringConvertible {
    package let status: Int
    package let headers: HTTPHeaders
    package let body: [UInt8]

    package var text: String { String(decoding: body, as: UTF8.self) }

    package var description: String { "HTTP \(status)\n\(headers)\n\(text.prefix(2000))" }

    /// The first header of this name.
    package subscript(name: String) -> String? { headers.first(name: name) }

    /// Every header of this name, in order.
    package func all(_ name: String) -> [String] { headers[name] }

    /// The body as JSON: one object, or an empty one when it is none.
    package var object: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:]
    }

    /// The codes of the distribution spec's error body, in order.
    package var errorCodes: [String] {
        (object["errors"] as? [[String: Any]] ?? []).compactMap { $0["code"] as? String }
    }
}

/// `sha256:…` of some bytes, worked out apart from the program under test.
package func sha256(_ bytes: some DataProtocol) -> String {
    "sha256:" + hexadecimal(SHA256.hash(data: bytes))
}

/// `sha512:…` of some bytes.
package func sha512(_ bytes: some DataProtocol) -> String {
    "sha512:" + hexadecimal(SHA512.hash(data: bytes))
}

private func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
}

/// Bytes that nobody has seen before.
package func randomBytes(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<(count + 7) / 8).flatMap { _ in withUnsafeBytes(of: generator.next()) { Array($0) } }
        .dropLast((8 - count % 8) % 8)
}
