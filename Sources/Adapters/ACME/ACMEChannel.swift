package import AsyncHTTPClient
import Certificates
import Foundation
package import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import Synchronization

/// How requests leave: through a client, or in tests through something that fails on purpose.
package typealias ACMESend = @Sendable (HTTPClientRequest, TimeAmount) async throws -> HTTPClientResponse

/// Signed requests to an authority, each with a nonce that is used once (RFC 8555, 6).
final class ACMEChannel: Sendable {
    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: Data

        func decode<Value: Decodable>(_ type: Value.Type) throws(AuthorityError) -> Value {
            let decoder = JSONDecoder()
            decoder.dateDecodingStrategy = .iso8601
            do {
                return try decoder.decode(type, from: body)
            } catch {
                throw AuthorityError(.unavailable, "the authority's answer cannot be understood: \(error)")
            }
        }

        /// How long to wait before asking again, when it says so.
        func patience(now: Date) -> Date? {
            guard let text = headers.first(name: "Retry-After"), let seconds = Double(text), seconds >= 0
            else {
                return nil
            }
            return now.addingTimeInterval(min(seconds, 7 * 86_400))
        }
    }

    private let send: ACMESend
    private let directoryURL: String
    private let now: @Sendable () -> Date
    private let directory = Mutex<Directory?>(nil)
    /// Few: each is good for one request.
    private let nonces = Mutex<[String]>([])

    private static let bodyMax = 1 << 20
    private static let patience = TimeAmount.seconds(30)
    /// How often a request is sent again because its nonce was not liked; pebble dislikes many on purpose.
    private static let attemptsMax = 20
    private static let noncesMax = 8

    init(directoryURL: String, send: @escaping ACMESend, now: @escaping @Sendable () -> Date) {
        self.directoryURL = directoryURL
        self.send = send
        self.now = now
    }

    func pages() async throws(AuthorityError) -> Directory {
        if let known = directory.withLock({ $0 }) { return known }
        let answer = try await get(directoryURL)
        let pages = try answer.decode(Directory.self)
        directory.withLock { $0 = pages }
        return pages
    }

    /// Reads what is public.
    func get(_ url: String) async throws(AuthorityError) -> Answer {
        let answer = try await request(url, .GET, nil)
        guard answer.status == 200 else { throw problem(answer, url) }
        return answer
    }

    /// Sends a signed request.
    ///
    /// - Parameter payload: nil for reading.
    func post(
        _ url: String, _ payload: (any Encodable & Sendable)?, key: AccountKey, account: String?
    ) async throws(AuthorityError) -> Answer {
        for _ in 0..<Self.attemptsMax {
            let nonce = try await nonce()
            let body: Data
            do {
                body = try key.sign(
                    payload.map { try JSON.encode($0) } ?? Data(), url: url, nonce: nonce, account: account)
            } catch {
                throw AuthorityError(.failed, "signing failed: \(error)")
            }
            let answer = try await request(url, .POST, body)
            if (200...299).contains(answer.status) { return answer }
            if Self.problem(in: answer)?.name != "badNonce" { throw problem(answer, url) }
        }
        throw AuthorityError(.unavailable, "the authority took none of \(Self.attemptsMax) nonces of its own")
    }

    private func nonce() async throws(AuthorityError) -> String {
        if let nonce = nonces.withLock({ $0.popLast() }) { return nonce }
        _ = try await request(pages().newNonce, .HEAD, nil)
        guard let nonce = nonces.withLock({ $0.popLast() }) else {
            throw AuthorityError(.unavailable, "the authority gives no nonces")
        }
        return nonce
    }

    private func request(_ url: String, _ method: HTTPMethod, _ body: Data?)
        async throws(AuthorityError) -> Answer
    {
        var request = HTTPClientRequest(url: url)
        request.method = method
        request.headers.add(name: "User-Agent", value: "Homeport")
        if let body {
            request.headers.add(name: "Content-Type", value: "application/jose+json")
            request.body = .bytes(ByteBuffer(data: body))
        }
        do {
            let response = try await send(request, Self.patience)
            let bytes = try await response.body.collect(upTo: Self.bodyMax)
            if let nonce = response.headers.first(name: "Replay-Nonce"), nonce.utf8.count <= 256 {
                nonces.withLock { nonces in
                    if nonces.count >= Self.noncesMax { nonces.removeFirst() }
                    nonces.append(nonce)
                }
            }
            return Answer(
                status: Int(response.status.code), headers: response.headers, body: Data(buffer: bytes))
        } catch {
            throw AuthorityError(.unavailable, "\(url) cannot be reached: \(error)")
        }
    }

    private static func problem(in answer: Answer) -> Problem? {
        try? JSONDecoder().decode(Problem.self, from: answer.body)
    }

    private func problem(_ answer: Answer, _ url: String) -> AuthorityError {
        let problem = Self.problem(in: answer)
        let words =
            problem.flatMap { problem in problem.detail.map { "\(problem.name): \($0)" } }
            ?? "status \(answer.status) from \(url)"
        if answer.status == 429 || problem?.name == "rateLimited" {
            return AuthorityError(.tooMany(until: answer.patience(now: now())), words)
        }
        return AuthorityError(Self.kind(problem, status: answer.status), words)
    }

    /// What an authority's problem means for the caller (RFC 8555, 6.7).
    static func kind(_ problem: Problem?, status: Int = 0) -> AuthorityError.Kind {
        switch problem?.name {
        case "caa", "connection", "dns", "incorrectResponse", "rejectedIdentifier", "tls", "unauthorized",
            "unsupportedIdentifier":
            .refused
        case "accountDoesNotExist", "externalAccountRequired", "invalidContact", "unsupportedContact",
            "userActionRequired":
            .account
        case "serverInternal": .unavailable
        default: status >= 500 ? .unavailable : .failed
        }
    }
}
