import Access
import Accounts
import ServerKit

/// What a request for a token asks, whichever way it came.
struct TokenQuestion {
    let proof: TokenService.Proof
    /// Whether it came as an OAuth2 grant, whose errors have names of their own.
    let isGrant: Bool
    private let service: String?
    private let scopes: [Scope]
    private let wantsRefreshToken: Bool
    private let clientID: String

    /// `GET` (token spec, "Requesting a Token"): Basic, or nobody. A password in a URL is never read: it
    /// would stand in every log on the way.
    init(query: Parameters, authorization: String?, vouched: Vouched? = nil) throws(TokenProblem) {
        let basic = try Self.basic(authorization)
        // Who is named has a name that the client may not know.
        if basic != nil || vouched == nil { try Self.check(account: try query.one("account"), of: basic) }
        self.proof = basic.map { .credentials($0) } ?? .nothing
        self.isGrant = false
        self.service = try query.one("service")
        self.scopes = try Self.scopes(query.all("scope"))
        self.wantsRefreshToken = try query.one("offline_token") == "true"
        self.clientID = try Self.clientID(query)
    }

    /// `POST` (OAuth2 page, "Getting a token"): a grant in a form. What is no secret may stand in the query
    /// too.
    init(form: Parameters, query: Parameters, authorization: String?) throws(TokenProblem) {
        let basic = try Self.basic(authorization)
        self.proof = try Self.proof(form, basic)
        if case .credentials(let credentials) = proof {
            let account = try Self.either(form, query, "account")
            try Self.check(account: account, of: credentials)
        }
        self.isGrant = true
        self.service = try Self.either(form, query, "service")
        self.scopes = try Self.scopes(form.all("scope") + query.all("scope"))
        self.wantsRefreshToken = try form.one("access_type") == "offline"
        self.clientID = try Self.clientID(form)
    }

    /// The same, for the service that answers it.
    func request(
        of service: TokenService, vouched: Vouched?, from address: String?
    ) throws(TokenProblem) -> TokenService.Request {
        guard let audience = service.audience(named: self.service) else { throw .unknownService }
        return TokenService.Request(
            proof: proof, audience: audience, scopes: scopes, wantsRefreshToken: wantsRefreshToken,
            clientID: clientID, address: address, vouched: vouched)
    }

    private static func either(
        _ form: Parameters, _ query: Parameters, _ name: String
    ) throws(TokenProblem) -> String? {
        if let value = try form.one(name) { return value }
        return try query.one(name)
    }

    private static func proof(
        _ form: Parameters, _ basic: BasicCredentials?
    ) throws(TokenProblem) -> TokenService.Proof {
        let grant = try form.one("grant_type")
        switch grant {
        case "refresh_token":
            guard let token = try form.one("refresh_token") else {
                throw .invalidRequest("the parameter refresh_token is missing")
            }
            return .refreshToken(Secret(token))
        case "password", nil:
            // Older clients post credentials without saying which grant it is. Nobody at all is no grant.
            let named = try form.one("username")
            if let basic {
                guard named == nil || named == basic.name else {
                    throw .invalidRequest("the user names in the header and in the form differ")
                }
                return .credentials(basic)
            }
            guard let named, let password = try form.one("password") else {
                let missing = grant == nil ? "grant_type is missing" : "username and password are needed"
                throw .invalidRequest(
                    "\(missing): this takes grant_type=password or grant_type=refresh_token")
            }
            return .credentials(BasicCredentials(name: named, password: Secret(password)))
        default:
            throw .unsupportedGrant
        }
    }

    /// The credentials in the header. An empty name with an empty password is nobody: some clients send that.
    private static func basic(_ authorization: String?) throws(TokenProblem) -> BasicCredentials? {
        guard let authorization else { return nil }
        do {
            guard let basic = try BasicCredentials(authorization: authorization) else {
                throw SignInError.wrongCredentials
            }
            return basic.name.isEmpty && basic.password.revealed.isEmpty ? nil : basic
        } catch {
            throw TokenProblem(.wrongCredentials, isGrant: false)
        }
    }

    private static func check(account: String?, of credentials: BasicCredentials?) throws(TokenProblem) {
        guard let account else { return }
        guard let credentials else {
            // Somebody who says a name and shows nothing has not signed in, and is not nobody either.
            throw TokenProblem(.wrongCredentials, isGrant: false)
        }
        guard account == credentials.name else {
            throw .invalidRequest("the parameter account is not the user who signs in")
        }
    }

    /// Every `scope` parameter, each with one or more scopes separated by spaces.
    private static func scopes(_ texts: [String]) throws(TokenProblem) -> [Scope] {
        var scopes: [Scope] = []
        for text in texts {
            do {
                scopes += try Scope.list(text)
            } catch {
                throw .invalidScope(error.description)
            }
            guard scopes.count <= Scope.countMax else {
                throw .invalidScope("more than \(Scope.countMax) scopes are asked for at once")
            }
        }
        return scopes
    }

    private static func clientID(_ parameters: Parameters) throws(TokenProblem) -> String {
        let text = try parameters.one("client_id") ?? "unnamed"
        guard text.utf8.count <= TokenService.clientIDLengthMax,
            text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { throw .invalidRequest("the parameter client_id is too long or not plain text") }
        return text
    }
}
