import Contracts
import Foundation
import Harness
import Testing

/// Retention on the command line and by the server itself.
@Suite(.timeLimit(.minutes(5))) struct RetentionCommandTests {
    private static let rules = """
        registry:
          immutable_tags:
            - {name: ci/**, tag: b1}
          retention:
            - {name: ci/**, tag: b*, keep_last: 2}
        """

    private func push(_ tags: [String], _ server: Homeport) async throws {
        for tag in tags {
            let config = Array("{\"tag\":\"\(tag)\"}".utf8)
            let digest = sha256(config)
            let blob = try await server.admin.post("/v2/ci/app/blobs/uploads/?digest=\(digest)", body: config)
            #expect(blob.status == 201, "\(blob)")
            let manifest = """
                {"schemaVersion":2,"mediaType":"\(OCILayout.imageType)","config":{"mediaType":\
                "\(OCILayout.configType)","digest":"\(digest)","size":\(config.count)},"layers":[]}
                """
            let put = try await server.admin.put(
                "/v2/ci/app/manifests/\(tag)", headers: [("Content-Type", OCILayout.imageType)],
                body: Array(manifest.utf8))
            #expect(put.status == 201, "\(put)")
        }
    }

    @Test func itSaysWhyEachTagGoesOrStaysAndThenDoesIt() async throws {
        try await withHomeport(settings: Self.rules) { server in
            try await push(["b1", "b2", "b3", "b4", "other"], server)
            let dry = try await server.command("retention", "run", "--dry-run")
            #expect(
                dry.errors.contains("nothing was removed: 1 tags removed, 3 kept, in 1 repositories"),
                "\(dry)")
            #expect(dry.output.contains("keep    ci/app:b1") && dry.output.contains("it is immutable"))
            #expect(dry.output.contains("not among the last 2 of b*") && !dry.output.contains("other"))
            #expect(try await server.admin.get("/v2/ci/app/manifests/b2").status == 200)

            let run = try await server.command("retention", "run", "--json")
            let lines = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]]
            #expect(lines?.compactMap { $0["tag"] as? String } == ["b4", "b3", "b2", "b1"], "\(run)")
            #expect(lines?.compactMap { $0["removed"] as? Bool } == [false, false, true, false])
            #expect(try await server.admin.get("/v2/ci/app/manifests/b2").status == 404, "at once")
            for tag in ["b1", "b3", "b4", "other"] {
                #expect(try await server.admin.get("/v2/ci/app/manifests/\(tag)").status == 200)
            }
            let tried = try await server.command("retention", "try", "ci/*", "*", "--keep-younger", "1h")
            #expect(tried.errors.contains("0 tags removed, 4 kept"), "\(tried)")
            let nothing = try await server.run(["retention", "try", "ci/*", "*"])
            #expect(nothing.status == 2 && nothing.errors.contains("every tag would go"), "\(nothing)")
        }
    }

    @Test func theServerRunsItWhenItStarts() async throws {
        let folder = try TemporaryFolder()
        try await withHomeport(in: folder) { server in try await push(["b1", "b2", "b3", "b4"], server) }
        try await withHomeport(in: folder, settings: Self.rules) { server in
            var status = 200
            while status == 200 { status = try await server.admin.get("/v2/ci/app/manifests/b2").status }
            #expect(status == 404)
            #expect(try await server.admin.get("/v2/ci/app/manifests/b1").status == 200)
            while !server.log.contains("retention has run") { await Task.yield() }
        }
    }

    @Test func aRuleThatKeepsNothingStopsTheStart() async throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/homeport.yaml"
        try "registry: {retention: [{name: a, tag: b}]}\n".write(
            toFile: file, atomically: true, encoding: .utf8)
        let checked = try await homeport(["check", "--config", file])
        #expect(checked.status == 2 && checked.text.contains("every tag would go"), "\(checked)")
    }
}
