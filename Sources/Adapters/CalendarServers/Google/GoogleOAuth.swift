import Almanac
import FoundationEssentials
import NIOHTTP1
import ServerKit

/// Requests to Google's token endpoint (RFC 6749).
struct GoogleOAuth: Sendable {
    struct Answer: Sendable {
        let token: Secret
        /// How long the token is good.
        let seconds: Int
        let refreshToken: Secret?
        let scopes: [String]
    }

    let web: WebClient

    func refresh(_ token: GoogleToken) async throws(CalendarServerError) -> Answer {
        var fields = [
            "grant_type": "refresh_token", "refresh_token": token.refreshToken.revealed,
            "client_id": token.clientID,
        ]
        fields["client_secret"] = token.clientSecret?.revealed
        return try await ask(fields, at: token.tokenURL)
    }

    func token(assertion: Secret, at url: String) async throws(CalendarServerError) -> Answer {
        try await ask(
            ["grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion.revealed],
            at: url)
    }

    /// Changes the code that a person's browser brought for tokens (RFC 7636, 4.5).
    func exchange(
        code: Secret, verifier: Secret, redirect: String, program: GoogleCredentials.Program
    ) async throws(CalendarServerError) -> Answer {
        var fields = [
            "grant_type": "authorization_code", "code": code.revealed, "code_verifier": verifier.revealed,
            "redirect_uri": redirect, "client_id": program.clientID,
        ]
        fields["client_secret"] = program.clientSecret?.revealed
        return try await ask(fields, at: program.tokenURL)
    }

    private func ask(_ fields: [String: String], at url: String) async throws(CalendarServerError) -> Answer {
        let body = fields.sorted { $0.key < $1.key }.map { "\($0.key)=\(formEncoded($0.value))" }
        let answer = try await web.send(
            .POST, url, headers: ["Content-Type": "application/x-www-form-urlencoded"],
            body: Array(body.joined(separator: "&").utf8), label: "google's token server")
        guard answer.status == 200 else { throw Self.refusal(answer) }
        guard
            let tokens = try? JSONDecoder.snakeCase.decode(Tokens.self, from: Data(answer.bytes)),
            !tokens.accessToken.isEmpty
        else {
            throw CalendarServerError(.misunderstood, "google's token server sent no token")
        }
        return Answer(
            token: Secret(tokens.accessToken), seconds: max(0, tokens.expiresIn ?? 3600),
            refreshToken: tokens.refreshToken.map(Secret.init),
            scopes: tokens.scope?.split(separator: " ").map(String.init) ?? [])
    }

    /// Only the code of an error is repeated: what else it says may hold parts of what was sent.
    private static func refusal(_ answer: WebClient.Answer) -> CalendarServerError {
        let code = (try? JSONDecoder.snakeCase.decode(Refusal.self, from: Data(answer.bytes)))?.error ?? ""
        switch (answer.status, code) {
        case (_, "invalid_grant"):
            return CalendarServerError(
                .unauthorized,
                "google no longer accepts the stored sign-in: run `homeport weather authorize google` again")
        case (429, _), (500..., _):
            return CalendarServerError(
                .unavailable, "google's token server answers \(answer.status)", retryAfter: answer.retryAfter)
        default:
            return CalendarServerError(
                .unauthorized, "google's token server answers \(answer.status) \(code.prefix(60))")
        }
    }

    private struct Tokens: Decodable {
        let accessToken: String
        let expiresIn: Int?
        let refreshToken: String?
        let scope: String?
    }

    private struct Refusal: Decodable {
        let error: String
    }
}

/// A value in a form or a query: everything but letters, digits and `-._~` as percent signs.
func formEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var result: [UInt8] = []
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            result.append(byte)
        default: result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
    return String(decoding: result, as: UTF8.self)
}
