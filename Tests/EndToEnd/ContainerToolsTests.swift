import Foundation
import Harness
import Testing

/// skopeo, podman and buildah against the real program.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ContainerToolsTests {
    private static let credentials = "admin:\(Homeport.adminPassword)"

    private static func archive(_ name: String) -> [UInt8] {
        var archive = TarArchive()
        archive.add(name, randomBytes(4000))
        return archive.finished
    }

    @Test func skopeoCopiesInspectsListsAndDeletes() async throws {
        let tools = try ContainerTools()
        try await withHomeport { server in
            let layout = try OCILayout()
            let source = try layout.tag(layout.addImage(layers: [Self.archive("a")]), "one")
            let image = "docker://\(server.address)/skopeo/image"
            for tag in ["v1", "v2"] {
                try await tools.skopeo(
                    "copy", "--dest-tls-verify=false", "--dest-creds", Self.credentials, source,
                    "\(image):\(tag)"
                ).succeeded()
            }
            let list = try await tools.skopeo(
                "list-tags", "--tls-verify=false", "--creds", Self.credentials, image
            ).succeeded()
            #expect(list.output.contains("\"v1\"") && list.output.contains("\"v2\""), "\(list)")
            let about = try await tools.skopeo(
                "inspect", "--tls-verify=false", "--creds", Self.credentials, "\(image):v1"
            ).succeeded()
            #expect(about.output.contains(#""Architecture": "amd64""#), "\(about)")

            let target = try OCILayout()
            try await tools.skopeo(
                "copy", "--src-tls-verify=false", "--src-creds", Self.credentials, "\(image):v1",
                "oci:\(target.path):copy"
            ).succeeded()
            let manifest = try await server.admin.get("/v2/skopeo/image/manifests/v1")
            let digest = try #require(manifest["Docker-Content-Digest"]).dropFirst("sha256:".count)
            let copied = try Data(contentsOf: URL(filePath: "\(target.path)/blobs/sha256/\(digest)"))
            #expect(Array(copied) == manifest.body)

            try await tools.skopeo(
                "delete", "--tls-verify=false", "--creds", Self.credentials, "\(image):v1"
            ).succeeded()
            let after = try await tools.skopeo(
                "inspect", "--tls-verify=false", "--creds", Self.credentials, "\(image):v1")
            #expect(after.status != 0)
            #expect(after.errors.contains("manifest unknown"), "\(after)")
        }
    }

    @Test func skopeoMountsWhatAnotherRepositoryHas() async throws {
        let tools = try ContainerTools()
        try await withHomeport { server in
            let layout = try OCILayout()
            let source = try layout.tag(layout.addImage(layers: [Self.archive("a")]), "one")
            for name in ["first", "second"] {
                try await tools.skopeo(
                    "copy", "--dest-tls-verify=false", "--dest-creds", Self.credentials, source,
                    "docker://\(server.address)/\(name):v1"
                ).succeeded()
            }
            try await tools.skopeo(
                "copy", "--src-tls-verify=false", "--dest-tls-verify=false", "--src-creds",
                Self.credentials, "--dest-creds", Self.credentials, "docker://\(server.address)/first:v1",
                "docker://\(server.address)/third:v1"
            ).succeeded()
            let answer = try await server.admin.get("/v2/third/manifests/v1")
            #expect(answer.status == 200)
            #expect(try await server.admin.get("/v2/first/manifests/v1").body == answer.body)
        }
    }

    @Test(arguments: ["podman", "buildah"])
    func theyLogInPushAndPull(_ name: String) async throws {
        let tools = try ContainerTools()
        let tool = name == "podman" ? tools.podman : tools.buildah
        try await withHomeport { server in
            let layout = try OCILayout()
            let source = try layout.tag(
                layout.addImage(layers: [Self.archive("a"), Self.archive("b")]), "one")
            let image = "\(server.address)/\(name)/image:v1"
            try await tool(["pull", source], "").succeeded()
            let listing = try await tool(["images", "--quiet"], "").succeeded().output
            let id = try #require(listing.split(separator: "\n").first.map(String.init))

            let refused = try await tool(["push", "--tls-verify=false", id, "docker://\(image)"], "")
            #expect(refused.status != 0, "\(refused)")
            let login = try await tool(
                ["login", "--tls-verify=false", "-u", "admin", "--password-stdin", server.address],
                Homeport.adminPassword)
            #expect(login.output.contains("Login Succeeded"), "\(login)")
            try await tool(["push", "--tls-verify=false", id, "docker://\(image)"], "").succeeded()
            try await tool(["rmi", "--force", id], "").succeeded()
            try await tool(["pull", "--tls-verify=false", image], "").succeeded()
            let again = try await tool(["images", "--quiet"], "").succeeded().output
            #expect(again.split(separator: "\n").first.map(String.init) == id)

            try await tool(["logout", server.address], "").succeeded()
            try await tool(["rmi", "--force", id], "").succeeded()
            #expect(try await tool(["pull", "--tls-verify=false", image], "").status != 0)
        }
    }

    @Test func buildahPushesAListOfPlatforms() async throws {
        let tools = try ContainerTools()
        try await withHomeport { server in
            let list = "\(server.address)/buildah/list:v1"
            try await tools.buildah(["manifest", "create", list]).succeeded()
            let layouts = try ["amd64", "arm64"].map { ($0, try OCILayout()) }
            defer { withExtendedLifetime(layouts) {} }
            for (platform, layout) in layouts {
                let image = try layout.addImage(layers: [Self.archive(platform)], architecture: platform)
                let source = try layout.tag(image, platform)
                try await tools.buildah(["manifest", "add", list, source]).succeeded()
            }
            try await tools.buildah([
                "manifest", "push", "--all", "--tls-verify=false", "--creds", Self.credentials, list,
                "docker://\(list)",
            ]).succeeded()
            let answer = try await server.admin.get("/v2/buildah/list/manifests/v1")
            #expect(answer.status == 200)
            let entries = answer.object["manifests"] as? [[String: Any]] ?? []
            #expect(entries.count == 2)
            for entry in entries {
                let digest = entry["digest"] as? String ?? ""
                #expect(try await server.admin.head("/v2/buildah/list/manifests/\(digest)").status == 200)
            }
        }
    }

    @Test func aPlainCurlGetsAManifestAndABlob() async throws {
        let tools = try ContainerTools()
        try await withHomeport { server in
            let layout = try OCILayout()
            let source = try layout.tag(layout.addImage(layers: [Self.archive("a")]), "one")
            try await tools.skopeo(
                "copy", "--dest-tls-verify=false", "--dest-creds", Self.credentials, source,
                "docker://\(server.address)/plain/image:v1"
            ).succeeded()
            let base = "http://\(server.address)/v2/plain/image"
            let curl = try Peer.curl.path()
            let manifest = try await Command(
                curl, ["-sSf", "-u", Self.credentials, "\(base)/manifests/v1"]
            ).run().succeeded()
            #expect(manifest.output.contains(OCILayout.imageType), "\(manifest)")
            let refusal = try await Command(curl, ["-sS", "-w", "%{http_code}", "\(base)/manifests/v1"]).run()
            #expect(refusal.output.hasSuffix("401"), "\(refusal)")
            #expect(refusal.output.contains("UNAUTHORIZED"))
        }
    }
}
