internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import TLSKit

/// Asks a server as its clients do, and follows nothing by itself.
final class WebClient: Sendable {
    private let client: HTTPClient

    /// What a server has answered.
    struct Answer: Sendable {
        let status: Int
        private let headers: HTTPHeaders
        let body: [UInt8]

        fileprivate init(status: Int, headers: HTTPHeaders, body: [UInt8]) {
            self.status = status
            self.headers = headers
            self.body = body
        }

        subscript(name: String) -> String? { headers.first(name: name) }
    }

    private static let patience = TimeAmount.seconds(20)
    /// A layer may be large, and the way slow.
    private static let bodyPatience = TimeAmount.minutes(10)
    private static let bodySmall = 1 << 20
    private static let bodyMax = 1 << 20

    /// - Parameters:
    ///   - address: where connections to `hosts` go, whatever their names lead to.
    init(authorityFile: String?, address: String?, hosts: [String]) {
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: ClientTrust.configuration(authorityFile: authorityFile))
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(10)
        if let address { for host in hosts { configuration.dnsOverride[host] = address } }
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func ask(
        _ method: HTTPMethod, _ url: String, _ headers: [String: String] = [:], body: [UInt8]? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = method
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(body) }
        let response = try await client.execute(
            request, timeout: body?.count ?? 0 > Self.bodySmall ? Self.bodyPatience : Self.patience)
        let content = try await response.body.collect(upTo: Self.bodyMax)
        return Answer(
            status: Int(response.status.code), headers: response.headers,
            body: Array(content.readableBytesView))
    }

    func shutDown() async { try? await client.shutdown() }
}
