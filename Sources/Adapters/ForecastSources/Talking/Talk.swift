import Almanac
import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import ServerKit
import Weather

/// Asks one service over HTTP, within limits of time and size.
struct Talk: Sendable {
    /// A forecast of ten days is some 100 kB; the longest known is 400 kB.
    static let bodyMax = 4 << 20

    /// What all services are asked with.
    struct Means: Sendable {
        let client: HTTPClient
        /// The version of the program, for those who want to know who asks.
        let version: String
        let timeout: TimeAmount
        let now: @Sendable () -> Date
    }

    let means: Means
    /// How errors call the service: its host, never a URL, which may hold a key.
    let service: String
    let base: String
    let userAgent: String
    let quota: Quota

    init(
        _ means: Means, base: String, contact: String?, quota: Quota = Quota([])
    ) throws(SourceSettingsError) {
        let trimmed = base.hasSuffix("/") ? String(base.dropLast()) : base
        guard let url = URL(string: trimmed), let host = url.host(), url.query() == nil,
            url.scheme == "https" || url.scheme == "http"
        else {
            throw SourceSettingsError(
                description: "'\(base)' is not the address of a service, such as https://host/path")
        }
        let isPlain = { (text: String) in text.utf8.allSatisfy { (0x20...0x7E).contains($0) } }
        guard contact.map(isPlain) ?? true else {
            throw SourceSettingsError(
                description: "a contact is plain text, such as an address or the URL of a page")
        }
        self.means = means
        self.base = trimmed
        self.service = host
        self.userAgent = "homeport/\(means.version)" + (contact.map { " \($0)" } ?? "")
        self.quota = quota
    }

    func now() -> Date { means.now() }

    /// What a service answered.
    struct Answer {
        let status: Int
        let headers: HTTPHeaders
        let body: [UInt8]

        /// The time after which the answer is no longer good, as its headers say.
        func expires(now: Date) -> Date? {
            if let expires = headers.first(name: "Expires"), let date = HTTPDates.date(expires) {
                return date
            }
            let directives = headers[canonicalForm: "Cache-Control"].map { $0.lowercased() }
            for directive in directives where directive.hasPrefix("max-age=") {
                guard let seconds = Double(directive.dropFirst(8)), (1...86_400).contains(seconds) else {
                    continue
                }
                return now.addingTimeInterval(seconds)
            }
            return nil
        }
    }

    /// Asks. Any status comes back as it is, except those that mean the same everywhere: too many requests,
    /// and a service that is not well.
    ///
    /// - Parameter query: names and values, not yet escaped.
    func get(
        _ path: String, _ query: [(String, String)] = [], headers: [(String, String)] = []
    ) async throws(SourceError) -> Answer {
        try await get(url: base + path + Self.escaped(query), headers: headers)
    }

