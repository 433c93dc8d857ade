import Access
import Accounts
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import PageKit
import ServerKit

/// What is the same on all of these pages.
package struct SignInPageSettings: Sendable {
    /// `https://registry.example.com`, where browsers come; nil where it follows from each request.
    package var publicURL: String?
    /// What clients call the registry, `registry.example.com`; nil where nobody has said.
    package var registry: String?
    /// The same for the people of one provider.
    package var registries: [String: String] = [:]
    package var places = SignInPlaces()

    package init(publicURL: String?, registry: String?) {
        self.publicURL = publicURL
        self.registry = registry
    }

    /// What stands above a page.
    var heading: String { registry ?? "Registry" }

    func registry(for person: Person) -> String? { registries[person.provider] ?? registry }
}

/// A page for people who sign in. It needs no script, and nothing on it is kept by anybody.
struct SignInPage {
    enum Content {
        case choices([(name: String, title: String)])
        case home(BrowserSignIn.Visit, [StoredToken], problem: String?)
        case made(BrowserSignIn.Visit, AccessTokens.Made)
        case problem(String)
    }

    private let content: Content
    private let settings: SignInPageSettings

    init(_ content: Content, settings: SignInPageSettings) {
        self.content = content
        self.settings = settings
    }

    /// No script, no picture, nothing of others; forms go here alone.
    private static let policy =
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

