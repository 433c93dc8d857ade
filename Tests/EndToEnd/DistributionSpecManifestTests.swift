import Harness
import Testing

/// The distribution spec's category "Push": manifests, over the network to the real program.
@Suite(.homeport, .timeLimit(.minutes(2))) struct DistributionSpecManifestTests {
    @Test func aPushSaysWhereTheManifestIsAndWhatItsDigestIs() async throws {
        let repository = try SpecRepository()
        let image = try await repository.pushImage()
        let answer = try await repository.put(image.bytes, at: "v1")
        #expect(answer.status == 201)
        #expect(answer["Docker-Content-Digest"] == image.digest)
        let location = try #require(answer["Location"])
        #expect(try await repository.caller.get(location).body == image.bytes)
    }

    @Test func aTagMovesToTheNewestPush() async throws {
        let repository = try SpecRepository()
        let old = try await repository.pushImage("latest")
        let new = try await repository.pushImage("latest")
        #expect(
            try await repository.caller.head(repository.manifest("latest"))["Docker-Content-Digest"]
                == new.digest)
        #expect(try await repository.caller.head(repository.manifest(old.digest)).status == 200)
    }

    @Test func severalTagsComeWithOnePush() async throws {
        let repository = try SpecRepository()
        let image = try await repository.pushImage()
        let answer = try await repository.put(image.bytes, at: "\(image.digest)?tag=a&tag=b")
        #expect(answer.status == 201)
        #expect(answer["OCI-Tag"] == "a, b")
        #expect(try await repository.tags().tags == ["a", "b"])
    }

    @Test func aManifestMustMatchTheDigestItIsPushedUnder() async throws {
        let repository = try SpecRepository()
        let image = try await repository.pushImage()
        let answer = try await repository.put(image.bytes + [10], at: image.digest)
        #expect(answer.status == 400)
        #expect(answer.errorCodes == ["DIGEST_INVALID"])
    }

    @Test func aManifestMustReferToWhatIsThere() async throws {
        let repository = try SpecRepository()
        let other = try SpecRepository()
        let image = try await other.pushImage("v1")
        let answer = try await repository.put(image.bytes, at: "v1")
        #expect(answer.status == 404, "\(answer)")
        #expect(Set(answer.errorCodes) == ["MANIFEST_BLOB_UNKNOWN"])
        #expect(answer.text.contains(sha256(image.layer)), "it says what is missing")
    }

    @Test(arguments: [
        "", "not JSON", "[]", "{}", #"{"schemaVersion":2}"#,
        #"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#,
    ])
    func whatIsNoImageIsNotTakenForOne(_ text: String) async throws {
        let repository = try SpecRepository()
        let answer = try await repository.put(Array(text.utf8), at: "v1")
        #expect(answer.status == 400, "\(answer)")
        #expect(answer.errorCodes == ["MANIFEST_INVALID"])
        #expect(try await repository.caller.head(repository.manifest("v1")).status == 404)
    }

    @Test func theOldestKindOfManifestIsRefusedWithASentence() async throws {
        let repository = try SpecRepository()
        let old = #"{"schemaVersion":1,"name":"a","tag":"b","fsLayers":[],"history":[],"signatures":[]}"#
        let answer = try await repository.put(
            Array(old.utf8), at: "v1", as: "application/vnd.docker.distribution.manifest.v1+prettyjws")
        #expect(answer.status == 400 || answer.status == 415, "\(answer)")
        #expect(answer.text.lowercased().contains("schema"), "\(answer)")
    }

    @Test func aManifestHasASizeLimit() async throws {
        let repository = try SpecRepository()
        let connection = try RawConnection(port: repository.server.port)
        try await connection.send(
            "PUT \(repository.manifest("v1")) HTTP/1.1\r\nHost: \(repository.server.address)\r\n"
                + "Authorization: Basic \(basic("admin", Homeport.adminPassword))\r\n"
                + "Content-Type: \(OCILayout.imageType)\r\nContent-Length: 20000000\r\n\r\n")
        try await connection.send([UInt8](repeating: 97, count: 1 << 20))
        let (head, _) = try await connection.readAnswer()
        #expect(head.hasPrefix("HTTP/1.1 413"), "\(head)")
    }

    @Test func aTagHasTheSpecsForm() async throws {
        let repository = try SpecRepository()
        let image = try await repository.pushImage()
        for tag in ["-v1", ".v1", "a%20b", String(repeating: "a", count: 129)] {
            let answer = try await repository.put(image.bytes, at: tag)
            #expect(answer.status == 400 || answer.status == 404, "\(tag): \(answer)")
        }
        #expect(try await repository.put(image.bytes, at: String(repeating: "a", count: 128)).status == 201)
    }

    @Test func anIndexHoldsImagesAndIndexes() async throws {
        let repository = try SpecRepository()
        let image = try await repository.pushImage()
        let entry = descriptor(of: image.bytes, as: OCILayout.imageType)
        let index = Self.index(entry)
        #expect(try await repository.put(index, at: "inner", as: OCILayout.indexType).status == 201)
        let outer = Self.index(descriptor(of: index, as: OCILayout.indexType))
        #expect(try await repository.put(outer, at: "outer", as: OCILayout.indexType).status == 201)
        let answer = try await repository.caller.get(repository.manifest("outer"))
        #expect(answer.body == outer)
        #expect(answer["Content-Type"] == OCILayout.indexType)

        let elsewhere = try SpecRepository()
        let refused = try await elsewhere.put(index, at: "v1", as: OCILayout.indexType)
        #expect(refused.status == 404 && refused.errorCodes.first == "MANIFEST_BLOB_UNKNOWN", "\(refused)")
    }

    private static func index(_ manifests: String...) -> [UInt8] {
        let list = manifests.joined(separator: ",")
        return Array(
            #"{"schemaVersion":2,"mediaType":"\#(OCILayout.indexType)","manifests":[\#(list)]}"#.utf8)
    }

    @Test func layersThatMayNotBeSpreadNeedNotBePushed() async throws {
        let repository = try SpecRepository()
        let config = Array("{}".utf8)
        try await repository.push(config)
        let layer =
            #"{"mediaType":"application/vnd.oci.image.layer.nondistributable.v1.tar","#
            + #""digest":"\#(sha256(randomBytes(4)))","size":4,"urls":["https://example.com/layer"]}"#
        let manifest =
            #"{"schemaVersion":2,"mediaType":"\#(OCILayout.imageType)","#
            + #""config":\#(descriptor(of: config, as: OCILayout.configType)),"layers":[\#(layer)]}"#
        #expect(try await repository.put(Array(manifest.utf8), at: "v1").status == 201)
    }

    @Test func aDockerImageIsTaken() async throws {
        let repository = try SpecRepository()
        let config = Array(#"{"architecture":"amd64"}"#.utf8)
        let layer = randomBytes(90)
        try await repository.push(config)
        try await repository.push(layer)
        let docker = "application/vnd.docker"
        let manifest = Array(
            (#"{"schemaVersion":2,"mediaType":"\#(docker).distribution.manifest.v2+json","config":"#
                + descriptor(of: config, as: "\(docker).container.image.v1+json") + #","layers":["#
                + descriptor(of: layer, as: "\(docker).image.rootfs.diff.tar.gzip") + "]}").utf8)
        let type = "\(docker).distribution.manifest.v2+json"
        #expect(try await repository.put(manifest, at: "v1", as: type).status == 201)
        let answer = try await repository.caller.get(repository.manifest("v1"))
        #expect(answer["Content-Type"] == type && answer.body == manifest)
    }

    @Test func aPushWithASubjectSaysThatItWasUnderstood() async throws {
        let repository = try SpecRepository()
        let subject = sha256(randomBytes(9))
        let image = try await repository.pushImage(subject: subject)
        let answer = try await repository.put(image.bytes, at: image.digest)
        #expect(answer.status == 201)
        #expect(answer["OCI-Subject"] == subject)
    }
}
