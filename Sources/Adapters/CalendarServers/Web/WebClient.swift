import Almanac
import AsyncHTTPClient
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// Asks a server of calendars over HTTP, with a limit on everything. Follows no redirect by itself, for
/// credentials go where they were meant to go.
struct WebClient: Sendable {
    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: ByteBuffer

        /// The seconds of `Retry-After`; dates there are taken for a minute.
        var retryAfter: Int? {
            headers.first(name: "Retry-After").map { max(0, Int($0) ?? 60) }
        }

        var bytes: [UInt8] { Array(body.readableBytesView) }
    }

    static let time = TimeAmount.seconds(60)
    static let answerMax = 64 << 20

    let client: HTTPClient

    /// - Parameter label: what the server is called in errors; addresses and bodies stay out of them.
    func send(
        _ method: HTTPMethod, _ url: String, headers: HTTPHeaders = [:], body: [UInt8]? = nil, label: String
    ) async throws(CalendarServerError) -> Answer {
        do {
            var request = HTTPClientRequest(url: url)
            request.method = method
            request.headers = headers
            request.headers.replaceOrAdd(name: "User-Agent", value: "Homeport")
            if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
            let response = try await client.execute(request, timeout: Self.time)
            let bytes = try await response.body.collect(upTo: Self.answerMax)
            return Answer(status: Int(response.status.code), headers: response.headers, body: bytes)
        } catch is NIOTooManyBytesError {
            throw CalendarServerError(.misunderstood, "\(label) sent more than \(Self.answerMax) bytes")
        } catch let error as HTTPClientError {
            throw CalendarServerError(.unavailable, "\(label) cannot be reached: \(error.shortDescription)")
        } catch {
            throw CalendarServerError(.unavailable, "\(label) cannot be reached: \(error)")
        }
    }
}
