import Harness
import Testing

/// The distribution spec's category "Pull", over the network from the real program.
@Suite(.homeport, .timeLimit(.minutes(2))) struct DistributionSpecPullTests {
    @Test func theBaseAnswersThoseWhoAreKnownAndSendsOthersToTheTokenServer() async throws {
        let server = try Homeport.current()
        #expect(try await server.admin.get("/v2/").status == 200)
        let refusal = try await server.nobody.get("/v2/")
        #expect(refusal.status == 401)
        #expect(refusal.errorCodes == ["UNAUTHORIZED"])
        let challenge = try #require(refusal["WWW-Authenticate"])
        #expect(challenge.hasPrefix(#"Bearer realm="http://\#(server.address)/"#), "\(challenge)")
        #expect(challenge.contains(#"service=""#))
    }

    @Test func aManifestComesByteForByteByTagAndByDigest() async throws {
        let repository = try SpecRepository()
        let image = try await repository.pushImage("v1")
        for reference in ["v1", image.digest] {
            let answer = try await repository.caller.get(repository.manifest(reference))
            #expect(answer.status == 200)
            #expect(answer.body == image.bytes)
            #expect(answer["Content-Type"] == OCILayout.imageType)
            #expect(answer["Docker-Content-Digest"] == image.digest)
            let head = try await repository.caller.head(repository.manifest(reference))
            #expect(head.status == 200)
            #expect(head.body.isEmpty)
            #expect(head["Content-Length"] == "\(image.bytes.count)")
            #expect(head["Docker-Content-Digest"] == image.digest)
            #expect(head["Content-Type"] == OCILayout.imageType)
        }
    }

    @Test func aManifestComesWhateverTheClientSaysItAccepts() async throws {
        let repository = try SpecRepository()
        let image = try await repository.pushImage("v1")
        for accept in ["", "*/*", "text/html", "application/vnd.docker.distribution.manifest.v2+json"] {
            let answer = try await repository.caller.get(
                repository.manifest("v1"), headers: [("Accept", accept)])
            #expect(answer.status == 200 && answer.body == image.bytes, "Accept: \(accept)")
        }
    }

    @Test func aManifestThatTheClientHasIsNotSentAgain() async throws {
        let repository = try SpecRepository()
        let image = try await repository.pushImage("v1")
        let answer = try await repository.caller.get(
            repository.manifest("v1"), headers: [("If-None-Match", #""\#(image.digest)""#)])
        #expect(answer.status == 304)
        #expect(answer.body.isEmpty)
    }

    @Test func whatIsNotThereIsNamed() async throws {
        let repository = try SpecRepository()
        let image = try await repository.pushImage("v1")
        let nothing = sha256(randomBytes(8))
        let missing = [
            (repository.manifest("v2"), "MANIFEST_UNKNOWN"),
            (repository.manifest(".no-tag"), "MANIFEST_UNKNOWN"),
            (repository.manifest(nothing), "MANIFEST_UNKNOWN"),
            (repository.blob(nothing), "BLOB_UNKNOWN"),
        ]
        for (path, code) in missing {
            let answer = try await repository.caller.get(path)
            #expect(answer.status == 404 && answer.errorCodes == [code], "\(path): \(answer)")
            #expect(try await repository.caller.head(path).status == 404)
        }
        let elsewhere = try await repository.caller.get("/v2/no/such/manifests/v1")
        #expect(elsewhere.status == 404)
        let other = try SpecRepository()
        try await other.pushImage("v1")
        let leak = try await other.caller.get(other.blob(sha256(image.layer)))
        #expect(leak.status == 404, "a blob is visible only where it was pushed")
    }

    @Test func malformedNamesAndDigestsAreRefusedWithTheSpecsCodes() async throws {
        let repository = try SpecRepository()
        try await repository.pushImage("v1")
        let malformed = [
            ("/v2/Upper/Case/manifests/v1", "NAME_INVALID"), ("/v2/a//b/manifests/v1", "NAME_INVALID"),
            (repository.blob("sha256:short"), "DIGEST_INVALID"),
            (repository.manifest("sha256:short"), "DIGEST_INVALID"),
        ]
        for (path, code) in malformed {
            let answer = try await repository.caller.get(path)
            #expect([400, 404].contains(answer.status), "\(path): \(answer)")
            #expect(answer.errorCodes.first == code, "\(path): \(answer)")
        }
    }

    @Test func aBlobComesWholeWithItsDigestAndSize() async throws {
        let repository = try SpecRepository()
        let bytes = randomBytes(300_001)
        let digest = try await repository.push(bytes)
        let answer = try await repository.caller.get(repository.blob(digest))
        #expect(answer.status == 200 && answer.body.elementsEqual(bytes))
        #expect(answer["Docker-Content-Digest"] == digest)
        #expect(answer["Accept-Ranges"] == "bytes")
        let head = try await repository.caller.head(repository.blob(digest))
        #expect(head.status == 200 && head.body.isEmpty)
        #expect(head["Content-Length"] == "300001")
        #expect(head["Docker-Content-Digest"] == digest)
    }

    @Test(arguments: [
        ("bytes=0-9", 0..<10), ("bytes=5-5", 5..<6), ("bytes=990-", 990..<1000), ("bytes=-10", 990..<1000),
        ("bytes=900-5000", 900..<1000), ("bytes=-5000", 0..<1000),
    ])
    func aPartOfABlobComesAsAsked(_ range: String, _ expected: Range<Int>) async throws {
        let repository = try SpecRepository()
        let bytes = randomBytes(1000)
        let digest = try await repository.push(bytes)
        let answer = try await repository.caller.get(repository.blob(digest), headers: [("Range", range)])
        #expect(answer.status == 206)
        #expect(answer.body == Array(bytes[expected]))
        #expect(answer["Content-Range"] == "bytes \(expected.lowerBound)-\(expected.upperBound - 1)/1000")
    }

    @Test func aRangeBeyondTheEndIsRefusedAndAMeaninglessOneIsIgnored() async throws {
        let repository = try SpecRepository()
        let bytes = randomBytes(1000)
        let digest = try await repository.push(bytes)
        let beyond = try await repository.caller.get(
            repository.blob(digest), headers: [("Range", "bytes=1000-")])
        #expect(beyond.status == 416)
        #expect(beyond["Content-Range"] == "bytes */1000")
        for range in ["lines=1-2", "bytes"] {
            let answer = try await repository.caller.get(repository.blob(digest), headers: [("Range", range)])
            #expect(answer.status == 200 && answer.body.elementsEqual(bytes), "\(range)")
        }
    }

    @Test func longerDigestsAreServedToo() async throws {
        let repository = try SpecRepository()
        let bytes = randomBytes(500)
        let digest = sha512(bytes)
        let location = try await repository.startUpload("?digest-algorithm=sha512")
        let pushed = try await repository.caller.put(location.adding("digest=\(digest)"), body: bytes)
        #expect(pushed.status == 201, "\(pushed)")
        #expect(pushed["Docker-Content-Digest"] == digest)
        let answer = try await repository.caller.get(repository.blob(digest))
        #expect(answer.status == 200 && answer.body.elementsEqual(bytes))
    }

    @Test func anEmptyBlobIsABlob() async throws {
        let repository = try SpecRepository()
        let digest = try await repository.push([])
        let answer = try await repository.caller.get(repository.blob(digest))
        #expect(answer.status == 200 && answer.body.isEmpty)
        #expect(answer["Content-Length"] == "0")
    }
}
