package import Accounts
package import HTTPKit
import HTTPTypes
package import Hummingbird
import Logging
import PageKit
import ServerKit

/// Where people sign in with their browser and make tokens for their machines: `/signin`.
///
/// A browser is sent to a provider and back, to no other place: no address comes out of a request. Whatever changes
/// something is a form that carries the mark of its page.
package struct SignInFace: Face {
    private static let formMax = 8 << 10

    let signIn: BrowserSignIn
    let settings: SignInPageSettings
    /// Where browsers come, without a path; nil while no request says it.
    private var origin: String?
    private var cookies: Cookies

    package init(_ signIn: BrowserSignIn, settings: SignInPageSettings) {
        self.signIn = signIn
        self.settings = settings
        self.origin = settings.publicURL
        self.cookies = Cookies(isSecure: settings.publicURL?.hasPrefix("https://") ?? false)
    }

    package func respond(to request: Request, context: HomeportContext) async throws -> Response? {
        guard
            let route = SignInRoute(
                path: String(request.uri.path), query: request.uri.query, places: settings.places)
        else { return nil }
        return try await met(by: request, context).respond(to: route, request, context)
    }

    /// The same, at the address by which the browser has come.
    private func met(by request: Request, _ context: HomeportContext) -> SignInFace {
        guard settings.publicURL == nil else { return self }
        var face = self
        let isSecure = context.isSecure || MetAddress.isSecure(request.headers)
        face.origin = MetAddress.origin(authority: context.authority, isSecure: isSecure)
        face.cookies = Cookies(isSecure: isSecure)
        return face
    }

    private func respond(
        to route: SignInRoute, _ request: Request, _ context: HomeportContext
    ) async throws -> Response? {
        if case .style(let name) = route { return PageStyle.answer(name)?.response(to: request) }
        let allowed: HTTPRequest.Method = route.changes ? .post : .get
        guard request.method == allowed || (!route.changes && request.method == .head) else {
            return .text(
                "\(allowed.rawValue)\n", status: .methodNotAllowed,
                headers: [.allow: route.changes ? "POST" : "GET, HEAD"])
        }
        do {
            return try await answer(route, request, context)
        } catch let error as StoreError {
            context.logger.error("people cannot be asked about", metadata: ["error": "\(error)"])
            return page(.problem("This does not work just now. Try again in a minute."), .serviceUnavailable)
        }
    }

    private func answer(
        _ route: SignInRoute, _ request: Request, _ context: HomeportContext
    ) async throws -> Response {
        switch route {
        case .home:
            guard let visit = try await visit(request) else { return page(.choices(signIn.choices), .ok) }
            return try await home(visit)
        case .begin(let provider): return await begin(provider, request)
        case .callback(let provider): return await finish(provider, request, context)
        case .makeToken, .revokeToken, .leave: return try await change(route, request)
        case .style: return nothing
        }
    }

    /// Under which the places are.
    private var base: String? { origin.map { $0 + settings.places.prefix } }

    private var nothing: Response { .text("Nothing is here.\n", status: .notFound) }

    private func visit(_ request: Request) async throws(StoreError) -> BrowserSignIn.Visit? {
        try await signIn.visit(cookies.session(in: request.headers))
    }

    func page(_ content: SignInPage.Content, _ status: HTTPResponse.Status, headers: HTTPFields = [:])
        -> Response
    {
        SignInPage(content, settings: settings).response(status, headers: headers)
    }

    /// The browser goes on to `address`, with GET.
    private func redirect(to address: String, cookies fields: [String]) -> Response {
        var headers: HTTPFields = [
            .location: address, .cacheControl: "no-store", .init("Referrer-Policy")!: "no-referrer",
        ]
        for field in fields { headers.append(HTTPField(name: .setCookie, value: field)) }
        return Response(status: .seeOther, headers: headers)
    }

    private var homeAddress: String { (settings.publicURL ?? "") + settings.places.home }
}

/// Away to a provider and back.
extension SignInFace {
    private func begin(_ provider: String, _ request: Request) async -> Response {
        do throws(BrowserSignInError) {
            guard let departure = try await signIn.begin(provider, at: base) else { return nothing }
            return redirect(to: departure.address, cookies: [cookies.keep(ticket: departure.ticket)])
        } catch {
            return refusal(error)
        }
    }