    /// Asks an address that the service itself has given; one of another host is refused.
    func get(linked url: String) async throws(SourceError) -> Answer {
        let host = URL(string: url)?.host()
        guard let host, host == service else {
            throw SourceError(.misunderstood, "\(service) refers to another host")
        }
        // A server of one's own repeats the recorded links of the original, with its own scheme and port.
        let path = URL(string: url)?.path() ?? "/"
        let origin = base.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).prefix(3)
        return try await get(url: origin.joined(separator: "/") + path, headers: [])
    }

    private func get(url: String, headers: [(String, String)]) async throws(SourceError) -> Answer {
        if let seconds = quota.take(at: now()) {
            throw SourceError(
                .unavailable, "\(service) has been asked as often as it allows", retryAfter: seconds)
        }
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "User-Agent", value: userAgent)
        request.headers.add(name: "Accept", value: "application/json")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        let answer: Answer
        do {
            let response = try await means.client.execute(request, timeout: means.timeout)
            let body = try await response.body.collect(upTo: Self.bodyMax)
            answer = Answer(
                status: Int(response.status.code), headers: response.headers,
                body: Array(body.readableBytesView))
        } catch is NIOTooManyBytesError {
            throw SourceError(.misunderstood, "\(service) sent more than \(Self.bodyMax >> 20) MiB")
        } catch let error as HTTPClientError {
            throw SourceError(.unavailable, "\(service) cannot be asked: \(error.shortDescription)")
        } catch {
            throw SourceError(.unavailable, "\(service) cannot be reached")
        }
        try check(answer)
        return answer
    }

    private func check(_ answer: Answer) throws(SourceError) {
        let wait = answer.headers.first(name: "Retry-After").flatMap { Int($0) }.map {
            min(max($0, 0), 86_400)
        }
        switch answer.status {
        case 429:
            throw SourceError(
                .unavailable, "\(service) has been asked too often\(told(answer))", retryAfter: wait ?? 900)
        case 500...599:
            throw SourceError(
                .unavailable, "\(service) is not well (\(answer.status))\(told(answer))", retryAfter: wait)
        default: return
        }
    }

    /// The error for a status that is none of those a source expects.
    func unexpected(_ answer: Answer) -> SourceError {
        let text = "\(service) answered \(answer.status)\(told(answer))"
        switch answer.status {
        case 401, 403: return SourceError(.refused, text)
        case 404: return SourceError(.unknownPlace, text)
        case 400, 422: return SourceError(.refused, text)
        default: return SourceError(.misunderstood, text)
        }
    }

    /// What a service says about an error, when it says so as JSON.
    private func told(_ answer: Answer) -> String {
        guard let text = try? JSONText(answer.body) else { return "" }
        let names: [StaticString] = ["reason", "message", "detail", "title", "error"]
        for name in names {
            if let said = try? text.root.string(name) { return ": \(Self.plain(said))" }
        }
        return ""
    }

    /// One short line of what a stranger wrote.
    static func plain(_ text: String) -> String {
        String(text.prefix(200).map { $0.isNewline || $0.asciiValue.map { $0 < 0x20 } == true ? " " : $0 })
    }

    private static func escaped(_ query: [(String, String)]) -> String {
        guard !query.isEmpty else { return "" }
        return "?" + query.map { "\($0.0)=\(escaped($0.1))" }.joined(separator: "&")
    }

    /// Everything but the unreserved characters of RFC 3986 as `%XX`.
    static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E, 0x2C: result.append(byte)
            default: result += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

extension Talk {
    /// What a source has told in an answer with status 200.
    func told(
        in answer: Answer, for place: Place, by source: SourceName,
        _ reader: ([JSONValue]) throws(AnswerMistake) -> Reading
    ) throws(SourceError) -> SourceAnswer {
        guard answer.status == 200 else { throw unexpected(answer) }
        let reading = try read([answer.body], reader)
        return SourceAnswer(
            forecast: reading.forecast(for: place, source: source), expires: answer.expires(now: now()))
    }

    /// Reads an answer; what is wrong with it is told as the service's mistake.
    func read<Value>(
        _ answers: [[UInt8]], _ reader: ([JSONValue]) throws(AnswerMistake) -> Value
    ) throws(SourceError) -> Value {
        try Self.read(answers, as: service, reader)
    }

    static func read<Value>(
        _ answers: [[UInt8]], as service: String, _ reader: ([JSONValue]) throws(AnswerMistake) -> Value
    ) throws(SourceError) -> Value {
        do {
            return try reader(try answers.map { try JSONText($0).root })
        } catch let mistake as JSONText.Mistake {
            throw SourceError(
                .misunderstood, "the answer of \(service) is not JSON: \(mistake.what), at byte \(mistake.at)"
            )
        } catch let mistake as AnswerMistake {
            throw SourceError(.misunderstood, "the answer of \(service) is not understood: \(mistake)")
        } catch {
            throw SourceError(.misunderstood, "the answer of \(service) is not understood")
        }
    }
}
