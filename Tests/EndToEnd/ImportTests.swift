import Contracts
import Foundation
import Harness
import Testing

/// The data of Debian's docker-registry, filled by real clients, taken over and pulled back.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ImportTests {
    /// Everything a registry answers with: of each repository its tags, and of each manifest and blob the
    /// bytes.
    struct Contents: Sendable {
        var tags: [String: [String: String]] = [:]
        var manifests: [String: [String: Answer]] = [:]
        var blobs: [String: [String: [UInt8]]] = [:]

        /// Asks a registry by its API for all that can be reached from its tags.
        init(of registry: RegistryCaller) async throws {
            let catalogue = try await registry.get("/v2/_catalog").object["repositories"] as? [String]
            for name in catalogue ?? [] {
                let list = try await registry.get("/v2/\(name)/tags/list").object["tags"] as? [String]
                for tag in list ?? [] {
                    tags[name, default: [:]][tag] = try await read(tag, of: name, registry)
                }
            }
        }

        private mutating func read(_ reference: String, of name: String, _ registry: RegistryCaller)
            async throws -> String
        {
            let types = [
                "application/vnd.docker.distribution.manifest.v2+json", OCILayout.imageType,
                OCILayout.indexType,
            ]
            let answer = try await registry.get(
                "/v2/\(name)/manifests/\(reference)", headers: types.map { ("Accept", $0) })
            guard answer.status == 200, let digest = answer["Docker-Content-Digest"] else {
                throw CommandFailed(description: "\(name) \(reference): \(answer)")
            }
            manifests[name, default: [:]][digest] = answer
            for child in answer.object["manifests"] as? [[String: Any]] ?? [] {
                _ = try await read(child["digest"] as? String ?? "", of: name, registry)
            }
            let config = answer.object["config"] as? [String: Any]
            for blob in [config].compactMap(\.self) + (answer.object["layers"] as? [[String: Any]] ?? []) {
                let digest = blob["digest"] as? String ?? ""
                blobs[name, default: [:]][digest] =
                    try await registry.get("/v2/\(name)/blobs/\(digest)").body
            }
            return digest
        }
    }

    private static func archive(_ name: String) -> [UInt8] {
        var archive = TarArchive()
        archive.add(name, randomBytes(40_000))
        return archive.finished
    }

    /// Fills a registry as people do: with images that share layers, a tag that moved, platforms, Docker's
    /// own format, and an artifact whose client found no referrers there and kept a list of its own.
    private func fill(_ registry: DebianRegistry) async throws {
        let tools = try ContainerTools()
        let shared = Self.archive("shared")
        func push(_ image: String, _ options: String...) async throws {
            let layout = try OCILayout()
            let source = try layout.tag(layout.addImage(layers: [shared, Self.archive(image)]), "x")
            try await copy(source, to: image, options, tools, registry)
        }
        try await push("team/app:v1")
        try await push("team/app:latest")
        try await push("team/app:latest")
        try await push("team/app/inner:v1")
        try await push("docker:v2s2", "--format", "v2s2")
        let layout = try OCILayout()
        let platforms = try ["amd64", "arm64"].map {
            try layout.addImage(layers: [Self.archive($0)], architecture: $0)
        }
        let list = try layout.tag(layout.addIndex(of: platforms), "list")
        try await copy(list, to: "deep/er/than/two:all", ["--all"], tools, registry)
        try await addArtifact(to: "team/app", registry.caller)
        let started = try await registry.caller.post("/v2/team/app/blobs/uploads/")
        #expect(started.status == 202, "an upload that nobody ends")
    }

    private func copy(
        _ source: String, to image: String, _ options: [String], _ tools: ContainerTools,
        _ registry: DebianRegistry
    ) async throws {
        try await tools.skopeo(
            ["copy", "--dest-tls-verify=false"] + options + [source, "docker://\(registry.address)/\(image)"]
        ).succeeded()
    }

    /// What `oras attach` leaves in a registry that knows no referrers: a manifest with a subject, and an
    /// index of it under a tag made of the subject's digest.
    private func addArtifact(to name: String, _ registry: RegistryCaller) async throws {
        let head = try await registry.get(
            "/v2/\(name)/manifests/v1", headers: [("Accept", OCILayout.imageType)])
        let subject = try #require(head["Docker-Content-Digest"])
        let empty = Array("{}".utf8)
        let start = try await registry.post("/v2/\(name)/blobs/uploads/")
        let location = try #require(start["Location"])
        #expect(try await registry.put(location.adding("digest=\(sha256(empty))"), body: empty).status == 201)
        let config =
            #"{"mediaType":"application/vnd.oci.empty.v1+json","digest":"\#(sha256(empty))","size":2}"#
        let artifact =
            #"{"schemaVersion":2,"mediaType":"\#(OCILayout.imageType)","artifactType":"text/x-note","#
            + #""config":\#(config),"layers":[\#(config)],"subject":{"mediaType":"\#(OCILayout.imageType)","#
            + #""digest":"\#(subject)","size":\#(head.body.count)}}"#
        let digest = sha256(Array(artifact.utf8))
        try await put(artifact, as: digest, OCILayout.imageType, to: name, registry)
        let index =
            #"{"schemaVersion":2,"mediaType":"\#(OCILayout.indexType)","manifests":[{"mediaType":"#
            + #""\#(OCILayout.imageType)","digest":"\#(digest)","size":\#(artifact.utf8.count),"#
            + #""artifactType":"text/x-note"}]}"#
        let fallback = subject.replacing(":", with: "-")
        try await put(index, as: fallback, OCILayout.indexType, to: name, registry)
    }

    private func put(
        _ manifest: String, as reference: String, _ type: String, to name: String, _ registry: RegistryCaller
    ) async throws {
        let answer = try await registry.put(
            "/v2/\(name)/manifests/\(reference)", headers: [("Content-Type", type)],
            body: Array(manifest.utf8))
        #expect(answer.status == 201, "\(answer)")
    }

    private func compare(_ server: Homeport, with old: Contents) async throws {
        for (name, tags) in old.tags {
            for (tag, digest) in tags {
                let answer = try await server.admin.head("/v2/\(name)/manifests/\(tag)")
                #expect(answer["Docker-Content-Digest"] == digest, "\(name):\(tag)")
            }
        }
        for (name, manifests) in old.manifests {
            for (digest, was) in manifests {
                let answer = try await server.admin.get("/v2/\(name)/manifests/\(digest)")
                #expect(answer.body == was.body, "\(name)@\(digest)")
                #expect(answer["Content-Type"] == was["Content-Type"])
            }
        }
        for (name, blobs) in old.blobs {
            for (digest, bytes) in blobs {
                #expect(try await server.admin.get("/v2/\(name)/blobs/\(digest)").body.elementsEqual(bytes))
            }
        }
    }

    private func filled(in folder: TemporaryFolder) async throws -> (Contents, DebianRegistry) {
        try await withDebianRegistry(in: folder) { registry in
            try await self.fill(registry)
            return (try await Contents(of: registry.caller), registry)
        }
    }

    private func report(_ finished: Finished) throws -> [String: Any] {
        let json = try JSONSerialization.jsonObject(with: Data(try finished.succeeded().output.utf8))
        return try #require(json as? [String: Any])
    }

    private func new(_ report: [String: Any], _ what: String) -> Int? {
        (report[what] as? [String: Int])?["new"]
    }

    @Test func everythingComesBackByteForByte() async throws {
        let folder = try TemporaryFolder()
        let (old, registry) = try await filled(in: folder)
        #expect(old.tags.count == 4 && old.manifests.values.map(\.count).reduce(0, +) == 9)
        let data = folder.path + "/data"
        let command = ["import", "distribution", registry.configuration, "--verify", "--json"]

        let rehearsal = try report(try await homeport(command + ["--dry-run"], data: data))
        #expect(new(rehearsal, "manifests") == 10, "one of them has lost its tag: \(rehearsal)")
        #expect(!FileManager.default.fileExists(atPath: data), "a rehearsal makes nothing")

        let first = try report(try await homeport(command, data: data))
        #expect(new(first, "manifests") == 10 && new(first, "tags") == 6, "\(first)")
        #expect(first["earlierMoves"] as? Int == 1 && first["referrers"] as? Int == 1, "\(first)")
        let skipped = first["skipped"] as? [[String: String]]
        #expect(skipped?.map { $0["what"] } == ["upload"], "\(first)")
        let second = try report(try await homeport(command, data: data))
        #expect(["blobs", "manifests", "tags"].map { new(second, $0) } == [0, 0, 0], "\(second)")

        try await PythonPeers.run("check_data_folder.py", [data, "--whole"]).succeeded()
        try await withHomeport(in: folder) { server in
            try await self.compare(server, with: old)
            let subject = try #require(old.tags["team/app"]?["v1"])
            let referrers = try await server.admin.get("/v2/team/app/referrers/\(subject)")
            let found = referrers.object["manifests"] as? [[String: Any]]
            #expect(found?.map { $0["artifactType"] as? String } == ["text/x-note"], "\(referrers)")
            let target = try OCILayout()
            try await ContainerTools().skopeo(
                "copy", "--all", "--src-tls-verify=false", "--src-creds",
                "admin:\(Homeport.adminPassword)",
                "docker://\(server.address)/deep/er/than/two:all", "oci:\(target.path):copy"
            ).succeeded()
        }
    }

    @Test func itIsTakenOverBesideARunningServerAsOftenAsOneLikes() async throws {
        let folder = try TemporaryFolder()
        try await withHomeport(in: folder) { server in
            try await withDebianRegistry(in: folder) { registry in
                try await self.fill(registry)
                let early = try await server.run(["import", "distribution", registry.root, "--json"])
                #expect(self.new(try self.report(early), "tags") == 6)
                let first = try await Contents(of: registry.caller)
                try await self.compare(server, with: first)
                try await server.command("repo", "remove", "team/app:latest")
                let tools = try ContainerTools()
                let layout = try OCILayout()
                let image = try layout.tag(layout.addImage(layers: [Self.archive("more")]), "x")
                try await self.copy(image, to: "docker:later", [], tools, registry)
                let late = try await server.run(["import", "distribution", registry.root, "--json"])
                let report = try self.report(late)
                #expect(self.new(report, "tags") == 1 && self.new(report, "manifests") == 1, "\(report)")
                let gone = try await server.admin.head("/v2/team/app/manifests/latest")
                #expect(gone.status == 404, "what was removed here stays so")
                #expect(try await server.admin.head("/v2/docker/manifests/later").status == 200)
            }
        }
    }

    @Test func aFolderCanBecomeTheDataFolder() async throws {
        let folder = try TemporaryFolder()
        let (old, registry) = try await filled(in: folder)
        try FileManager.default.moveItem(atPath: registry.root, toPath: folder.path + "/data")
        let data = folder.path + "/data"
        let first = try report(try await homeport(["import", "distribution", data, "--json"], data: data))
        #expect(new(first, "tags") == 6, "\(first)")
        try await withHomeport(in: folder) { server in try await self.compare(server, with: old) }
        try await PythonPeers.run("check_data_folder.py", [data, "--whole"]).succeeded()
    }

    @Test func acrossFileSystemsItAsksToCopy() async throws {
        let folder = try TemporaryFolder()
        let (old, registry) = try await filled(in: folder)
        let other = "/dev/shm/homeport-import-\(UInt64.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: other) }
        let refused = try await homeport(["import", "distribution", registry.root], data: other)
        #expect(refused.status == 1 && refused.errors.contains("--copy"), "\(refused)")
        let copied = try await homeport(["import", "distribution", registry.root, "--copy"], data: other)
        #expect(copied.status == 0 && copied.output.contains("copied"), "\(copied)")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/data", withDestinationPath: other)
        try await withHomeport(in: folder) { server in try await self.compare(server, with: old) }
    }

    @Test func whatIsNoRegistryIsRefusedInASentence() async throws {
        let folder = try TemporaryFolder()
        let data = folder.path + "/data"
        let s3 = folder.path + "/s3.yml"
        try "version: 0.1\nstorage: {s3: {bucket: x}, delete: {enabled: true}}".write(
            toFile: s3, atomically: true, encoding: .utf8)
        for (place, words) in [
            (folder.path, "does not hold the data"), (folder.path + "/none", "there is no folder"),
            (s3, "keeps its data in s3"),
        ] {
            let refused = try await homeport(["import", "distribution", place], data: data)
            #expect(refused.status == 1 && refused.errors.contains(words), "\(refused)")
            #expect(!FileManager.default.fileExists(atPath: data))
        }
    }
}
