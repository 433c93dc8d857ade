import Contracts
import Foundation
import Harness
import Testing

/// `homeport verify` on data that a disk has damaged, beside a running server and without one.
@Suite(.timeLimit(.minutes(5))) struct VerifyTests {
    private struct Image: Sendable {
        let layer: [UInt8]
        let manifest: [UInt8]
        var digest: String { sha256(layer) }
    }

    /// Pushes a blob and an artifact manifest that needs it, and returns both.
    private func push(_ size: Int, to repository: String, as tags: [String], at server: Homeport) async throws
        -> Image
    {
        let layer = randomBytes(size)
        try await upload(layer, to: repository, at: server)
        let config = Array("{}".utf8)
        try await upload(config, to: repository, at: server)
        let descriptor = { (bytes: [UInt8]) in
            #"{"mediaType":"a/b","digest":"\#(sha256(bytes))","size":\#(bytes.count)}"#
        }
        let type = "application/vnd.oci.image.manifest.v1+json"
        let text = #"{"schemaVersion":2,"mediaType":"\#(type)","config":"#
        let manifest = Array("\(text)\(descriptor(config)),\"layers\":[\(descriptor(layer))]}".utf8)
        for tag in tags {
            let answer = try await server.admin.put(
                "/v2/\(repository)/manifests/\(tag)", headers: [("Content-Type", type)], body: manifest)
            #expect(answer.status == 201, "\(answer)")
        }
        return Image(layer: layer, manifest: manifest)
    }

    private func upload(_ bytes: [UInt8], to repository: String, at server: Homeport) async throws {
        let answer = try await server.admin.post(
            "/v2/\(repository)/blobs/uploads/?digest=\(sha256(bytes))", body: bytes)
        #expect(answer.status == 201, "\(answer)")
    }

    private func file(of digest: String, in server: Homeport) -> String {
        let hex = digest.dropFirst(7)
        return "\(server.folder.path)/data/docker/registry/v2/blobs/sha256/\(hex.prefix(2))/\(hex)/data"
    }

    private func flipBit(in path: String) throws {
        var bytes = try Data(contentsOf: URL(filePath: path))
        bytes[bytes.count / 2] ^= 4
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.write(contentsOf: bytes)
        try handle.close()
    }

    @Test func damagedFilesAreFoundSetAsideReportedAndMended() async throws {
        try await withHomeport { server in
            let flipped = try await self.push(300_000, to: "shop/web", as: ["v1", "latest"], at: server)
            let cut = try await self.push(2000, to: "shop/api", as: ["v2"], at: server)
            let gone = try await self.push(1000, to: "tools/scan", as: ["nightly"], at: server)
            let whole = try await self.push(500, to: "tools/ok", as: ["v1"], at: server)
            let stray = self.file(of: sha256(Array("stray".utf8)), in: server)
            try FileManager.default.createDirectory(
                atPath: String(stray.dropLast("/data".count)), withIntermediateDirectories: true)
            try Data("stray".utf8).write(to: URL(filePath: stray))
            let clean = try await server.run(["verify"])
            #expect(clean.output.contains("1 file (5 B) belongs to no row"), "\(clean)")
            #expect(clean.status == 0 && clean.output.contains("All is well: 5 blobs"), "\(clean)")

            try self.flipBit(in: self.file(of: flipped.digest, in: server))
            #expect(truncate(self.file(of: cut.digest, in: server), 7) == 0)
            #expect(unlink(self.file(of: gone.digest, in: server)) == 0)
            let report = try await server.run(["verify"])
            #expect(report.status == 1, "\(report)")
            for words in [
                "3 things are damaged and no longer served", "blob \(flipped.digest)",
                "hits shop/web: latest, v1", "hits shop/api: v2", "hits tools/scan: nightly",
                "its file has 7 bytes instead of 2000", "its file is not there",
                "kept as \(server.folder.path)/data/damaged/sha256-\(flipped.digest.dropFirst(7))",
                "What to do: push these images again",
            ] {
                #expect(report.output.contains(words), "no “\(words)” in \(report)")
            }
            let kept = try #require(
                FileManager.default.contents(
                    atPath: "\(server.folder.path)/data/damaged/sha256-\(flipped.digest.dropFirst(7))"))
            #expect(kept.count == 300_000, "nothing is thrown away")

            for (name, image) in [("shop/web", flipped), ("shop/api", cut), ("tools/scan", gone)] {
                let path = "/v2/\(name)/blobs/\(image.digest)"
                #expect(try await server.admin.head(path).status == 404, "so that clients send it again")
                #expect(try await server.admin.get(path).errorCodes == ["BLOB_UNKNOWN"])
            }
            #expect(try await server.admin.get("/v2/tools/ok/blobs/\(whole.digest)").body == whole.layer)
            let ready = try await server.nobody.get("/readyz")
            #expect(ready.status == 200 && ready.text.contains("damaged: 3"), "\(ready)")

            try await self.upload(flipped.layer, to: "another/place", at: server)
            try await self.upload(cut.layer, to: "shop/api", at: server)
            try await self.upload(gone.layer, to: "tools/scan", at: server)
            for (name, image) in [("shop/web", flipped), ("shop/api", cut), ("tools/scan", gone)] {
                #expect(
                    try await server.admin.get("/v2/\(name)/blobs/\(image.digest)").body.elementsEqual(
                        image.layer))
            }
            let after = try await server.run(["verify"])
            #expect(after.status == 0 && after.output.contains("All is well"), "\(after)")
        }
    }

    @Test func aFileOfAnotherSizeIsFoundByTheFirstPull() async throws {
        try await withHomeport { server in
            let image = try await self.push(2000, to: "shop/api", as: ["v2"], at: server)
            let path = "/v2/shop/api/blobs/\(image.digest)"
            #expect(try await server.admin.get(path).status == 200)
            #expect(truncate(self.file(of: image.digest, in: server), 1999) == 0)
            #expect(try await server.admin.get(path).status == 404, "not one byte of it is served")
            #expect(try await server.admin.head(path).status == 404)
            #expect(server.log.contains("something stored is damaged and no longer served"))
            try await self.upload(image.layer, to: "shop/api", at: server)
            #expect(try await server.admin.get(path).body.elementsEqual(image.layer))
        }
    }

    @Test func damagedRowsAreFound() async throws {
        let folder = try TemporaryFolder()
        let (image, blob) = try await withHomeport(in: folder) { server in
            let image = try await self.push(2000, to: "shop/api", as: ["v2"], at: server)
            let deleted = try await self.push(100, to: "shop/old", as: ["v1"], at: server)
            _ = try await server.admin.delete("/v2/shop/old/blobs/\(deleted.digest)")
            return (image, deleted.digest)
        }
        let manifest = sha256(image.manifest)
        let statement =
            "UPDATE manifest SET bytes = CAST(replace(CAST(bytes AS TEXT), 'a/b', 'a/c') AS BLOB) "
            + "WHERE digest = '\(manifest)'"
        let script =
            "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); d.execute(sys.argv[2]); d.commit()"
        let python = Command(
            try PythonPeers.interpreter(), ["-c", script, "\(folder.path)/data/homeport.db", statement])
        try await python.run().succeeded()
        try await withHomeport(in: folder) { server in
            let report = try await server.run(["verify", "--json"])
            #expect(report.status == 1, "\(report)")
            let json = try JSONSerialization.jsonObject(with: Data(report.output.utf8)) as? [String: Any]
            let object = try #require(json)
            let damaged = try #require(object["damaged"] as? [[String: Any]])
            #expect(damaged.map { $0["digest"] as? String } == [manifest])
            #expect(damaged.first?["manifestOf"] as? String == "shop/api")
            let hits = damaged.first?["hits"] as? [[String: Any]]
            #expect(hits?.first?["tags"] as? [String] == ["v2"])
            let incomplete = try #require(object["incomplete"] as? [[String: Any]])
            #expect(incomplete.first?["missing"] as? [String] == [blob])
            let path = "/v2/shop/api/manifests/v2"
            #expect(try await server.admin.get(path).errorCodes == ["MANIFEST_UNKNOWN"])
            let put = try await server.admin.put(
                path, headers: [("Content-Type", "application/vnd.oci.image.manifest.v1+json")],
                body: image.manifest)
            #expect(put.status == 201, "\(put)")
            #expect(try await server.admin.get(path).body == image.manifest)
        }
    }

    @Test func aRunningServerChecksByItself() async throws {
        try await withHomeport(settings: "verify: {interval: 1s, rate: 100MiB}\n") { server in
            let image = try await self.push(100_000, to: "shop/web", as: ["v1"], at: server)
            #expect(try await server.admin.get("/v2/shop/web/blobs/\(image.digest)").status == 200)
            try self.flipBit(in: self.file(of: image.digest, in: server))
            var status = 200
            let start = ContinuousClock.now
            while status == 200, ContinuousClock.now - start < .seconds(60) {
                status = try await server.admin.head("/v2/shop/web/blobs/\(image.digest)").status
            }
            #expect(status == 404)
            // It is counted once it is set aside.
            var metrics = ""
            while !metrics.contains("homeport_damage_found_total 1"),
                ContinuousClock.now - start < .seconds(90)
            {
                metrics = try await server.nobody.get("/metrics").text
            }
            #expect(metrics.contains("homeport_damage_found_total 1"), "\(metrics)")
            var trail = ""
            while !trail.contains("damage was found"), ContinuousClock.now - start < .seconds(90) {
                trail = try await server.run(["audit", "--action", "verification"]).output
            }
            #expect(trail.contains("damage was found"))
        }
    }

    @Test func aCheckThatWasKilledGoesOn() async throws {
        try await withHomeport { server in
            for _ in 0..<3 { _ = try await self.push(300_000, to: "shop/web", as: ["v1"], at: server) }
            let data = server.folder.path + "/data"
            // Slow enough to be in the middle when its time is over; the second blob is then under way.
            var command = Command(try homeportPath(), ["verify", "--data", data, "--rate", "100000"])
            command.limitInSeconds = 6
            #expect(try await command.run().status == 124)
            let going = try await server.run(["verify", "--json"])
            #expect(going.errors.contains("Going on with the check begun at"), "\(going)")
            #expect(going.status == 0, "\(going)")
            let json = try JSONSerialization.jsonObject(with: Data(going.output.utf8)) as? [String: Any]
            #expect(json?["blobs"] as? Int == 4)
            let again = try await server.run(["verify"])
            #expect(!again.errors.contains("Going on"), "\(again)")
        }
    }
}
