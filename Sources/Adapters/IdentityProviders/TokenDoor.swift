import Accounts
import FoundationEssentials
import NIOHTTP1
import ServerKit

/// Changes codes and refresh tokens for tokens, at a provider's token endpoint (RFC 6749, 4.1.3 and 6).
struct TokenDoor: Sendable {
    struct Answer: Sendable {
        let access: Secret
        let refresh: Secret?
        let idToken: String?
        let seconds: Int?
    }

    let description: ProviderDescription
    let talk: ProviderTalk

    func exchange(
        code: Secret, _ attempt: BrowserAttempt, at doors: ProviderDoors
    ) async throws(ProviderError) -> Answer {
        var fields = [("grant_type", "authorization_code"), ("code", code.revealed)]
        if let redirect = attempt.redirect { fields.append(("redirect_uri", redirect)) }
        fields.append(("code_verifier", attempt.verifier.revealed))
        return try await ask(
            fields, at: doors, refused: .untrue("its token endpoint does not take the code"))
    }

    func refresh(_ token: String, at doors: ProviderDoors) async throws(ProviderError) -> Answer {
        try await ask(
            [("grant_type", "refresh_token"), ("refresh_token", token)], at: doors,
            refused: .needsBrowser("\(description.title) no longer takes what it has given for asking again.")
        )
    }

    private func ask(
        _ fields: [(String, String)], at doors: ProviderDoors, refused: ProviderError
    ) async throws(ProviderError) -> Answer {
        var fields = fields
        var headers: HTTPHeaders = ["Accept": "application/json"]
        let proof = description.clientProof ?? (doors.takesBasic ? .basic : .post)
        switch proof {
        case .basic:
            // Both parts are encoded before they are put together (RFC 6749, 2.3.1).
            let pair =
                "\(FormText.encode(description.clientID)):\(FormText.encode(description.clientSecret.revealed))"
            headers.add(name: "Authorization", value: "Basic \(Data(pair.utf8).base64EncodedString())")
        case .post:
            fields += [
                ("client_id", description.clientID), ("client_secret", description.clientSecret.revealed),
            ]
        }
        let answer = try await talk.post(
            doors.token, form: fields, headers: headers, label: "its token endpoint")
        let claims = answer.claims
        if let word = claims?.text("error") { throw Self.refusal(word, answer.status, refused) }
        guard answer.status == 200, let claims else {
            throw .unavailable("its token endpoint answers \(answer.status)")
        }
        guard let access = claims.text("access_token"), !access.isEmpty,
            access.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw .unavailable("its token endpoint gives no access token") }
        guard claims.text("token_type")?.lowercased() ?? "bearer" == "bearer" else {
            throw .unavailable("its token endpoint gives tokens of an unknown kind")
        }
        return Answer(
            access: Secret(access), refresh: claims.text("refresh_token").map(Secret.init),
            idToken: claims.text("id_token"),
            seconds: claims["expires_in"]?.number.flatMap { $0 >= 0 && $0 < 1e10 ? Int($0) : nil })
    }

    /// Only the word of an error is repeated: what else it says may hold parts of what was sent.
    private static func refusal(
        _ word: String, _ status: Int, _ refused: ProviderError
    ) -> ProviderError {
        switch word {
        // The last two are GitHub's.
        case "invalid_grant", "bad_verification_code", "bad_refresh_token": return refused
        case "invalid_client", "unauthorized_client", "incorrect_client_credentials":
            return .unavailable(
                "it does not take `client_id` and the secret in `client_secret_file` (\(plain(word)))")
        default: return .unavailable("its token endpoint answers \(status), \(plain(word))")
        }
    }

    private static func plain(_ word: String) -> String {
        String(decoding: word.utf8.filter { (97...122).contains($0) || $0 == 0x5F }.prefix(60), as: UTF8.self)
    }
}
