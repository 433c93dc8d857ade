import Accounts
import HTTPKit
import HTTPTypes
import Hummingbird

/// Why there is no token: a status, and the reason in the words of both families of clients, registry errors
/// and OAuth2 (RFC 6749, section 5.2). Never what is wrong inside, never whether an account exists.
struct TokenProblem: Error, Sendable {
    private enum Code: String {
        case unauthorized = "UNAUTHORIZED"
        case denied = "DENIED"
        case invalidRequest = "INVALID_REQUEST"
        case unsupported = "UNSUPPORTED"
        case tooManyRequests = "TOOMANYREQUESTS"
        case unavailable = "UNAVAILABLE"
        case sizeInvalid = "SIZE_INVALID"
    }

    let outcome: TokenMetrics.Outcome
    private let status: HTTPResponse.Status
    private let code: Code
    /// The name of the error in OAuth2.
    private let name: String
    private let sentence: String
    private var headers: HTTPFields = [:]
    private var asksForBasic = false
    private var closesConnection = false

    private init(
        _ outcome: TokenMetrics.Outcome, _ status: HTTPResponse.Status, _ code: Code, _ name: String,
        _ sentence: String
    ) {
        self.outcome = outcome
        self.status = status
        self.code = code
        self.name = name
        self.sentence = sentence
    }

    /// - Parameter isGrant: whether it was an OAuth2 grant that was refused.
    init(_ error: SignInError, isGrant: Bool) {
        switch error {
        case .wrongCredentials, .invalidToken:
            self.init(
                .refused, .unauthorized, .unauthorized, isGrant ? "invalid_grant" : "access_denied",
                "authentication required: the credentials are missing or wrong")
            asksForBasic = true
        case .tooManyAttempts(let seconds):
            self.init(
                .heldBack, .tooManyRequests, .tooManyRequests, "temporarily_unavailable",
                "too many failed attempts: try again in \(seconds) s")
            headers[.retryAfter] = "\(seconds)"
        case .tooManyRequests(let seconds):
            self.init(
                .heldBack, .tooManyRequests, .tooManyRequests, "temporarily_unavailable",
                "this account asks too much: try again in \(seconds) s")
            headers[.retryAfter] = "\(seconds)"
        case .refused(let sentence):
            self.init(.refused, .forbidden, .denied, "access_denied", sentence)
        case .unavailable:
            self.init(
                .unavailable, .serviceUnavailable, .unavailable, "temporarily_unavailable",
                "accounts cannot be asked at the moment: try again")
            headers[.retryAfter] = "2"
        }
    }

    static func invalidRequest(_ sentence: String) -> Self {
        Self(.malformed, .badRequest, .invalidRequest, "invalid_request", sentence)
    }

    static func invalidScope(_ sentence: String) -> Self {
        Self(.malformed, .badRequest, .invalidRequest, "invalid_scope", sentence)
    }

    static var unsupportedGrant: Self {
        Self(
            .malformed, .badRequest, .unsupported, "unsupported_grant_type",
            "grant_type is one of password and refresh_token")
    }

    static var unknownService: Self {
        Self(
            .malformed, .badRequest, .invalidRequest, "invalid_target",
            "no tokens are issued here for this service")
    }

    static var wrongMediaType: Self {
        var problem = Self(
            .malformed, .unsupportedMediaType, .unsupported, "invalid_request",
            "the body must be application/x-www-form-urlencoded")
        problem.closesConnection = true
        return problem
    }

    static var bodyTooLong: Self {
        var problem = Self(
            .malformed, .contentTooLarge, .sizeInvalid, "invalid_request",
            "the body has at most \(TokenAPI.bodyMax) bytes")
        problem.closesConnection = true
        return problem
    }

    static func wrongMethod(allowed: String) -> Self {
        var problem = Self(
            .malformed, .methodNotAllowed, .unsupported, "invalid_request", "the method is one of \(allowed)")
        problem.headers[.allow] = allowed
        problem.closesConnection = true
        return problem
    }

    func response(realm: String) throws -> Response {
        var headers = headers
        headers[.cacheControl] = "no-store"
        headers[.pragma] = "no-cache"
        if asksForBasic {
            let quotable = realm.unicodeScalars.filter {
                $0.value >= 0x20 && $0 != "\"" && $0 != "\\" && $0.value < 0x7F
            }
            headers[.wwwAuthenticate] =
                "Basic realm=\"\(String(String.UnicodeScalarView(quotable)))\", charset=\"UTF-8\""
        }
        let body = Body(
            errors: [.init(code: code.rawValue, message: sentence)], error: name, description: sentence)
        let response = try Response.json(body, status: status, headers: headers)
        return closesConnection ? response.closingConnection() : response
    }

    private struct Body: Encodable {
        struct Item: Encodable {
            let code: String
            let message: String
        }

        let errors: [Item]
        let error: String
        let description: String

        private enum CodingKeys: String, CodingKey {
            case errors, error
            case description = "error_description"
        }
    }
}
