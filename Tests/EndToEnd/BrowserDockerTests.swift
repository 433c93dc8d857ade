import Contracts
import Foundation
import Harness
import Testing

/// People who sign in with Chromium at a real OpenID provider and paste the line that the page shows, for a real Docker
/// engine: at this program's own registry, and at Debian's with docker_auth's configuration in between.
@Suite(.dockerEngine, .serialized, .timeLimit(.minutes(6))) struct BrowserDockerTests {
    /// The line for a shell that a person gets who signs in.
    private func line(at page: String, as name: String, _ folder: TemporaryFolder) async throws -> String {
        let run = try await PythonPeers.run(
            "sign_in_token.py", [page, name], limitInSeconds: 120, environment: ["HOME": folder.path]
        ).succeeded()
        return run.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// What a person may do by the labels that the provider gives: push and pull in `dev`, and nothing in `guests`.
    private func worksByTheRules(_ docker: DockerClient, at registry: String) async throws {
        let (own, other) = ("\(registry)/dev/app:v1", "\(registry)/guests/app:v1")
        try await docker.makeImage(own)
        try await docker("tag", own, other).succeeded()
        try await docker("push", own).succeeded()
        try await docker("rmi", own).succeeded()
        try await docker("pull", own).succeeded()
        let refused = try await docker("push", other)
        #expect(refused.status != 0 && refused.errors.contains("denied"), "\(refused)")
    }

    @Test func fromThePageToTheEngineAndOutOfTheGroup() async throws {
        let docker = try DockerEngine.client()
        let folder = try TemporaryFolder()
        let port = try freePorts(1)[0]
        let home = "http://127.0.0.1:\(port)"
        let redirect = home + "/signin/staff/callback"
        try await withIdentityPeer("openid_provider.py", redirect: redirect, in: folder) { peer in
            let settings = try BrowserSignInTests.settings(peer.address + "/o", folder, home: home)
            try await withHomeport(
                settings: settings, arguments: ["--listen", "127.0.0.1:\(port)"]
            ) { server in
                try await server.addRule(61, "--name", "${labels:groups}/**", actions: "pull,push")
                let line = try await line(at: home + "/signin", as: "alice", folder)
                #expect(line.hasSuffix("--password-stdin 127.0.0.1:\(port)"), "\(line)")
                let login = try await docker.paste(line)
                #expect(login.status == 0 && login.output.contains("Login Succeeded"), "\(login)")
                try await worksByTheRules(docker, at: server.address)

                let image = "\(server.address)/dev/app:v1"
                _ = try await Browser(places: [:]).get(peer.address + "/control/leave/alice/dev")
                while try await docker("pull", image).status == 0 {}
                let refused = try await docker("push", image)
                #expect(refused.status != 0, "\(refused)")
                let again = try await docker.paste(line)
                #expect(again.status != 0 && again.errors.contains("unauthorized"), "\(again)")
                #expect(server.log.contains("a person has left and loses every token"))
            }
        }
    }

    @Test func theSameInPlaceOfDockerAuth() async throws {
        let docker = try DockerEngine.client()
        let (folder, port, home) = try DockerAuthBrowserTests.place()
        try await withIdentityPeer("openid_provider.py", redirect: home + "/oidc_auth", in: folder) { peer in
            let section = """
                oidc_auth:
                  issuer: "\(peer.address)/o"
                  redirect_url: "\(home)/oidc_auth"
                  client_id: "\(IdentityPeer.clientID)"
                  client_secret_file: "DIR/client.secret"
                  level_token_db: {path: "DIR/tokens.ldb"}
                  labels_claims: [groups]
                """
            let text = DockerAuthBrowserTests.configuration(port, section)
            try await withTokenServer(text, in: folder, arguments: ["--recheck-time", "1s"]) {
                (tokens: TokenServer) async throws in
                let settings = DockerAuthTests.registry(tokens, bundle: folder.path + "/token.pem")
                try await withDebianRegistry(in: folder, environment: settings) {
                    (registry: DebianRegistry) async throws in
                    let line = try await line(at: home + "/", as: "alice", folder)
                    #expect(line.hasSuffix(" REGISTRY"), "\(line)")
                    try await docker.paste(line.replacing("REGISTRY", with: registry.address)).succeeded()
                    try await worksByTheRules(docker, at: registry.address)
                    _ = try await Browser(places: [:]).get(peer.address + "/control/forget/alice")
                    while try await docker("pull", "\(registry.address)/dev/app:v1").status == 0 {}
                    #expect(tokens.log.contains("a person has to sign in anew"), "\(tokens.log)")
                }
            }
        }
    }
}
