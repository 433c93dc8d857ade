import Accounts
import Contracts
import Foundation
import IdentityProviders
import ServerKit
import Testing

@testable import homeport

/// docker_auth's sections for signing in by browser: what is made of them, and what is wrong with them.
@Suite struct DockerAuthBrowserPlanTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try TestAuthority().issue(["auth.test"]).write(to: folder.path, as: "token")
        try "s\n".write(toFile: folder.path + "/secret", atomically: true, encoding: .utf8)
    }

    private func plan(_ section: String, data: String? = nil, safety: Set<DockerAuthOptions.Safety> = [])
        throws -> DockerAuthPlan
    {
        let text = """
            server: {addr: ":5001", path_prefix: /d}
            token: {issuer: Acme, expiration: 900, certificate: \(folder.path)/token.pem, key: \(folder.path)/token.key}
            acl: [{match: {account: x}, actions: [pull]}]
            \(section)
            """.replacing("DIR", with: folder.path)
        var options = DockerAuthOptions()
        options.data = data
        options.safety = safety
        return try DockerAuthPlan(
            try DockerAuthFile.read(text, path: "auth.yml"), options: options, now: Date())
    }

    private func problem(_ section: String) -> String {
        do {
            _ = try plan(section)
            return ""
        } catch {
            return "\(error)"
        }
    }

    private static let store = "level_token_db: {path: DIR/t.ldb}"
    private static let client = "client_id: i, client_secret: s"

    @Test(arguments: [
        ("google_auth: {client_id: i, \(store)}", "google_auth.client_secret: is missing"),
        ("google_auth: {client_secret: s, \(store)}", "google_auth.client_id: is missing"),
        (
            "google_auth: {client_id: i, client_secret_file: /none, \(store)}",
            "google_auth.client_secret_file: the file `/none` cannot be read"
        ),
        ("google_auth: {\(client)}", "google_auth: says no folder in which the tokens of people can be kept"),
        (
            "github_auth: {\(client), gcs_token_db: {bucket: b}}",
            "auth.yml:4: github_auth: says no folder in which the tokens of people can be kept; start with `--data FOLDER`"
        ),
        (
            "github_auth: {\(client), github_web_uri: 'http://ghe.example', \(store)}",
            "github_auth.github_web_uri: `http://ghe.example` is no address that secrets can be sent to"
        ),
        (
            "oidc_auth: {\(client), issuer: 'https://i.example', redirect_url: 'https://a.example/x', \(store)}",
            "oidc_auth.redirect_url: `https://a.example/x` is not where browsers come back to"
        ),
        (
            "oidc_auth: {\(client), issuer: 'http://i.example', redirect_url: 'https://a.example/oidc_auth', \(store)}",
            "oidc_auth.issuer: `http://i.example`"
        ),
        ("gitlab_auth: {\(client), grant_type: password, \(store)}", "gitlab_auth.grant_type: `password`"),
        (
            "gitlab_auth: {\(client), redirect_uri: 'javascript:x//gitlab_auth', \(store)}",
            "gitlab_auth.redirect_uri: `javascript:x//gitlab_auth` is not where"
        ),
    ])
    func whatIsWrongIsSaidBeforeAnythingListens(_ section: String, _ words: String) {
        let said = problem(section)
        #expect(said.contains(words), "\(said)")
    }

    @Test func googleVouchesForADomain() throws {
        let section =
            "google_auth: {domain: a.example, client_id: i, client_secret_file: DIR/secret, \(Self.store)}"
        let plan = try plan(section)
        let provider = try #require(plan.browser.providers.first)
        #expect(provider.description.requirements.map(\.claim) == ["hd"])
        #expect(provider.description.clientSecret.revealed == "s")
        #expect(provider.comesBack == .path("/google_auth") && plan.browser.origin == nil)
        #expect(plan.browser.prefix == "/d" && plan.browser.folder == folder.path + "/t.ldb/homeport")
        #expect(plan.notes.contains { $0.text.contains("redirect address of the client") })
        #expect(!plan.notes.contains { $0.text.contains("everybody in the world") })
        let open = try self.plan("google_auth: {\(Self.client)}", data: "/elsewhere")
        #expect(open.browser.folder == "/elsewhere")
        #expect(open.notes.contains { $0.text.contains("everybody in the world") })
    }

    @Test func anOpenIDProviderSaysWhereBrowsersCome() throws {
        let section = """
            oidc_auth: {\(Self.client), issuer: 'https://i.example/r', user_claim: email, labels_claims: [groups],
              scopes: [email], registry_url: 'https://r.example/',
              redirect_url: 'https://a.example:5001/behind/oidc_auth', \(Self.store)}
            """
        let browser = try plan(section).browser
        #expect(browser.origin == "https://a.example:5001" && browser.prefix == "/behind")
        let provider = try #require(browser.providers.first)
        #expect(provider.comesBack == .fixed("https://a.example:5001/behind/oidc_auth"))
        #expect(provider.registry == "r.example" && provider.description.scopes == ["openid", "email"])
        #expect(provider.description.labelsAreLists && provider.description.labels == ["groups": "groups"])
        #expect(provider.description.emailProof == .notDenied)
        let safe = try plan(section, safety: [.addresses]).browser.providers.first
        #expect(safe?.description.emailProof == .said)
    }

    @Test func anOldFolderIsSpokenOf() throws {
        try FileManager.default.createDirectory(
            atPath: folder.path + "/t.ldb", withIntermediateDirectories: true)
        try "MANIFEST-000001\n".write(
            toFile: folder.path + "/t.ldb/CURRENT", atomically: true, encoding: .utf8)
        let notes = try plan("github_auth: {\(Self.client), organization: o, \(Self.store)}").notes
        #expect(notes.contains { $0.text.contains("everybody signs in once more") }, "\(notes)")
    }

    /// What an import writes can be served: all four, with everything that they have.
    @Test func anImportWritesProvidersThatCanBeServed() throws {
        let text = """
            server: {addr: "127.0.0.1:5001"}
            token: {issuer: Acme, expiration: 900}
            google_auth: {domain: a.example, client_id: i, client_secret_file: DIR/secret}
            github_auth: {\(Self.client), organization: octo, github_web_uri: 'https://ghe.example/', revalidate_after: 90m}
            oidc_auth: {\(Self.client), issuer: 'https://i.example', redirect_url: 'https://a.example/oidc_auth',
              user_claim: sub, labels_claims: [groups, "a: b"], scopes: [openid, groups]}
            gitlab_auth: {\(Self.client), organization: acme/dev, redis_token_db: {redis_options: {addr: x}}}
            """.replacing("DIR", with: folder.path)
        let settings = DockerAuthSettings(try DockerAuthFile.read(text, path: "auth.yml"))
        for name in ["github", "oidc", "gitlab"] {
            try "s\n".write(toFile: "\(folder.path)/\(name).secret", atomically: true, encoding: .utf8)
        }
        let file = folder.path + "/homeport.yaml"
        try settings.text.write(toFile: file, atomically: true, encoding: .utf8)
        let values = try LoadedConfiguration.load(file: file, environment: [:]).values
        #expect(values.publicURL?.text == "https://a.example")
        let providers = values.accounts.providers
        #expect(providers.map(\.name) == ["google", "github", "oidc", "gitlab"])
        #expect(providers[0].domains == ["a.example"] && providers[1].organization == "octo")
        #expect(providers[1].recheckTime == .seconds(5400) && providers[1].url == "https://ghe.example")
        #expect(providers[2].labels == ["groups": "groups", "a: b": "a: b"])
        #expect(providers[2].accountClaim == "sub" && providers[3].groups == ["acme/dev"])
        #expect(providers.allSatisfy { $0.description != nil })
        let left = settings.leftOut.map { "\($0.key): \($0.text)" }
        for words in [
            "google_auth: tell the provider the address", "github_auth.client_secret: write it into the file",
            "gitlab_auth.redis_token_db: people sign in once more",
        ] { #expect(left.contains { $0.hasPrefix(words) }, "\(words): \(left)") }
    }
}
