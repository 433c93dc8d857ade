import Contracts
import Harness
import Testing

/// A real Docker engine against the real program.
///
/// The suite starts one engine; each test has a server, accounts and credentials of its own.
@Suite(.dockerEngine, .serialized, .timeLimit(.minutes(10))) struct DockerTests {
    @Test func anImageGoesUpComesBackAndRuns() async throws {
        let docker = try DockerEngine.client()
        try await withHomeport { server in
            let image = "\(server.address)/demo/busybox:v1"
            try await docker.makeImage(image)
            let refused = try await docker("push", image)
            #expect(refused.status != 0)

            let login = try await docker.login("admin", Homeport.adminPassword, at: server.address)
            #expect(login.status == 0 && login.output.contains("Login Succeeded"), "\(login)")
            let push = try await docker("push", image).succeeded()
            #expect(push.output.contains("v1: digest: sha256:"), "\(push)")
            let again = try await docker("push", image).succeeded()
            #expect(again.output.contains("Layer already exists"), "\(again)")

            try await docker("rmi", image).succeeded()
            try await docker("pull", image).succeeded()
            let run = try await docker("run", "--rm", "--network=none", image, "/bin/busybox", "echo", "ok")
            #expect(run.output == "ok\n", "\(run)")
        }
    }

    @Test(arguments: ["", "  redirects: true"]) func anImageInABucketGoesUpAndComesBack(_ more: String)
        async throws
    {
        let docker = try DockerEngine.client()
        let keys = try S3Tests.keys()
        try await withS3Server(in: TemporaryFolder()) { s3 in
            let settings = S3Tests.settings(s3, try await s3.newBucket(), keys, more)
            try await withHomeport(settings: settings) { server in
                let image = "\(server.address)/demo/busybox:v1"
                try await docker.makeImage(image)
                try await docker.login("admin", Homeport.adminPassword, at: server.address).succeeded()
                try await docker("push", image).succeeded()
                let again = try await docker("push", image).succeeded()
                #expect(again.output.contains("Layer already exists"), "\(again)")
                try await docker("rmi", image).succeeded()
                try await docker("pull", image).succeeded()
                let run = try await docker(
                    "run", "--rm", "--network=none", image, "/bin/busybox", "echo", "ok")
                #expect(run.output == "ok\n", "\(run)")
            }
        }
    }

    @Test func anImageBuiltOnAnotherIsPushedInLayers() async throws {
        let docker = try DockerEngine.client()
        try await withHomeport { server in
            let base = "\(server.address)/demo/base"
            let built = "\(server.address)/demo/built"
            try await docker.login("admin", Homeport.adminPassword, at: server.address).succeeded()
            try await docker.makeImage(base)
            try await docker("push", base).succeeded()
            let recipe = """
                FROM \(base)
                RUN ["/bin/busybox", "touch", "/made"]
                CMD ["/bin/busybox", "ls", "/made"]
                """
            try await docker("build", "--network=none", "-t", built, "-", input: recipe).succeeded()
            let push = try await docker("push", built).succeeded()
            #expect(push.output.contains("Mounted from demo/base"), "\(push)")
            try await docker("rmi", built, base).succeeded()
            let run = try await docker("run", "--rm", "--network=none", built)
            #expect(run.output == "/made\n", "\(run)")
        }
    }

    @Test func aWrongPasswordIsRefused() async throws {
        let docker = try DockerEngine.client()
        try await withHomeport { server in
            let login = try await docker.login("admin", "wrong", at: server.address)
            #expect(login.status != 0)
            #expect(login.errors.contains("unauthorized"), "\(login)")
            let unknown = try await docker.login("nobody-of-this-name", "wrong", at: server.address)
            #expect(unknown.errors.replacing("nobody-of-this-name", with: "admin") == login.errors)
        }
    }

    @Test func labelsSayWhatWaldiMayPush() async throws {
        let docker = try DockerEngine.client()
        try await withHomeport { server in
            try await server.command("acl", "remove", "--yes", "1000")
            try await server.addAccount(
                "waldi", password: "secret", labels: ["full-access=test", "full-access=socke*"])
            try await server.addRule(10, "--name", "${labels:full-access}", actions: "*")
            try await server.addRule(20, "--name", "${labels:read-only-access}", actions: "pull")
            try await docker.login("waldi", "secret", at: server.address).succeeded()

            let test = "\(server.address)/test"
            let socke = "\(server.address)/socke23"
            let prod = "\(server.address)/prod"
            try await docker.makeImage(test)
            try await docker("tag", test, socke).succeeded()
            try await docker("tag", test, prod).succeeded()

            try await docker("push", test).succeeded()
            let second = try await docker("push", socke).succeeded()
            #expect(second.output.contains("Mounted from test"), "\(second)")
            let third = try await docker("push", prod)
            #expect(third.status != 0)
            #expect(
                third.errors.hasPrefix("denied: requested access to the resource is denied"), "\(third)")
        }
    }

    @Test func labelsTogetherSayWhatBusyGuyMayPush() async throws {
        let docker = try DockerEngine.client()
        try await withHomeport { server in
            try await server.command("acl", "remove", "--yes", "1000")
            let labels = [
                "group=VIP", "group=nobodies", "project=uber-project", "project=meh-project", "tier=gold",
                "tier=bronze",
            ].map { $0.lowercased() }
            try await server.addAccount("busy-guy", password: "secret", labels: labels)
            try await server.addRule(
                20, "--name", "${labels:project}/${labels:group}-${labels:tier}", actions: "pull,push")
            try await docker.login("busy-guy", "secret", at: server.address).succeeded()
            let allowed = ["uber-project/vip-gold", "meh-project/nobodies-bronze"]
            let refused = ["uber-project/gold-vip", "vip/uber-project-gold", "uber-project/vip-gold2"]
            for name in allowed + refused {
                let image = "\(server.address)/\(name)"
                try await docker.makeImage(image)
                let push = try await docker("push", image)
                #expect((push.status == 0) == allowed.contains(name), "\(push)")
            }
        }
    }

    @Test func onePushesASecondPullsAndAThirdIsRefused() async throws {
        let (one, two, three) = (
            try DockerEngine.client(), try DockerEngine.client(), try DockerEngine.client()
        )
        try await withHomeport { server in
            for name in ["one", "two", "three"] { try await server.addAccount(name, password: name) }
            try await server.addRule(20, "--account", "two", "--name", "one/*", actions: "pull")
            for (docker, name) in [(one, "one"), (two, "two"), (three, "three")] {
                try await docker.login(name, name, at: server.address).succeeded()
            }
            let image = "\(server.address)/one/image"
            try await one.makeImage(image)
            try await one("push", image).succeeded()
            try await one("rmi", image).succeeded()
            let refused = try await three("pull", image)
            #expect(refused.status != 0 && refused.errors.contains("denied"), "\(refused)")
            try await two("pull", image).succeeded()
            let push = try await two("push", image)
            #expect(push.status != 0 && push.errors.contains("denied"), "\(push)")
        }
    }

    @Test func whateverChangesCountsOnTheNextRequest() async throws {
        let docker = try DockerEngine.client()
        try await withHomeport { server in
            try await server.addAccount("carol", password: "secret")
            try await docker.login("carol", "secret", at: server.address).succeeded()
            let image = "\(server.address)/carol/image"
            try await docker.makeImage(image)
            try await docker("push", image).succeeded()

            try await server.command("account", "disable", "carol")
            #expect(try await docker("push", image).status != 0, "disabled")
            try await server.command("account", "enable", "carol")
            try await docker("push", image).succeeded()

            try await server.command("account", "set", "carol", "--expires", "2020-01-01")
            #expect(try await docker("push", image).status != 0, "expired")
            try await server.command("account", "set", "carol", "--expires", "never")
            try await docker("push", image).succeeded()

            try await server.command("acl", "remove", "--yes", "1000")
            let denied = try await docker("push", image)
            #expect(denied.errors.contains("denied"), "a rule was removed: \(denied)")
            try await server.addRule(30, "--account", "carol", "--name", "carol/*", actions: "pull,push")
            try await docker("push", image).succeeded()

            try await server.run(["account", "passwd", "carol", "--password-stdin"], input: "other\n")
                .succeeded()
            #expect(try await docker("push", image).status != 0, "the password was changed")
        }
    }

    @Test func anAccessTokenIsAPasswordThatMayLess() async throws {
        let docker = try DockerEngine.client()
        try await withHomeport { server in
            let image = "\(server.address)/prod/image"
            try await docker.login("admin", Homeport.adminPassword, at: server.address).succeeded()
            try await docker.makeImage(image)
            try await docker("push", image).succeeded()

            let token = try await server.makeToken("admin", "ci", scopes: ["repository:prod/*:pull"])
            let machine = try DockerEngine.client()
            try await machine.login("admin", token, at: server.address).succeeded()
            try await machine("pull", image).succeeded()
            let push = try await machine("push", image)
            #expect(push.status != 0 && push.errors.contains("denied"), "\(push)")

            try await server.command("token", "revoke", "admin", "ci")
            #expect(try await machine("pull", image).status != 0, "revoked")
        }
    }

    @Test func whoeverIsNotSignedInPullsWhatIsPublic() async throws {
        let docker = try DockerEngine.client()
        let stranger = try DockerEngine.client()
        try await withHomeport { server in
            try await server.command("account", "add", "--anonymous")
            try await server.addRule(20, "--name", "public/*", actions: "pull")
            try await docker.login("admin", Homeport.adminPassword, at: server.address).succeeded()
            for name in ["public/image", "private/image"] {
                let image = "\(server.address)/\(name)"
                try await docker.makeImage(image)
                try await docker("push", image).succeeded()
                try await docker("rmi", image).succeeded()
            }
            try await stranger("pull", "\(server.address)/public/image").succeeded()
            #expect(try await stranger("pull", "\(server.address)/private/image").status != 0)
            #expect(try await stranger("push", "\(server.address)/public/image").status != 0)
        }
    }

    @Test func theEngineTakesItsOwnPlatformOutOfAnIndex() async throws {
        let docker = try DockerEngine.client()
        let tools = try ContainerTools()
        try await withHomeport { server in
            let layout = try OCILayout()
            let layers = ["amd64", "arm64", "s390x", "riscv64"].map { platform in
                var archive = TarArchive()
                archive.add("platform-\(platform)", randomBytes(2000))
                return (platform, archive.finished)
            }
            let images = try layers.map { try layout.addImage(layers: [$0.1], architecture: $0.0) }
            let source = try layout.tag(layout.addIndex(of: images), "all")
            let image = "\(server.address)/demo/multi:v1"
            try await tools.skopeo(
                "copy", "--all", "--dest-tls-verify=false", "--dest-creds",
                "admin:\(Homeport.adminPassword)", source, "docker://\(image)"
            ).succeeded()
            try await docker.login("admin", Homeport.adminPassword, at: server.address).succeeded()
            for (platform, _) in layers {
                try await docker("pull", "--platform", "linux/\(platform)", image).succeeded()
                let about = try await docker("inspect", "--format", "{{.Architecture}}", image).succeeded()
                #expect(about.output == "\(platform)\n")
                try await docker("rmi", image).succeeded()
            }
        }
    }

    @Test func fourClientsPushTheSameTenLayersAtOnce() async throws {
        let docker = try DockerEngine.client()
        let tools = try ContainerTools()
        try await withHomeport { server in
            let layout = try OCILayout()
            let layers = (0..<10).map { number in
                var archive = TarArchive()
                archive.add("layer-\(number)", randomBytes(300_000 + number))
                return archive.finished
            }
            let source = try layout.tag(layout.addImage(layers: layers), "ten")
            let names = ["docker", "skopeo", "podman", "buildah"].map { "\(server.address)/ten/\($0):v1" }
            let archive = layout.path + "/docker.tar"
            try await tools.skopeo("copy", source, "docker-archive:\(archive):\(names[0])").succeeded()
            try await docker("load", "--input", archive).succeeded()
            try await docker.login("admin", Homeport.adminPassword, at: server.address).succeeded()
            let credentials = "admin:\(Homeport.adminPassword)"
            for tool in [tools.podman, tools.buildah] {
                try await tool(["pull", source], "").succeeded()
            }
            let podmanImage = try await tools.podman(["images", "--quiet"], "").succeeded().output
            let local = podmanImage.split(separator: "\n").first.map(String.init) ?? ""

            async let first = docker("push", names[0])
            async let second = tools.skopeo(
                "copy", "--dest-tls-verify=false", "--dest-creds", credentials, source, "docker://\(names[1])"
            )
            async let third = tools.podman(
                ["push", "--tls-verify=false", "--creds", credentials, local, names[2]], "")
            async let fourth = tools.buildah(
                ["push", "--tls-verify=false", "--creds", credentials, local, "docker://\(names[3])"], "")
            for finished in try await [first, second, third, fourth] {
                #expect(finished.status == 0, "\(finished)")
            }
            for name in ["docker", "skopeo", "podman", "buildah"] {
                let answer = try await server.admin.get("/v2/ten/\(name)/manifests/v1")
                #expect(answer.status == 200)
                let found = answer.object["layers"] as? [[String: Any]] ?? []
                #expect(found.count == 10, "\(name)")
                for layer in found {
                    let digest = layer["digest"] as? String ?? ""
                    let blob = try await server.admin.get("/v2/ten/\(name)/blobs/\(digest)")
                    #expect(sha256(blob.body) == digest)
                }
            }
        }
    }
}
