import Almanac
package import AsyncHTTPClient
package import FoundationEssentials
import JWTKit
package import ServerKit

/// Hands out an access token for Google's API, and gets a new one when it has ended. Callers at the same time
/// share one request.
package actor GoogleAccess {
    /// How the program shows who it is.
    package enum Grant: Sendable {
        /// By what a person granted, kept in a file.
        case person(tokenFile: String, credentials: GoogleCredentials.Program?)
        /// As a service account, for a person of its organisation where one is named.
        case service(GoogleCredentials.ServiceAccount, onBehalfOf: String?)
    }

    private struct Current {
        let token: Secret
        let expires: Date
    }

    private let grant: Grant
    private let oauth: GoogleOAuth
    private let threads: BlockingThreads
    private let now: @Sendable () -> Date
    private var current: Current?
    private var fetching: Task<Secret, any Error>?

    package init(
        grant: Grant, client: HTTPClient, threads: BlockingThreads, now: @escaping @Sendable () -> Date
    ) {
        self.grant = grant
        self.oauth = GoogleOAuth(web: WebClient(client: client))
        self.threads = threads
        self.now = now
    }

    /// - Parameter rejected: a token that the API no longer takes, so that it is not handed out again.
    func token(rejected: Secret? = nil) async throws(CalendarServerError) -> Secret {
        if let current, current.expires > now().addingTimeInterval(60),
            current.token.revealed != rejected?.revealed
        {
            return current.token
        }
        let task = fetching ?? Task { try await self.fetch(rejected: rejected) }
        fetching = task
        defer { fetching = nil }
        do {
            return try await task.value
        } catch let error as CalendarServerError {
            throw error
        } catch {
            throw CalendarServerError(.unauthorized, "google: \(error)")
        }
    }

    private func fetch(rejected: Secret?) async throws -> Secret {
        switch grant {
        case .person(let path, let credentials):
            try await refresh(
                PrivateFile(path: path, threads: threads), credentials: credentials, rejected: rejected)
        case .service(let account, let person):
            keep(try await oauth.token(assertion: assertion(account, person), at: account.tokenURL))
        }
    }

    private func refresh(
        _ file: PrivateFile, credentials: GoogleCredentials.Program?, rejected: Secret?
    ) async throws -> Secret {
        guard let bytes = try await file.read() else {
            throw CalendarServerError(
                .unauthorized, "google: \(file.path) is not there: run `homeport weather authorize google`")
        }
        var token = try GoogleToken(json: bytes, credentials: credentials)
        if let kept = token.accessToken, let expires = token.expires, kept.revealed != rejected?.revealed,
            expires > now().addingTimeInterval(60)
        {
            current = Current(token: kept, expires: expires)
            return kept
        }
        let answer = try await oauth.refresh(token)
        let fresh = keep(answer)
        token.accessToken = fresh
        token.expires = current?.expires
        if let rotated = answer.refreshToken { token.refreshToken = rotated }
        try await file.write(token.json())
        return fresh
    }

    @discardableResult
    private func keep(_ answer: GoogleOAuth.Answer) -> Secret {
        current = Current(token: answer.token, expires: now().addingTimeInterval(Double(answer.seconds)))
        return answer.token
    }

    /// The signed statement with which a service account asks for a token (RFC 7523).
    private func assertion(_ account: GoogleCredentials.ServiceAccount, _ person: String?) async throws
        -> Secret
    {
        let issued = now()
        let claims = Assertion(
            iss: account.address, sub: person, scope: GoogleScopes.service.joined(separator: " "),
            aud: account.tokenURL, iat: Int(issued.timeIntervalSince1970),
            exp: Int(issued.timeIntervalSince1970) + 3600)
        let key: Insecure.RSA.PrivateKey
        do {
            key = try Insecure.RSA.PrivateKey(pem: account.privateKey.revealed)
        } catch {
            throw GoogleFileError("the private key of \(account.address) cannot be read")
        }
        let id = account.keyID.map(JWKIdentifier.init(string:))
        let keys = await JWTKeyCollection().add(rsa: key, digestAlgorithm: .sha256, kid: id)
        return Secret(try await keys.sign(claims, kid: id))
    }

    private struct Assertion: JWTPayload {
        let iss: String
        let sub: String?
        let scope: String
        let aud: String
        let iat: Int
        let exp: Int

        func verify(using algorithm: some JWTAlgorithm) {}
    }
}

/// What the program asks to be allowed.
package enum GoogleScopes {
    private static let base = "https://www.googleapis.com/auth/"

    /// The least that is enough: calendars the program makes itself, and the list of calendars, so that one
    /// made by a run that was cut off is found again.
    package static let person = [base + "calendar.app.created", base + "calendar.calendarlist.readonly"]
    /// A service account has no calendars but its own and those shared with it.
    static let service = [base + "calendar"]
}
