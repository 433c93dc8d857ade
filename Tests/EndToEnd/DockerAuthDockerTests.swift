import Contracts
import Harness
import Testing

/// A real Docker engine, Debian's real registry, and between them the token server in place of docker_auth.
@Suite(.dockerEngine, .serialized, .timeLimit(.minutes(5))) struct DockerAuthDockerTests {
    @Test func aClientLogsInPushesPullsAndIsRefused() async throws {
        let docker = try DockerEngine.client()
        let folder = try TemporaryFolder()
        try TestAuthority().issue(["auth.test"], kind: .rsa).write(to: folder.path, as: "token")
        try await withTokenServer(DockerAuthTests.example, in: folder) { (tokens: TokenServer) async throws in
            try await withDebianRegistry(
                in: folder, environment: DockerAuthTests.registry(tokens, bundle: folder.path + "/token.pem")
            ) { (registry: DebianRegistry) async throws in
                let wrong = try await docker.login("test", "124", at: registry.address)
                #expect(wrong.status != 0 && wrong.errors.contains("unauthorized"), "\(wrong)")
                try await docker.login("test", "123", at: registry.address).succeeded()
                let own = "\(registry.address)/test/app:v1"
                let other = "\(registry.address)/other/app:v1"
                try await docker.makeImage(own)
                try await docker("tag", own, other).succeeded()
                try await docker("push", own).succeeded()
                try await docker("rmi", own).succeeded()
                try await docker("pull", own).succeeded()
                let refused = try await docker("push", other)
                #expect(refused.status != 0 && refused.errors.contains("denied"), "\(refused)")

                try await docker.login("admin", "badmin", at: registry.address).succeeded()
                try await docker("push", other).succeeded()
                let inner = "\(registry.address)/other/copy:v1"
                try await docker("tag", own, inner).succeeded()
                let mounted = try await docker("push", inner).succeeded()
                #expect(mounted.output.contains("Mounted from other/app"), "\(mounted)")
            }
        }
    }
}
