import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization

/// A browser without a screen: it keeps cookies, follows redirects and sends forms, and knows names that no resolver
/// does.
package final class Browser: Sendable {
    package struct Page: Sendable {
        package let status: Int
        /// Where it is, after all redirects.
        package let url: String
        let headers: HTTPHeaders
        package let text: String

        package func header(_ name: String) -> String? { headers.first(name: name) }

        /// The value of a hidden field or another quoted attribute after `mark`.
        package func value(after mark: String) -> String? {
            guard let start = text.range(of: mark)?.upperBound else { return nil }
            return String(text[start...].prefix { $0 != "\"" })
        }
    }

    /// Where servers really are: `https://registry.example` at `http://127.0.0.1:40123`.
    private let places: [String: String]
    private let cookies = Mutex<[String: [String: String]]>([:])
    private let trail = Mutex<[String]>([])

    package init(places: [String: String]) { self.places = places }

    /// All addresses so far, as they were asked for.
    package var visited: [String] { trail.withLock { $0 } }

    /// The cookies of an origin.
    package func cookies(of origin: String) -> [String: String] { cookies.withLock { $0[origin] ?? [:] } }

    package func forgetCookies(of origin: String) { cookies.withLock { $0[origin] = nil } }

    package func set(_ cookie: String, to value: String, at origin: String) {
        cookies.withLock { $0[origin, default: [:]][cookie] = value }
    }

    package func get(_ url: String, following: Bool = true) async throws -> Page {
        try await go(url, .GET, form: nil, headers: [:], following: following)
    }

    /// Sends a form as one of the page at `from` would be sent.
    package func post(
        _ url: String, _ form: [(String, String)], from: String? = nil, following: Bool = true
    ) async throws -> Page {
        let origin = Self.origin(of: from ?? url)
        let isSame = origin == Self.origin(of: url)
        let headers: HTTPHeaders = [
            "Origin": origin, "Sec-Fetch-Site": isSame ? "same-origin" : "cross-site",
            "Content-Type": "application/x-www-form-urlencoded",
        ]
        let body = form.map { "\(Self.encoded($0.0))=\(Self.encoded($0.1))" }.joined(separator: "&")
        return try await go(url, .POST, form: body, headers: headers, following: following)
    }

    private func go(
        _ url: String, _ method: HTTPMethod, form: String?, headers: HTTPHeaders, following: Bool
    ) async throws -> Page {
        var page = try await ask(url, method, form: form, headers: headers)
        var count = 0
        while following, (301...303).contains(page.status), let next = page.headers.first(name: "Location") {
            count += 1
            guard count <= 10 else { throw CommandFailed(description: "the redirects do not end") }
            let base = URL(string: page.url)
            guard let goal = URL(string: next, relativeTo: base)?.absoluteString else {
                throw CommandFailed(description: "\(next) is no address")
            }
            page = try await ask(goal, .GET, form: nil, headers: [:])
        }
        return page
    }

    private func ask(_ url: String, _ method: HTTPMethod, form: String?, headers: HTTPHeaders) async throws
        -> Page
    {
        let origin = Self.origin(of: url)
        trail.withLock { $0.append(url) }
        var request = HTTPClientRequest(
            url: (places[origin] ?? origin) + url.dropFirst(origin.count))
        request.method = method
        request.headers = headers
        if let name = URL(string: origin)?.host(), places[origin] != nil {
            request.headers.replaceOrAdd(name: "Host", value: name)
        }
        let held = cookies(of: origin)
        if !held.isEmpty {
            request.headers.add(
                name: "Cookie",
                value: held.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
            )
        }
        if let form { request.body = .bytes(ByteBuffer(string: form)) }
        let response = try await Self.client.execute(request, timeout: .seconds(20))
        try keep(response.headers["Set-Cookie"], from: origin)
        let body = try await response.body.collect(upTo: 1 << 20)
        return Page(
            status: Int(response.status.code), url: url, headers: response.headers, text: String(buffer: body)
        )
    }

    /// Keeps cookies as browsers do; one that a browser would not take fails the test.
    private func keep(_ lines: [String], from origin: String) throws {
        for line in lines {
            let parts = line.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
            guard let equals = parts.first?.firstIndex(of: "=") else { continue }
            let name = String(parts[0][..<equals])
            let marks = Set(parts.dropFirst().map { $0.lowercased() })
            if name.hasPrefix("__Host-") {
                let isTaken =
                    marks.contains("secure") && marks.contains("path=/") && origin.hasPrefix("https://")
                    && !marks.contains { $0.hasPrefix("domain") }
                guard isTaken else { throw CommandFailed(description: "no browser takes \(line)") }
            }
            let value = String(parts[0][parts[0].index(after: equals)...])
            cookies.withLock { $0[origin, default: [:]][name] = marks.contains("max-age=0") ? nil : value }
        }
    }

    /// Scheme, host and port.
    private static func origin(of url: String) -> String {
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        return parts.prefix(3).joined(separator: "/").split(separator: "?").first.map(String.init) ?? url
    }

    private static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? text
    }

    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()
}
