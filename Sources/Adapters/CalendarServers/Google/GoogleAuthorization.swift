import Almanac
package import AsyncHTTPClient
import Crypto
package import Foundation
package import ServerKit

/// Asks a person, in their browser, to let the program use their calendar: OAuth 2 for installed programs
/// with a loopback redirect (RFC 8252) and PKCE (RFC 7636).
package struct GoogleAuthorization: Sendable {
    /// Where the person goes.
    package let url: String

    private let program: GoogleCredentials.Program
    private let redirect: String
    private let state: Secret
    private let verifier: Secret

    /// - Parameters:
    ///   - redirect: where the browser is sent afterwards, `http://127.0.0.1:PORT/`.
    ///   - random: 64 random bytes.
    package init(program: GoogleCredentials.Program, redirect: String, random: [UInt8]) {
        precondition(random.count == 64, "guesses are as hard as the random bytes are many")
        let verifier = Self.base64URL(random[..<32])
        let state = Self.base64URL(random[32...])
        let challenge = Self.base64URL(Array(SHA256.hash(data: Array(verifier.utf8)))[...])
        let query = [
            ("client_id", program.clientID), ("redirect_uri", redirect), ("response_type", "code"),
            ("scope", GoogleScopes.person.joined(separator: " ")), ("code_challenge", challenge),
            ("code_challenge_method", "S256"), ("state", state), ("access_type", "offline"),
            ("prompt", "consent"),
        ]
        self.url =
            program.authorizationURL + "?" + query.map { "\($0)=\(formEncoded($1))" }.joined(separator: "&")
        self.program = program
        self.redirect = redirect
        self.state = Secret(state)
        self.verifier = Secret(verifier)
    }

    /// Whether an address to which a browser came belongs to this attempt, and not to a guess or another one.
    package func isOurs(_ address: String) -> Bool {
        (try? fields(of: address))?["state"].map { Self.isEqual($0, state.revealed) } ?? false
    }

    /// Reads the code out of the address to which the browser came back, `/?state=…&code=…`.
    package func code(from address: String) throws(GoogleFileError) -> Secret {
        let fields = try fields(of: address)
        guard fields["state"].map({ Self.isEqual($0, state.revealed) }) == true else {
            throw GoogleFileError("the answer belongs to another attempt: start again")
        }
        if let error = fields["error"] {
            let code = error.filter { $0.isASCII && ($0.isLetter || $0 == "_") }
            throw GoogleFileError("google says: \(code.prefix(60))")
        }
        guard let code = fields["code"], !code.isEmpty else {
            throw GoogleFileError("the answer holds no code")
        }
        return Secret(code)
    }

    private func fields(of address: String) throws(GoogleFileError) -> [String: String] {
        guard let question = address.firstIndex(of: "?") else {
            throw GoogleFileError("this is not the address to which Google sent the browser: it has no '?'")
        }
        var fields: [String: String] = [:]
        let query = address[address.index(after: question)...].prefix { $0 != "#" && !$0.isWhitespace }
        for pair in query.split(separator: "&").prefix(32) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? String(parts[1]).replacing("+", with: " ") : ""
            fields[String(parts[0])] = value.removingPercentEncoding ?? value
        }
        return fields
    }

    /// Changes the code for a token and keeps it, readable only to its owner.
    package func finish(
        code: Secret, tokenFile: String, client: HTTPClient, threads: BlockingThreads, now: Date
    ) async throws {
        let answer = try await GoogleOAuth(web: WebClient(client: client)).exchange(
            code: code, verifier: verifier, redirect: redirect, program: program)
        guard let refresh = answer.refreshToken else {
            throw CalendarServerError(
                .unauthorized, "google gave no lasting permission: remove the program's access and try again")
        }
        guard answer.scopes.isEmpty || answer.scopes.contains(GoogleScopes.person[0]) else {
            throw CalendarServerError(
                .unauthorized, "the box for making calendars was not ticked: try again and tick it")
        }
        let token = GoogleToken(
            accessToken: answer.token, refreshToken: refresh,
            expires: now.addingTimeInterval(Double(answer.seconds)), tokenURL: program.tokenURL,
            clientID: program.clientID, clientSecret: program.clientSecret,
            scopes: answer.scopes.isEmpty ? GoogleScopes.person : answer.scopes)
        try await PrivateFile(path: tokenFile, threads: threads).write(token.json())
    }

    private static func base64URL(_ bytes: ArraySlice<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }

    /// Takes as long for a near miss as for a far one.
    private static func isEqual(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
