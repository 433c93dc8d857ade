import Contracts
import Foundation
import Harness
import Testing

/// nginx, Docker's own registry, a token server and a database that speaks MongoDB's protocol, as deploy/classic has
/// them; and Homeport in the place of all of them, with the same clients, people and rules.
@Suite(.serialized, .timeLimit(.minutes(10))) struct ClassicTests {
    enum Stack: CaseIterable { case classic, alone }

    private func with<Value: Sendable>(
        _ stack: Stack, _ body: @Sendable @escaping (Classic) async throws -> Value
    ) async throws -> Value {
        let folder = try TemporaryFolder()
        return try await withMongoServer(in: folder) { mongo in
            let classic = try await Classic(in: folder, mongo)
            switch stack {
            case .classic: return try await withClassicStack(classic) { try await body(classic) }
            case .alone: return try await withHomeportAlone(classic) { try await body(classic) }
            }
        }
    }

    @Test(arguments: Stack.allCases) func aRealClientLogsInPushesPullsMountsAndIsRefused(_ stack: Stack)
        async throws
    {
        try await with(stack) { classic in
            try await withDockerEngine(
                naming: "\(Classic.registryName) \(Classic.tokenName)", at: classic.registry,
                believing: classic.folder.path + "/ca.pem"
            ) { docker in
                let wrong = try await docker.login("test", "124", at: classic.registry)
                #expect(wrong.status != 0 && wrong.errors.contains("unauthorized"), "\(wrong)")
                try await docker.login("test", "123", at: classic.registry).succeeded()
                let own = "\(classic.registry)/test/app:v1"
                try await docker.makeImage(own)
                let pushed = try await docker("push", own).succeeded()
                #expect(pushed.output.contains("v1: digest: sha256:"), "\(pushed)")
                let copy = "\(classic.registry)/tools/copy:v1"
                try await docker("tag", own, copy).succeeded()
                let mounted = try await docker("push", copy).succeeded()
                #expect(mounted.output.contains("Mounted from test/app"), "\(mounted)")
                try await docker("rmi", own, copy).succeeded()
                try await docker("pull", own).succeeded()

                let other = "\(classic.registry)/shop/app:v1"
                try await docker("tag", own, other).succeeded()
                let refused = try await docker("push", other)
                #expect(refused.status != 0 && refused.errors.contains("denied"), "\(refused)")
                try await rights(classic, docker, other)
            }
        }
    }

    /// A document is edited, and what it says counts within the cache time, which is a second.
    private func rights(_ classic: Classic, _ docker: DockerClient, _ image: String) async throws {
        try await classic.edit(
            "db.acl.insert_one({'seq': 15, 'match': {'account': 'test', 'name': 'shop/*'}, "
                + "'actions': ['pull', 'push']})")
        try await withinCacheTime("the new rule counts") {
            try await docker("push", image).status == 0
        }
        try await classic.edit("db.acl.delete_one({'seq': 15})")
        try await withinCacheTime("the rule is gone") {
            let pull = try await docker("pull", image)
            return pull.status != 0 && pull.errors.contains("denied")
        }
        try await classic.edit(
            "db.users.update_one({'username': 'test'}, {'$set': {'labels.project': ['shop']}})")
        try await withinCacheTime("the label counts") { try await docker("pull", image).status == 0 }
        try await classic.edit("db.users.delete_one({'username': 'test'})")
        try await withinCacheTime("nobody of that name signs in") {
            try await docker.login("test", "123", at: classic.registry).status != 0
        }
    }

    private func withinCacheTime(
        _ what: Comment, _ isSo: @Sendable () async throws -> Bool
    ) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        var rounds = 0
        // A round of the real client takes its own time, so the last one may end late.
        while clock.now - start < .seconds(6) {
            rounds += 1
            if try await isSo() { return }
        }
        Issue.record("\(what): not after \(rounds) rounds")
    }

    @Test func whatIsAskedIsAnsweredAlikeButForTheNameOfTheServer() async throws {
        let one = try await with(.classic) { classic in try await conversation(classic) }
        let other = try await with(.alone) { classic in try await conversation(classic) }
        #expect(one.map(\.0) == other.map(\.0))
        for ((about, old), (_, new)) in zip(one, other) {
            if let better = Self.better[about] {
                #expect(old.status == better.old && new.status == better.new, "\(about):\n\(old)\n\(new)")
                continue
            }
            #expect(old.status == new.status, "\(about):\n\(old)\n\(new)")
            let other = old.status == 301 ? Self.ofTheServer.union(Self.ofThePage) : Self.ofTheServer
            let names = Set(old.headers.keys).symmetricDifference(new.headers.keys).subtracting(other)
            #expect(names.isEmpty, "\(about): \(names.sorted())\n\(old)\n\(new)")
            for (name, value) in old.headers where !other.contains(name) && new.headers[name] != nil {
                let (mine, theirs) = (Self.plain(value), Self.plain(new.headers[name] ?? ""))
                #expect(mine == theirs, "\(about): \(name): \(value) and \(new.headers[name] ?? "")")
            }
            #expect(Self.codes(old) == Self.codes(new), "\(about):\n\(old)\n\(new)")
        }
    }

    /// Headers that name the server and its proxy, the moment, or how the bytes are cut; one that only later registries
    /// have, and how long blobs may be kept, which is said by their digest.
    private static let ofTheServer: Set<String> = [
        "server", "date", "connection", "content-length", "transfer-encoding", "x-request-id",
        "docker-upload-uuid", "x-frame-options", "oci-chunk-min-length", "cache-control",
    ]
    /// What this registry says better, as docs/classic.md tells: the statuses of both.
    private static let better: [String: (old: Int, new: Int)] = [
        "bad name": (404, 400), "delete": (401, 403),
    ]
    /// What nginx answers by itself is a page of its own.
    private static let ofThePage: Set<String> = ["content-type", "x-content-type-options"]

    /// Without what is another at each run: ports, identifiers of uploads, the last part of the realm.
    private static func plain(_ value: String) -> String {
        value.replacing(/:\d{4,5}/, with: "").replacing("https://\(Classic.registryName)", with: "")
            .replacing(/\/uploads\/[^"]*/, with: "/uploads/ID")
            .replacing(/\/auth(\/token)?"/, with: "/auth\"").replacing(/; charset=utf-8/, with: "")
    }

    /// The codes of errors in a body.
    private static func codes(_ answer: CurlAnswer) -> [String] {
        (answer.object["errors"] as? [[String: Any]] ?? []).compactMap { $0["code"] as? String }
    }

    /// What clients ask, and what they are told.
    private func conversation(_ classic: Classic) async throws -> [(String, CurlAnswer)] {
        var said: [(String, CurlAnswer)] = []
        let base = "https://\(classic.registry)"
        let auth = "https://\(classic.tokens)/auth?service=\(Classic.registryName)"
        func ask(_ about: String, _ url: String, _ options: String...) async throws {
            said.append((about, try await classic.ask(url, options)))
        }
        func token(_ scope: String, _ user: String = "test:123") async throws -> String {
            let answer = try await classic.ask("\(auth)&scope=\(scope)", ["-u", user])
            return "Authorization: Bearer \(try #require(answer.object["token"] as? String, "\(answer)"))"
        }
        for (name, port) in [
            (Classic.registryName, classic.plainPort), (Classic.tokenName, classic.plainPort),
        ] {
            try await ask("plain \(name)", "http://\(name):\(port)/v2/x?y=z")
        }
        try await ask("nobody", "\(base)/v2/")
        try await ask("wrong password", "\(auth)&account=test", "-u", "test:124")
        try await ask("nobody's token", auth)
        let full = try await token("repository:test/app:pull,push")
        try await ask("base", "\(base)/v2/", "-H", full)
        try await ask(
            "no scope", "\(base)/v2/test/app/tags/list", "-H", try await token("repository:other/app:pull"))
        try await ask("bad token", "\(base)/v2/test/app/tags/list", "-H", "Authorization: Bearer x.y.z")
        try await ask("no repository", "\(base)/v2/test/app/tags/list", "-H", full)
        try await ask("no manifest", "\(base)/v2/test/app/manifests/v1", "-H", full)
        let layer = Array("a layer".utf8)
        let digest = sha256(layer)
        try await ask("no blob", "\(base)/v2/test/app/blobs/\(digest)", "-H", full)
        try await ask("bad name", "\(base)/v2/Test/tags/list", "-H", full)
        try await ask("start", "\(base)/v2/test/app/blobs/uploads/", "-H", full, "-X", "POST")
        // Docker's registry says the whole address, this one what comes behind the host.
        let location = try #require(said.last?.1["location"])
        let place = location.hasPrefix("/") ? base + location : location
        let separator = place.contains("?") ? "&" : "?"
        try await ask(
            "blob", "\(place)\(separator)digest=\(digest)", "-H", full, "-X", "PUT", "-H",
            "Content-Type: application/octet-stream", "--data-binary", "a layer")
        let manifest = Self.manifest(digest, layer.count)
        for (about, text) in [("manifest", manifest), ("broken manifest", "{"), ("manifest again", manifest)]
        {
            try await ask(
                about, "\(base)/v2/test/app/manifests/v1", "-H", full, "-X", "PUT", "-H",
                "Content-Type: application/vnd.docker.distribution.manifest.v2+json", "--data-binary", text)
        }
        try await ask("tags", "\(base)/v2/test/app/tags/list", "-H", full)
        let accept = "Accept: application/vnd.docker.distribution.manifest.v2+json"
        try await ask("pull", "\(base)/v2/test/app/manifests/v1", "-H", full, "-H", accept)
        try await ask("head", "\(base)/v2/test/app/manifests/v1", "-H", full, "-H", accept, "-I")
        try await ask("blob again", "\(base)/v2/test/app/blobs/\(digest)", "-H", full)
        try await ask("part", "\(base)/v2/test/app/blobs/\(digest)", "-H", full, "-r", "2-4")
        try await ask("delete", "\(base)/v2/test/app/blobs/\(digest)", "-H", full, "-X", "DELETE")
        return said
    }

    private static func manifest(_ digest: String, _ size: Int) -> String {
        let layer = #"{"mediaType":"TYPE","size":\#(size),"digest":"\#(digest)"}"#
        let config = layer.replacing("TYPE", with: "application/vnd.docker.container.image.v1+json")
        let part = layer.replacing("TYPE", with: "application/vnd.docker.image.rootfs.diff.tar.gzip")
        return
            #"{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":\#(config),"#
            + #""layers":[\#(part)]}"#
    }

    @Test func nginxSendsToTLSAndOldClientsAway() async throws {
        try await with(.classic) { classic in
            let plain = try await classic.ask("http://\(Classic.registryName):\(classic.plainPort)/v2/a?b=c")
            #expect(
                plain.status == 301 && plain["location"] == "https://\(classic.registry)/v2/a?b=c", "\(plain)"
            )
            for agent in ["docker/1.4.1 go/go1.3.3", "Go 1.1 package http"] {
                #expect(
                    try await classic.ask("https://\(classic.registry)/v2/", ["-A", agent]).status == 404)
            }
            let base = try await classic.ask(
                "https://\(classic.registry)/v2/", ["-A", "docker/24.0.7 go/go1.20"])
            #expect(base.status == 401, "\(base)")
            #expect(base["docker-distribution-api-version"] == "registry/2.0", "once, and not twice: \(base)")
            #expect(base["strict-transport-security"] == "max-age=63072000")
            #expect(base["x-content-type-options"]?.contains("nosniff") == true)
            #expect(base["server"] == "nginx", "without a version")
            let challenge = base["www-authenticate"] ?? ""
            #expect(challenge.contains(#"realm="https://\#(classic.tokens)/auth""#), "\(challenge)")
            #expect(challenge.contains(#"service="registry.example.com""#), "\(challenge)")
            #expect(try await classic.ask("https://\(classic.registry)/auth").status == 404)
            #expect(try await classic.ask("https://\(classic.tokens)/v2/").status == 404)
        }
    }
}