    private func finish(_ provider: String, _ request: Request, _ context: HomeportContext) async -> Response
    {
        guard signIn.choices.contains(where: { $0.name == provider }) else { return nothing }
        // Each comes once (RFC 6749, 3.1).
        guard let fields = FormFields(request.uri.query ?? "") else { return refusal(.strange) }
        let code: Result<Secret, BrowserSignInError>
        if let text = fields["code"], !text.isEmpty, fields["error"] == nil {
            code = .success(Secret(text))
        } else {
            code = .failure(.declined(Self.word(fields["error"])))
        }
        do throws(BrowserSignInError) {
            let session = try await signIn.finish(
                provider, state: fields["state"], code: code, issuer: fields["iss"],
                ticket: cookies.ticket(in: request.headers), from: context.clientAddress)
            return redirect(to: homeAddress, cookies: [cookies.keep(session: session), cookies.dropTicket])
        } catch {
            return refusal(error)
        }
    }

    /// A provider's word for why there is no code: letters alone, for it comes with the address.
    private static func word(_ text: String?) -> String {
        let letters = (text ?? "nothing").utf8.filter { (97...122).contains($0) || $0 == UInt8(ascii: "_") }
        return String(decoding: letters.prefix(40), as: UTF8.self)
    }

    private func refusal(_ error: BrowserSignInError) -> Response {
        let (text, status): (String, HTTPResponse.Status) =
            switch error {
            case .strange:
                ("This sign-in was not begun in this browser, or it took too long. Begin again.", .badRequest)
            case .declined("access_denied"):
                ("You were not signed in, as you or the provider wanted it.", .forbidden)
            case .declined(let word): ("The provider did not sign you in (\(word)).", .badGateway)
            case .untrue:
                (
                    "What the provider says does not hold. Who runs this server finds more in the log.",
                    .badGateway
                )
            case .refused(let reason): (reason, .forbidden)
            case .unavailable:
                ("The provider cannot be asked just now. Try again in a minute.", .serviceUnavailable)
            }
        return page(.problem(text), status, headers: [.setCookie: cookies.dropTicket])
    }
}

/// What somebody does who is signed in.
extension SignInFace {
    private func home(_ visit: BrowserSignIn.Visit, problem: String? = nil) async throws -> Response {
        let tokens = try await signIn.tokens(of: visit)
        return page(
            .home(visit, tokens, problem: problem), problem == nil ? .ok : .unprocessableContent)
    }

    private func change(_ route: SignInRoute, _ request: Request) async throws -> Response {
        guard isFromHere(request), let body = try await request.bodyBytes(limit: Self.formMax),
            let text = String(validating: body.readableBytesView, as: UTF8.self),
            let fields = FormFields(text)
        else { return page(.problem("This form cannot be taken. Go back and try again."), .badRequest) }
        guard let visit = try await visit(request) else { return redirect(to: homeAddress, cookies: []) }
        guard signIn.isOwnForm(fields["mark"], of: visit) else {
            return page(.problem("This form is not from your page. Go back and try again."), .forbidden)
        }
        switch route {
        case .leave:
            signIn.leave(cookies.session(in: request.headers))
            return redirect(to: homeAddress, cookies: [cookies.dropSession])
        case .makeToken: return try await makeToken(fields, visit)
        default:
            do throws(AccountError) {
                try await signIn.revokeToken(fields["id"] ?? "", of: visit)
            } catch {
                // Gone is what it was to be.
                guard case .unknownToken = error else { throw error }
            }
            return redirect(to: homeAddress, cookies: [])
        }
    }

    private func makeToken(_ fields: FormFields, _ visit: BrowserSignIn.Visit) async throws -> Response {
        guard let days = fields["days"].flatMap({ Int($0) }), days >= 1,
            let reach = fields["reach"].flatMap({ BrowserSignIn.Reach(rawValue: $0) })
        else { return try await home(visit, problem: "Choose how long the token lives and what it may do.") }
        do throws(AccountError) {
            let made = try await signIn.makeToken(
                fields["name"] ?? "", life: Double(min(days, 10_000)) * 86_400, reach: reach, for: visit)
            return page(.made(visit, made), .ok)
        } catch {
            switch error {
            case .store: throw error
            default: return try await home(visit, problem: "No token was made: \(error).")
            }
        }
    }

    /// Whether a browser says that a form comes from our own pages, where it says anything.
    private func isFromHere(_ request: Request) -> Bool {
        if let site = request.headers[.init("Sec-Fetch-Site")!], site != "same-origin" { return false }
        if let said = request.headers[.origin], said.lowercased() != origin?.lowercased() { return false }
        let type = request.headers[.contentType]?.split(separator: ";").first?.lowercased()
        return type == "application/x-www-form-urlencoded"
    }
}
