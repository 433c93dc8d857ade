import Almanac
import FoundationEssentials
import NIOHTTP1
import ServerKit
import XMLKit

/// Requests to a CalDAV server with the account's password, and what its refusals mean.
struct DAVTalk: Sendable {
    let web: WebClient
    let user: String
    let password: Secret
    let label: String

    func send(
        _ method: String, _ address: DAVAddress, headers: HTTPHeaders = [:], xml: String
    ) async throws(CalendarServerError) -> WebClient.Answer {
        var headers = headers
        headers.add(name: "Content-Type", value: "application/xml; charset=utf-8")
        return try await send(method, address, headers: headers, body: Array(xml.utf8))
    }

    /// Sends a request. Throws where no answer can help: without credentials and when the server is not well.
    func send(
        _ method: String, _ address: DAVAddress, headers: HTTPHeaders = [:], body: [UInt8]? = nil
    ) async throws(CalendarServerError) -> WebClient.Answer {
        var headers = headers
        let pair = Data("\(user):\(password.revealed)".utf8).base64EncodedString()
        headers.replaceOrAdd(name: "Authorization", value: "Basic \(pair)")
        let answer = try await web.send(
            HTTPMethod(rawValue: method), address.description, headers: headers, body: body, label: label)
        switch answer.status {
        case 401:
            throw CalendarServerError(.unauthorized, "\(label) does not accept the user and password")
        case 429, 500, 502...504:
            throw CalendarServerError(
                .unavailable, "\(label) answers \(answer.status) to \(method)", retryAfter: answer.retryAfter)
        default: return answer
        }
    }

    func multiStatus(
        _ answer: WebClient.Answer, doing: String
    ) throws(CalendarServerError) -> MultiStatus {
        guard answer.status == 207 else { throw error(answer, doing: doing) }
        do {
            return try MultiStatus(answer.bytes)
        } catch {
            throw CalendarServerError(.misunderstood, "\(doing): \(label) sent bad XML: \(error.description)")
        }
    }

    func error(_ answer: WebClient.Answer, doing: String) -> CalendarServerError {
        let kind: CalendarServerError.Kind =
            switch answer.status {
            case 404, 409, 410, 412, 423: .conflict
            case 507: .refused
            case 400...499: .refused
            default: .misunderstood
            }
        let reason = condition(of: answer).map { " (\($0))" } ?? ""
        return CalendarServerError(
            kind, "\(doing): \(label) answers \(answer.status)\(reason)",
            retryAfter: answer.retryAfter)
    }

    /// The precondition that failed, by its name in the standard (RFC 4918, 16).
    func condition(of answer: WebClient.Answer) -> String? {
        guard let root = try? XMLReader.root(of: answer.bytes), root.name == .dav("error") else { return nil }
        return root.children.first.map { String($0.name.local.prefix(60)) }
    }
}
