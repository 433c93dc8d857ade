import Contracts
import Foundation
import Harness
import Testing

/// Freeing storage and undoing on the command line, beside a running server.
@Suite(.timeLimit(.minutes(5))) struct GarbageCommandTests {
    private static let type = "application/vnd.oci.image.manifest.v1+json"

    /// Pushes an image with a config of its own and returns its digest.
    private func push(_ config: String, as tag: String, to name: String, _ caller: RegistryCaller)
        async throws
        -> String
    {
        let bytes = Array(config.utf8)
        let blob = try await caller.post("/v2/\(name)/blobs/uploads/?digest=\(sha256(bytes))", body: bytes)
        #expect(blob.status == 201, "\(blob)")
        let manifest = Array(
            """
            {"schemaVersion":2,"mediaType":"\(Self.type)","layers":[],"config":{"mediaType":\
            "application/vnd.oci.image.config.v1+json","digest":"\(sha256(bytes))","size":\(bytes.count)}}
            """.utf8)
        let answer = try await caller.put(
            "/v2/\(name)/manifests/\(tag)", headers: [("Content-Type", Self.type)], body: manifest)
        #expect(answer.status == 201, "\(answer)")
        return sha256(manifest)
    }

    private func json(_ server: Homeport, _ arguments: String...) async throws -> [String: Any] {
        let text = try await server.run(arguments + ["--json"]).succeeded().output
        return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test func aRunSaysWhatItFreedAndADryRunWhatItWould() async throws {
        try await withHomeport(settings: "garbage:\n  scheduled: false\n") { server in
            let first = try await push("one", as: "latest", to: "a/b", server.admin)
            let second = try await push("two", as: "latest", to: "a/b", server.admin)
            #expect(try await server.command("gc").output == "There is nothing to free.\n")

            let refused = try await server.run(["gc", "--grace", "0s"])
            #expect(refused.status == 2 && refused.errors.contains("--yes"), "it asks first: \(refused)")
            let forecast = try await json(server, "gc", "--grace", "0s", "--dry-run")
            #expect(forecast["manifests"] as? Int == 1 && forecast["dryRun"] as? Bool == true, "\(forecast)")
            #expect(try await server.admin.head("/v2/a/b/manifests/\(first)").status == 200)

            let freed = try await json(server, "gc", "--grace", "0s", "--yes")
            #expect(freed["manifests"] as? Int == 1 && freed["blobs"] as? Int == 1, "\(freed)")
            #expect(freed["bytes"] as? Int ?? 0 > 3)
            #expect(try await server.admin.head("/v2/a/b/manifests/\(first)").status == 404)
            #expect(try await server.admin.get("/v2/a/b/manifests/latest").status == 200)
            #expect(try await server.admin.get("/v2/a/b/manifests/\(second)").status == 200)
            #expect(try await server.admin.head("/v2/a/b/blobs/\(sha256(Array("one".utf8)))").status == 404)
            #expect(try await server.admin.get("/v2/a/b/blobs/\(sha256(Array("two".utf8)))").text == "two")
        }
    }

    @Test func aTagComesBackAndItsHistorySaysSo() async throws {
        try await withHomeport { server in
            let first = try await push("one", as: "latest", to: "a/b", server.admin)
            let second = try await push("two", as: "latest", to: "a/b", server.admin)
            func latest() async throws -> String? {
                try await server.admin.head("/v2/a/b/manifests/latest")["Docker-Content-Digest"]
            }
            #expect(try await latest() == second)
            try await server.command("repo", "restore", "a/b:latest")
            #expect(try await latest() == first, "it points where it pointed before")
            try await server.command("repo", "restore", "a/b:latest", "--to", second)
            #expect(try await latest() == second)
            #expect(try await server.admin.delete("/v2/a/b/manifests/\(second)").status == 202)
            #expect(try await latest() == nil)
            #expect(try await server.admin.get("/v2/a/b/manifests/\(second)").status == 404)
            try await server.command("repo", "restore", "a/b:latest")
            #expect(try await latest() == second, "also after its manifest was removed")
            #expect(try await server.admin.get("/v2/a/b/manifests/\(second)").status == 200)

            try await server.command("repo", "remove", "a/b", "--yes")
            #expect(try await latest() == nil)
            let catalogue = try await server.admin.get("/v2/_catalog").text
            #expect(!catalogue.contains("a/b"), "\(catalogue)")
            try await server.command("repo", "restore", "a/b")
            #expect(try await latest() == second, "and after its repository was")

            let text = try await server.command("repo", "history", "a/b:latest", "--json").output
            let lines = try #require(
                try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
            #expect(
                lines.map { $0["what"] as? String } == [
                    "restored", "removed", "restored", "removed", "restored", "restored", "pushed", "pushed",
                ])
            #expect(lines.map { $0["by"] as? String }.suffix(2) == ["admin", "admin"])
            #expect(lines[0]["by"] as? String == "homeport:command")
            let table = try await server.command("repo", "history", "a/b", "--limit", "3").output
            #expect(table.contains("(repository)") && table.split(separator: "\n").count == 4, "\(table)")
        }
    }

    @Test func whatCannotBeRestoredIsSaid() async throws {
        try await withHomeport { server in
            func fails(_ status: Int, _ words: String, _ arguments: String...) async throws {
                let ended = try await server.run(arguments)
                #expect(ended.status == status && ended.errors.contains(words), "\(ended)")
            }
            _ = try await push("one", as: "latest", to: "a/b", server.admin)
            let nowhere = sha256(Array("nowhere".utf8))
            try await fails(1, "names nothing to go back to", "repo", "restore", "a/b:latest")
            try await fails(1, "was collected", "repo", "restore", "a/b:latest", "--to", nowhere)
            try await fails(1, "does not know", "repo", "restore", "a/b:latest", "--at", "1d")
            try await fails(1, "no repository a/b was removed", "repo", "restore", "a/b")
            try await fails(2, "cannot both", "repo", "restore", "a/b:x", "--at", "1d", "--to", nowhere)
            try await fails(2, "not a digest", "repo", "history", "a/b@\(nowhere)")
            try await fails(1, "there is no repository", "repo", "history", "c/d")
            try await fails(2, "is no time", "gc", "--grace", "soon")
        }
    }
}
