import Harness
import Testing

/// What clients are told when the operator's rules forbid what they do.
@Suite(.dockerEngine, .serialized, .timeLimit(.minutes(10))) struct PolicyTests {
    private static let settings = """
        registry:
          quotas:
            - {name: small/**, bytes: 100KiB}
            - {name: trial/**, bytes: 1KiB, dry_run: true}
          immutable_tags:
            - {name: shop/**, tag: v*}
        """
    private static let credentials = "admin:\(Homeport.adminPassword)"

    private func image(of bytes: Int) throws -> (layout: OCILayout, source: String) {
        var archive = TarArchive()
        archive.add("file", randomBytes(bytes))
        let layout = try OCILayout()
        return (layout, try layout.tag(layout.addImage(layers: [archive.finished]), "one"))
    }

    @Test func skopeoShowsTheSentenceOfAQuota() async throws {
        let tools = try ContainerTools()
        try await withHomeport(settings: Self.settings) { server in
            func push(_ bytes: Int, to name: String) async throws -> Finished {
                let (layout, source) = try image(of: bytes)
                defer { withExtendedLifetime(layout) {} }
                return try await tools.skopeo(
                    "copy", "--dest-tls-verify=false", "--dest-creds", Self.credentials, source,
                    "docker://\(server.address)/\(name):v1")
            }
            try await push(60_000, to: "small/a").succeeded()
            let refused = try await push(60_000, to: "small/b/deep")
            #expect(refused.status != 0)
            #expect(refused.errors.contains("denied: the quota of small/** is exhausted"), "\(refused)")
            #expect(refused.errors.contains("of 100 KiB are used"), "\(refused)")
            #expect(try await server.admin.get("/v2/small/b/deep/manifests/v1").status == 404)
            try await push(60_000, to: "elsewhere").succeeded()
            try await push(60_000, to: "trial/a").succeeded()
            #expect(server.log.contains("a quota on trial would have refused this"), "\(server.log)")

            let listed = try await server.command("quota", "list").output
            #expect(listed.contains("small/**") && listed.contains("would refuse pushes"), "\(listed)")
            let tried = try await server.run(["quota", "try", "elsewhere", "1KiB"])
            #expect(tried.status == 1, "\(tried)")
            #expect(try await server.run(["quota", "try", "elsewhere", "1GiB"]).status == 0)
        }
    }

    @Test func dockerShowsTheSentencesAndDoesNotTryAgain() async throws {
        let docker = try DockerEngine.client()
        try await withHomeport(settings: Self.settings) { server in
            try await docker.login("admin", Homeport.adminPassword, at: server.address).succeeded()
            let small = "\(server.address)/small/app:v1"
            try await docker.makeImage(small)
            let full = try await docker("push", small)
            #expect(full.status != 0)
            #expect(full.errors.contains("denied: the quota of small/** is exhausted"), "\(full)")
            #expect(!full.text.contains("Retrying"), "\(full)")

            let shop = "\(server.address)/shop/app:v1"
            try await docker("tag", small, shop).succeeded()
            try await docker("push", shop).succeeded()
            try await docker("push", shop).succeeded()
            try await docker.makeImage(shop)
            let moved = try await docker("push", shop)
            #expect(moved.status != 0)
            #expect(moved.errors.contains("denied: tag v1 of shop/app is immutable"), "\(moved)")
        }
    }

    @Test func immutableTagsStandAgainstEveryWay() async throws {
        let tools = try ContainerTools()
        try await withHomeport(settings: Self.settings) { server in
            func push(_ tag: String) async throws -> Finished {
                let (layout, source) = try image(of: 1000)
                defer { withExtendedLifetime(layout) {} }
                return try await tools.skopeo(
                    "copy", "--dest-tls-verify=false", "--dest-creds", Self.credentials, source,
                    "docker://\(server.address)/shop/web:\(tag)")
            }
            try await push("v1").succeeded()
            try await push("latest").succeeded()
            let moved = try await push("v1")
            #expect(moved.status != 0)
            #expect(moved.errors.contains("denied: tag v1 of shop/web is immutable"), "\(moved)")
            let deleted = try await tools.skopeo(
                "delete", "--tls-verify=false", "--creds", Self.credentials,
                "docker://\(server.address)/shop/web:v1")
            #expect(deleted.status != 0)
            #expect(deleted.errors.contains("tag v1 of shop/web is immutable"), "\(deleted)")

            let latest = try await server.admin.get("/v2/shop/web/manifests/latest")
            let digest = try #require(latest["Docker-Content-Digest"])
            let many = try await server.admin.put(
                "/v2/shop/web/manifests/\(digest)?tag=fresh&tag=v1",
                headers: [("Content-Type", OCILayout.imageType)], body: latest.body)
            #expect(many.status == 403 && many.errorCodes == ["DENIED"], "\(many)")
            #expect(try await server.admin.get("/v2/shop/web/manifests/fresh").status == 404)

            for target in ["shop/web:v1", "shop/web"] {
                let removed = try await server.run(["repo", "remove", "--yes", target])
                #expect(removed.status == 1, "\(removed)")
                #expect(removed.errors.contains("is immutable"), "\(removed)")
            }
            let held = try await server.command("immutable", "list", "--json").output
            #expect(held.contains(#""tag" : "v1""#) && !held.contains("latest"), "\(held)")
            let tried = try await server.command("immutable", "try", "shop/*", "l*").output
            #expect(tried.contains("latest") && !tried.contains(" v1 "), "\(tried)")
            try await server.command("repo", "remove", "shop/web:latest")
            #expect(
                try await server.admin.get("/v2/shop/web/manifests/latest").status == 404,
                "what the command line removes is gone on the next request")
        }
    }
}