    func response(_ status: HTTPResponse.Status, headers more: HTTPFields) -> Response {
        let page = Page(
            title: "Sign in · \(settings.heading)", language: "en",
            description: "Sign in and make tokens for \(settings.heading)",
            styles: [settings.places.path("assets/\(PageStyle.name)")],
            content: body)
        var headers = more
        headers[.contentType] = "text/html; charset=utf-8"
        headers[.cacheControl] = "no-store"
        headers[.contentSecurityPolicy] = Self.policy
        // With `no-referrer` a browser would not say that a form comes from here.
        headers[.init("Referrer-Policy")!] = "same-origin"
        headers[.init("X-Frame-Options")!] = "DENY"
        headers[.init("X-Content-Type-Options")!] = "nosniff"
        return Response(
            status: status, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: page.html.markup)))
    }

    private var body: HTML {
        switch content {
        case .choices(let choices): frame(self.choices(choices))
        case .home(let visit, let tokens, let problem): frame(home(visit, tokens, problem))
        case .made(let visit, let made): frame(self.made(visit, made))
        case .problem(let text):
            frame(
                """
                <section><p class="problem" role="alert">\(text)</p>
                <p><a class="button" href="\(link: settings.places.home)">To the beginning</a></p></section>
                """)
        }
    }

    private func frame(_ content: HTML) -> HTML {
        "<header><h1>\(settings.heading)</h1></header><main>\(content)</main>"
    }

    private func choices(_ choices: [(name: String, title: String)]) -> HTML {
        let items = choices.map { choice -> HTML in
            """
            <li><a class="button main" href="\(link: settings.places.beginning(choice.name))">\
            Sign in with \(choice.title)</a></li>
            """
        }
        return """
            <section><p>Sign in to make tokens for <code>docker login</code>.</p>
            <ul class="choices">\(items)</ul></section>
            """
    }

    private func home(_ visit: BrowserSignIn.Visit, _ tokens: [StoredToken], _ problem: String?) -> HTML {
        let warning: HTML =
            problem.map { "<p class=\"problem\" role=\"alert\">\($0)</p>" } ?? .empty
        return """
            \(who(visit))
            \(warning)
            <section aria-labelledby="new"><h2 id="new">A new token</h2>
            <form method="post" action="\(link: settings.places.path("tokens/make"))">\(mark(visit))
            <p><label for="name">What it is for</label>
            <input id="name" name="name" required maxlength="\(AccessTokens.nameLengthMax)" autocomplete="off" \
            placeholder="my laptop"></p>
            <p><label for="days">It lives</label><select id="days" name="days">\(lives(visit))</select></p>
            <p><label for="reach">It may</label><select id="reach" name="reach">
            <option value="all">do all that I may</option><option value="pull">pull, and nothing else</option>
            </select></p>
            <p><button class="button main">Make a token</button></p></form></section>
            <section aria-labelledby="tokens"><h2 id="tokens">Your tokens</h2>\(table(tokens, visit))</section>
            """
    }

    private func who(_ visit: BrowserSignIn.Visit) -> HTML {
        let labels = visit.person.labels.sorted { $0.key < $1.key }.map { name, values -> HTML in
            "<li>\(name): \(values.map(\.text).joined(separator: ", "))</li>"
        }
        return """
            <section class="who"><p>You are <strong>\(visit.person.account.text)</strong>, as \
            \(visit.provider) says.</p><ul class="labels">\(labels)</ul>
            <form method="post" action="\(link: settings.places.path("session/leave"))">\(mark(visit))\
            <button class="button">Sign out</button></form></section>
            """
    }

    private func mark(_ visit: BrowserSignIn.Visit) -> HTML {
        "<input type=\"hidden\" name=\"mark\" value=\"\(visit.formMark)\">"
    }

    private func lives(_ visit: BrowserSignIn.Visit) -> [HTML] {
        let most = max(1, Int(visit.tokenLifeMax / 86_400))
        let days = [1, 7, 30, 90, 365].filter { $0 <= most }
        return Set(days + [most]).sorted().map { count -> HTML in
            let mark: HTML = count == min(90, most) ? " selected" : ""
            return "<option value=\"\(count)\"\(mark)>\(count) \(count == 1 ? "day" : "days")</option>"
        }
    }

    private func table(_ tokens: [StoredToken], _ visit: BrowserSignIn.Visit) -> HTML {
        guard !tokens.isEmpty else { return "<p>None yet.</p>" }
        let rows = tokens.map { token -> HTML in
            """
            <tr><th scope="row">\(token.name)</th><td>\(token.scopes.isEmpty ? "all" : "pull")</td>\
            <td>\(Self.day(token.createdAt))</td><td>\(token.expires.map(Self.day) ?? "never")</td>\
            <td>\(token.lastUsed.map(Self.day) ?? "never")</td><td>\
            <form method="post" action="\(link: settings.places.path("tokens/revoke"))">\(mark(visit))\
            <input type="hidden" name="id" value="\(token.id.description)">\
            <button class="button" aria-label="Revoke \(token.name)">Revoke</button></form></td></tr>
            """
        }
        return """
            <div class="scroll"><table><thead><tr><th scope="col">Token</th><th scope="col">May</th>\
            <th scope="col">Made</th><th scope="col">Ends</th><th scope="col">Last used</th>\
            <th scope="col"><span class="hidden">Revoke</span></th></tr></thead><tbody>\(rows)</tbody></table></div>
            """
    }

    private func made(_ visit: BrowserSignIn.Visit, _ made: AccessTokens.Made) -> HTML {
        let token = made.text.revealed
        let registry = settings.registry(for: visit.person)
        let hint: HTML =
            registry == nil ? "<p>Write the name of the registry for <code>REGISTRY</code>.</p>" : .empty
        let line =
            "printf %s \(Self.quoted(token)) | docker login --username "
            + "\(Self.quoted(visit.person.account.text)) --password-stdin \(registry.map(Self.quoted) ?? "REGISTRY")"
        return """
            <section aria-labelledby="made"><h2 id="made">“\(made.stored.name)” is made</h2>
            <p>This is the only time that it is shown. Keep it as you keep a password.</p>
            <p><label for="token">Token</label><input id="token" readonly value="\(token)"></p>
            <p><label for="line">To paste into a shell</label>
            <textarea id="line" readonly rows="4">\(line)</textarea></p>\(hint)
            <p>It ends on \(made.stored.expires.map(Self.day) ?? "no day"). podman and skopeo take the same line, with their \
            own name for docker.</p>
            <p><a class="button main" href="\(link: settings.places.home)">I have kept it</a></p></section>
            """
    }

    /// One word for a shell, whatever it holds.
    static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || "._@+-:".utf8.contains(byte)
        }
        return isPlain && !text.isEmpty ? text : "'" + text.replacing("'", with: #"'\''"#) + "'"
    }

    private static func day(_ date: Date) -> String {
        date.formatted(.iso8601.year().month().day())
    }
}
