package import Accounts
package import HTTPKit
import HTTPTypes
package import Hummingbird
import NIOCore

/// The token server: `GET` and `POST` on `/auth`, `/auth/token` and `/token`, by the token and OAuth2 pages
/// of the distribution project and by what clients really do; and the public keys under `/auth/jwks.json` and
/// `/.well-known/jwks.json`.
///
/// Every answer is JSON, also a refusal: clients read the body before they look at the status.
package struct TokenAPI: Face {
    /// Longest body of a request for a token.
    package static let bodyMax = 16 << 10
    private static let tokenPaths: Set<String> = [
        "/auth", "/auth/", "/auth/token", "/auth/token/", "/token", "/token/",
    ]
    private static let keyPaths: Set<String> = ["/auth/jwks.json", "/.well-known/jwks.json"]

    private let service: TokenService
    private let keys: SigningKeys
    private let realm: String

    /// - Parameter realm: what a browser shows when it asks for a password.
    package init(service: TokenService, keys: SigningKeys, realm: String) {
        self.service = service
        self.keys = keys
        self.realm = realm
    }

    package func respond(to request: Request, context: HomeportContext) async throws -> Response? {
        if Self.tokenPaths.contains(request.uri.path) { return try await token(request, context) }
        if Self.keyPaths.contains(request.uri.path) { return try await publicKeys(request) }
        return nil
    }

    /// Whether a path is one where tokens are asked for.
    static func givesTokens(at path: String) -> Bool { tokenPaths.contains(path) }

    private func token(_ request: Request, _ context: HomeportContext) async throws -> Response {
        let result: TokenService.Answer
        do throws(TokenProblem) {
            result = try await answer(
                request, vouched: context.introduction.map { Vouched($0) }, from: context.clientAddress)
        } catch {
            TokenMetrics.count(error.outcome)
            return try error.response(realm: realm)
        }
        TokenMetrics.count(.issued)
        return try TokenAnswer(result).response()
    }

    private func answer(
        _ request: Request, vouched: Vouched?, from address: String?
    ) async throws(TokenProblem) -> TokenService.Answer {
        let question = try await question(request, vouched)
        let asked = try question.request(of: service, vouched: vouched, from: address)
        do {
            return try await service.answer(asked)
        } catch {
            throw TokenProblem(error, isGrant: question.isGrant)
        }
    }

    private func question(
        _ request: Request, _ vouched: Vouched?
    ) async throws(TokenProblem) -> TokenQuestion {
        let query = try Parameters(urlEncoded: request.uri.query ?? "")
        let authorization = request.headers[.authorization]
        switch request.method {
        case .get:
            return try TokenQuestion(query: query, authorization: authorization, vouched: vouched)
        case .post:
            guard Self.isForm(request.headers[.contentType]) else { throw .wrongMediaType }
            guard let body = try? await request.bodyBytes(limit: Self.bodyMax) else { throw .bodyTooLong }
            guard let text = String(validating: body.readableBytesView, as: UTF8.self) else {
                throw .invalidRequest("the form is not UTF-8")
            }
            return try TokenQuestion(
                form: try Parameters(urlEncoded: text), query: query, authorization: authorization)
        default:
            throw .wrongMethod(allowed: "GET, POST")
        }
    }

    private static func isForm(_ contentType: String?) -> Bool {
        guard let type = contentType?.split(separator: ";").first else { return false }
        return type.lowercased().filter { $0 != " " } == "application/x-www-form-urlencoded"
    }

    private func publicKeys(_ request: Request) async throws -> Response {
        guard request.method == .get || request.method == .head else {
            return try TokenProblem.wrongMethod(allowed: "GET, HEAD").response(realm: realm)
        }
        do {
            return .text(
                try await keys.publicKeySet(),
                headers: [.contentType: "application/jwk-set+json", .cacheControl: "public, max-age=60"])
        } catch {
            return try TokenProblem(.unavailable, isGrant: false).response(realm: realm)
        }
    }
}

extension Vouched {
    /// As the door has understood it.
    init(_ introduction: Introduction) {
        let way: Way = introduction.way == .header ? .header : .certificate
        switch introduction.word {
        case .name(let name, let groups): self.init(way, name: name, groups: groups)
        case .unusable(let sentence): self.init(way, problem: sentence)
        }
    }
}
