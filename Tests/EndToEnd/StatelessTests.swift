import Contracts
import Foundation
import Harness
import Testing

/// Two servers that keep nothing that is not elsewhere too: facts through a MongoDB, blobs in a bucket. A real nginx sends
/// each request to another one of them.
@Suite(.s3Server, .mongoServer, .timeLimit(.minutes(10))) struct StatelessTests {
    private static let credentials = "admin:\(Homeport.adminPassword)"
    private let keys: TemporaryFolder
    private let database = MongoServer.newDatabase()

    init() throws { keys = try S3Tests.keys() }

    private func settings() async throws -> String {
        let s3 = try S3Server.shared()
        let more = MongoTests.settings(
            try MongoServer.shared().host, database, "  keeps: everything\n  timeout: 5s")
        return S3Tests.settings(s3, try await s3.newBucket(), keys, more)
            + "\nproxies:\n  trusted: [127.0.0.1]\n"
    }

    /// Runs `body` with the address that nginx answers at, the servers behind it, and their settings.
    private func withBoth(
        _ body: @Sendable @escaping (RegistryCaller, [Homeport], _ settings: String) async throws -> Void
    ) async throws {
        let settings = try await settings()
        try await withHomeport(settings: settings) { first in
            try await withHomeport(settings: settings) { second in
                let folder = try TemporaryFolder()
                let port = try freePorts(1)[0]
                try await Nginx.run(
                    sites: Self.balancer(port, [first, second]), in: folder,
                    answeringAt: "http://127.0.0.1:\(port)/healthz"
                ) {
                    let caller = RegistryCaller(
                        address: "127.0.0.1:\(port)", credentials: first.admin.credentials)
                    try await body(caller, [first, second], settings)
                }
            }
        }
    }

    private static func balancer(_ port: Int, _ servers: [Homeport]) -> String {
        """
        upstream homeport {
        \(servers.map { "server \($0.address) max_fails=1 fail_timeout=5s;" }.joined(separator: "\n"))
        }
        server {
            listen 127.0.0.1:\(port);
            client_max_body_size 0;
            location / {
                proxy_pass http://homeport;
                proxy_http_version 1.1;
                proxy_request_buffering off;
                proxy_set_header Host $http_host;
                proxy_set_header X-Forwarded-For $remote_addr;
                proxy_set_header X-Forwarded-Proto $scheme;
            }
        }
        """
    }

    @Test func clientsNeedNotMeetTheSameServerTwice() async throws {
        let tools = try ContainerTools()
        try await withBoth { caller, _, _ in
            for number in 0..<3 {
                var archive = TarArchive()
                archive.add("file", randomBytes(300_000))
                let layout = try OCILayout()
                let source = try layout.tag(layout.addImage(layers: [archive.finished]), "one")
                try await tools.copyThereAndBack(
                    source, "\(caller.address)/any/where:v\(number)", credentials: Self.credentials)
            }
            let tags = try await caller.get("/v2/any/where/tags/list")
            #expect(tags.object["tags"] as? [String] == ["v0", "v1", "v2"], "\(tags)")
        }
    }

    /// Each piece of an upload goes to another server than the one before.
    @Test func anUploadGoesOnAtAnyServer() async throws {
        try await withBoth { _, servers, _ in
            let bytes = randomBytes(250_000)
            let start = try await servers[0].admin.post("/v2/any/upload/blobs/uploads/")
            var location = try #require(start["Location"])
            for (number, offset) in stride(from: 0, to: bytes.count, by: 50_000).enumerated() {
                let piece = Array(bytes[offset..<min(bytes.count, offset + 50_000)])
                let answer = try await servers[(number + 1) % 2].admin.patch(
                    location,
                    headers: [("Content-Range", "\(offset)-\(offset + piece.count - 1)")], body: piece)
                #expect(answer.status == 202, "\(answer)")
                location = try #require(answer["Location"])
            }
            let digest = sha256(bytes)
            let end = try await servers[0].admin.put(location.adding("digest=\(digest)"), body: [])
            #expect(end.status == 201, "\(end)")
            for server in servers {
                #expect(try await server.admin.get("/v2/any/upload/blobs/\(digest)").body == bytes)
            }
        }
    }

    /// A server that is killed takes nothing with it, and one with an empty folder takes its place.
    @Test func aServerMayGoAndAnotherCome() async throws {
        let settings = try await settings()
        let (name, image) = try await withHomeport(settings: settings) { first in
            try await withHomeport(settings: settings) { second in
                let repository = try Homeport.$shared.withValue(second) { try SpecRepository("stateless") }
                let image = try await repository.pushImage("v1")
                try await second.kill()
                let answer = try await first.admin.get(repository.manifest("v1"))
                #expect(answer.body == image.bytes, "\(answer)")
                return (repository.base, image)
            }
        }
        try await withHomeport(settings: settings) { fresh in
            #expect(try await fresh.admin.get("\(name)/manifests/v1").body == image.bytes)
            #expect(try await fresh.admin.get("\(name)/blobs/\(sha256(image.layer))").body == image.layer)
            try await fresh.command("gc", "--yes")
            let check = try await fresh.command("verify")
            #expect(check.status == 0, "\(check)")
        }
    }
}
