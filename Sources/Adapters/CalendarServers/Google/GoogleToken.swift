package import FoundationEssentials
package import ServerKit

/// What a person granted: the contents of a `token.json`.
package struct GoogleToken: Sendable {
    package var accessToken: Secret?
    package var refreshToken: Secret
    /// When the access token ends; nil when unknown, then it counts as ended.
    package var expires: Date?
    package var tokenURL: String
    package var clientID: String
    package var clientSecret: Secret?
    package var scopes: [String]

    package init(
        accessToken: Secret?, refreshToken: Secret, expires: Date?, tokenURL: String, clientID: String,
        clientSecret: Secret?, scopes: [String]
    ) {
        self.accessToken = accessToken
        self.refreshToken = refreshToken
        self.expires = expires
        self.tokenURL = tokenURL
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.scopes = scopes
    }

    /// Reads a file of google-auth (`token`, `expiry`) or of oauth2client (`access_token`, `token_expiry`).
    ///
    /// - Parameter credentials: supplies what the file may lack.
    package init(json: [UInt8], credentials: GoogleCredentials.Program? = nil) throws(GoogleFileError) {
        guard let file = try? JSONDecoder.snakeCase.decode(File.self, from: Data(json)) else {
            throw GoogleFileError("this is no token.json that Google's libraries write")
        }
        guard let refresh = file.refreshToken, !refresh.isEmpty else {
            throw GoogleFileError("token.json holds no refresh_token: authorize again")
        }
        guard let client = file.clientId ?? credentials?.clientID else {
            throw GoogleFileError("token.json names no client_id, and there is no credentials.json")
        }
        self.accessToken = (file.token ?? file.accessToken).map(Secret.init)
        self.refreshToken = Secret(refresh)
        self.expires = (file.expiry ?? file.tokenExpiry).flatMap(Self.date)
        self.tokenURL = file.tokenUri ?? credentials?.tokenURL ?? googleTokenURL
        self.clientID = client
        self.clientSecret = file.clientSecret.map(Secret.init) ?? credentials?.clientSecret
        self.scopes = file.scopes ?? []
    }

    /// The contents of a file as google-auth writes it, so that Google's own tools can read it too.
    package func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        let file = File(
            token: accessToken?.revealed, refreshToken: refreshToken.revealed, tokenUri: tokenURL,
            clientId: clientID, clientSecret: clientSecret?.revealed, scopes: scopes,
            expiry: expires?.formatted(.iso8601))
        return Array(try encoder.encode(file)) + [0x0A]
    }

    /// `2026-11-23T12:00:00Z`, also with a fraction and without the `Z`, as the libraries have written it.
    private static func date(_ text: String) -> Date? {
        let whole = text.prefix { $0 != "." && $0 != "Z" }
        return try? Date("\(whole)Z", strategy: .iso8601)
    }

    private struct File: Codable {
        var token: String?
        var accessToken: String?
        var refreshToken: String?
        var tokenUri: String?
        var clientId: String?
        var clientSecret: String?
        var scopes: [String]?
        var expiry: String?
        var tokenExpiry: String?
    }
}
