import Contracts
import Foundation
import Harness
import Testing

private let handingOver = """
    proxies: {trusted: ["127.0.0.1"], accel_redirect: /homeport-blobs/}

    """

/// Runs nginx in front of a server, with the blobs of that server within its reach.
///
/// - Parameter body: told who speaks to nginx, and where it writes down each blob that it has sent itself.
private func withHandingNginx(
    _ server: Homeport, _ body: @escaping @Sendable (RegistryCaller, _ handed: String) async throws -> Void
) async throws {
    let folder = try TemporaryFolder()
    let port = try freePorts(1)[0]
    let handed = folder.path + "/handed.log"
    let site = """
        server {
          listen 127.0.0.1:\(port);
          client_max_body_size 0;
          location / {
            proxy_pass http://\(server.address);
            proxy_http_version 1.1;
            proxy_request_buffering off;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
          }
          location /homeport-blobs/ {
            internal;
            access_log \(handed);
            alias \(server.folder.path)/data/docker/registry/v2/blobs/;
            add_header Docker-Content-Digest $upstream_http_docker_content_digest;
            add_header Docker-Distribution-Api-Version registry/2.0;
          }
        }
        """
    try await Nginx.run(
        sites: site, in: folder, answeringAt: "http://127.0.0.1:\(port)/healthz",
        accessLog: folder.path + "/access.log"
    ) {
        try await body(
            RegistryCaller(address: "127.0.0.1:\(port)", credentials: server.admin.credentials), handed)
    }
}

/// Blobs that nginx sends itself, and clients that are told to go.
@Suite(.timeLimit(.minutes(3))) struct HandoverTests {
    @Test func nginxSendsWhatItsClientsMayHave() async throws {
        try await withHomeport(settings: handingOver) { server in
            let bytes = randomBytes(3 << 20)
            let digest = sha256(bytes)
            let upload = try await server.admin.post(
                "/v2/team/app/blobs/uploads/?digest=\(digest)", body: bytes)
            #expect(upload.status == 201, "\(upload)")
            let path = "/v2/team/app/blobs/\(digest)"
            try await withHandingNginx(server) { caller, _ in
                let whole = try await caller.get(path)
                #expect(whole.status == 200 && whole.body == bytes)
                #expect(whole["Docker-Content-Digest"] == digest && whole["X-Accel-Redirect"] == nil)
                #expect(whole["Content-Type"] == "application/octet-stream", "\(whole.headers)")
                let part = try await caller.get(path, headers: [("Range", "bytes=1000-1999")])
                #expect(part.status == 206 && part.body == Array(bytes[1000..<2000]))
                #expect(part["Content-Range"] == "bytes 1000-1999/\(bytes.count)")
                let looked = try await caller.head(path)
                #expect(looked.status == 200 && looked["Content-Length"] == "\(bytes.count)")
                // Rights are asked for as before.
                #expect(try await RegistryCaller(address: caller.address).get(path).status == 401)
                #expect(try await caller.get("/v2/other/app/blobs/\(digest)").status == 404)
                let direct =
                    "/homeport-blobs/sha256/\(digest.dropFirst(7).prefix(2))/\(digest.dropFirst(7))/data"
                #expect(try await caller.get(direct).status == 404, "nobody comes there by himself")
                // A real client pushes and pulls through it.
                let tools = try ContainerTools()
                let layout = try OCILayout()
                var archive = TarArchive()
                archive.add("file", randomBytes(700_000))
                let source = try layout.tag(layout.addImage(layers: [archive.finished]), "one")
                let name = "docker://\(caller.address)/team/image:1"
                let person = "admin:\(Homeport.adminPassword)"
                try await tools.skopeo(
                    "copy", "--dest-tls-verify=false", "--dest-creds", person, source, name
                ).succeeded()
                let target = try OCILayout()
                try await tools.skopeo(
                    "copy", "--src-tls-verify=false", "--src-creds", person, name, "oci:\(target.path):copy"
                ).succeeded()
            }
        }
    }

    @Test func onlyATrustedProxyIsHandedAnything() async throws {
        let settings = handingOver.replacing(#""127.0.0.1""#, with: #""192.0.2.1""#)
        try await withHomeport(settings: settings) { server in
            let bytes = randomBytes(1000)
            let digest = sha256(bytes)
            _ = try await server.admin.post("/v2/team/app/blobs/uploads/?digest=\(digest)", body: bytes)
            let answer = try await server.admin.get("/v2/team/app/blobs/\(digest)")
            #expect(answer.body == bytes && answer["X-Accel-Redirect"] == nil, "\(answer.headers)")
        }
    }

    @Test func oldDockersAreToldSo() async throws {
        let old = [
            "docker/1.3.2 go/go1.3.3", "docker/1.4.0", "docker/1.5.0 go/go1.4.1", "Go 1.1 package http",
        ]
        let current = [
            "docker/1.5.0-dev", "docker/1.6.0", "docker/1.13.1", "docker/20.10.5", "Go-http-client/1.1",
            "curl/8",
        ]
        try await withHomeport { server in
            for agent in old {
                let answer = try await server.admin.get("/v2/", headers: [("User-Agent", agent)])
                #expect(answer.status == 404 && answer.text.contains("Docker 1.6"), "\(agent) \(answer)")
                #expect(answer["Docker-Distribution-Api-Version"] == nil)
            }
            for agent in current {
                let answer = try await server.admin.get("/v2/", headers: [("User-Agent", agent)])
                #expect(answer.status == 200, "\(agent) \(answer)")
            }
        }
        try await withHomeport(settings: "registry: {refuse_old_clients: false}\n") { server in
            for agent in old {
                let answer = try await server.admin.get("/v2/", headers: [("User-Agent", agent)])
                #expect(answer.status == 200, "\(agent) \(answer)")
            }
        }
    }
}

/// A real Docker engine, to which nginx sends the blobs.
@Suite(.dockerEngine, .timeLimit(.minutes(5))) struct HandoverDockerTests {
    @Test func dockerPullsWhatNginxSends() async throws {
        try await withHomeport(settings: handingOver) { server in
            try await withHandingNginx(server) { caller, handed in
                let docker = try DockerEngine.client()
                let image = "\(caller.address)/admin/hello:v1"
                try await docker.makeImage(image)
                try await docker.login("admin", Homeport.adminPassword, at: caller.address).succeeded()
                try await docker("push", image).succeeded()
                try await docker("rmi", image).succeeded()
                try await docker("pull", image).succeeded()
                let run = try await docker(
                    "run", "--rm", "--network=none", image, "/bin/busybox", "echo", "ok")
                #expect(run.output == "ok\n", "\(run)")
                // Its configuration and its layer, and Homeport has sent neither.
                let sent = try String(contentsOfFile: handed, encoding: .utf8)
                let pulls = sent.split(separator: "\n").filter {
                    $0.contains("\"GET /v2/admin/hello/blobs/sha256:") && $0.contains("\" 200 ")
                }
                #expect(pulls.count >= 2, "\(sent)")
            }
        }
    }
}
