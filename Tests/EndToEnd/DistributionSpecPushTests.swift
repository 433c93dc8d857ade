import Harness
import Testing

/// The distribution spec's category "Push": blobs, over the network to the real program.
@Suite(.homeport, .timeLimit(.minutes(2))) struct DistributionSpecPushTests {
    @Test func aBlobCanComeWithTheRequestThatAsksForAnUpload() async throws {
        let repository = try SpecRepository()
        let bytes = randomBytes(700)
        let answer = try await repository.caller.post(
            "\(repository.base)/blobs/uploads/?digest=\(sha256(bytes))",
            headers: [("Content-Type", "application/octet-stream")], body: bytes)
        #expect(answer.status == 201, "\(answer)")
        let location = try #require(answer["Location"])
        #expect(try await repository.caller.get(location).body.elementsEqual(bytes))
    }

    @Test func aBlobThatDoesNotMatchItsDigestIsRefusedAndNotStored() async throws {
        let repository = try SpecRepository()
        let promised = sha256(randomBytes(10))
        let location = try await repository.startUpload()
        let answer = try await repository.caller.put(
            location.adding("digest=\(promised)"), body: randomBytes(10))
        #expect(answer.status == 400)
        #expect(answer.errorCodes == ["DIGEST_INVALID"])
        #expect(try await repository.caller.head(repository.blob(promised)).status == 404)
    }

    @Test func chunksAddUpAndTheStatusSaysHowFarTheyAre() async throws {
        let repository = try SpecRepository()
        let bytes = randomBytes(1000)
        var location = try await repository.startUpload()
        for chunk in [0..<400, 400..<700] {
            let answer = try await repository.caller.patch(
                location, headers: Self.range(chunk), body: Array(bytes[chunk]))
            #expect(answer.status == 202)
            #expect(answer["Range"] == "0-\(chunk.upperBound - 1)")
            location = try #require(answer["Location"])
            let status = try await repository.caller.get(location)
            #expect(status.status == 204)
            #expect(status["Range"] == "0-\(chunk.upperBound - 1)")
            location = try #require(status["Location"])
        }
        let last = try await repository.caller.put(
            location.adding("digest=\(sha256(bytes))"), headers: Self.range(700..<1000),
            body: Array(bytes[700...]))
        #expect(last.status == 201, "\(last)")
        #expect(try await repository.caller.get(repository.blob(sha256(bytes))).body.elementsEqual(bytes))
    }

    private static func range(_ chunk: Range<Int>) -> [(String, String)] {
        [
            ("Content-Range", "\(chunk.lowerBound)-\(chunk.upperBound - 1)"),
            ("Content-Type", "application/octet-stream"),
        ]
    }

    @Test func aChunkInTheWrongPlaceIsRefusedAndTheUploadGoesOn() async throws {
        let repository = try SpecRepository()
        let bytes = randomBytes(900)
        let start = try await repository.startUpload()
        let early = try await repository.caller.patch(
            start, headers: Self.range(300..<600), body: Array(bytes[300..<600]))
        #expect(early.status == 416, "\(early)")
        let first = try await repository.caller.patch(
            start, headers: Self.range(0..<300), body: Array(bytes[0..<300]))
        #expect(first.status == 202)
        let location = try #require(first["Location"])
        let again = try await repository.caller.patch(
            location, headers: Self.range(0..<300), body: Array(bytes[0..<300]))
        #expect(again.status == 416)
        let status = try await repository.caller.get(location)
        #expect(status["Range"] == "0-299")
        let wrongEnd = try await repository.caller.put(
            location.adding("digest=\(sha256(bytes))"), headers: Self.range(500..<900),
            body: Array(bytes[500...]))
        #expect(wrongEnd.status == 416)
        let end = try await repository.caller.put(
            location.adding("digest=\(sha256(bytes))"), headers: Self.range(300..<900),
            body: Array(bytes[300...]))
        #expect(end.status == 201, "\(end)")
    }

    @Test func anUploadCanBeCancelled() async throws {
        let repository = try SpecRepository()
        let location = try await repository.startUpload()
        #expect(try await repository.caller.delete(location).status == 204)
        let after = try await repository.caller.patch(location, body: randomBytes(5))
        #expect(after.status == 404)
        #expect(after.errorCodes == ["BLOB_UPLOAD_UNKNOWN"])
    }

    @Test func anUploadBelongsToItsRepository() async throws {
        let repository = try SpecRepository()
        let other = try SpecRepository()
        let location = try await repository.startUpload()
        let stolen = location.replacing(repository.name, with: other.name)
        #expect(try await repository.caller.patch(stolen, body: randomBytes(5)).status == 404)
        let made = "\(repository.base)/blobs/uploads/00000000000000000000000000000000"
        #expect(try await repository.caller.get(made).status == 404)
    }

    @Test func aBlobOfAnotherRepositoryIsMountedWithoutBeingSent() async throws {
        let source = try SpecRepository()
        let target = try SpecRepository()
        let bytes = randomBytes(400)
        let digest = try await source.push(bytes)
        let path = "\(target.base)/blobs/uploads/?mount=\(digest)"
        let mounted = try await target.caller.post(path + "&from=\(source.name)")
        #expect(mounted.status == 201, "\(mounted)")
        #expect(mounted["Docker-Content-Digest"] == digest)
        #expect(try await target.caller.get(target.blob(digest)).body.elementsEqual(bytes))

        let unknown = sha256(randomBytes(3))
        let fallback = try await target.caller.post(
            "\(target.base)/blobs/uploads/?mount=\(unknown)&from=\(source.name)")
        #expect(fallback.status == 202)
        #expect(fallback["Location"] != nil)
    }

    @Test func aMountThatNamesNoSourceFindsOne() async throws {
        let source = try SpecRepository()
        let target = try SpecRepository()
        let digest = try await source.push(randomBytes(400))
        let mounted = try await target.caller.post("\(target.base)/blobs/uploads/?mount=\(digest)")
        #expect(mounted.status == 201, "\(mounted)")
        #expect(try await target.caller.head(target.blob(digest)).status == 200)
    }

    @Test func aBodyWithoutALengthIsTakenToo() async throws {
        let repository = try SpecRepository()
        let location = try await repository.startUpload()
        let path = location.path
        let connection = try RawConnection(port: repository.server.port)
        try await connection.send(
            "PATCH \(path) HTTP/1.1\r\nHost: \(repository.server.address)\r\n"
                + "Authorization: Basic \(basic("admin", Homeport.adminPassword))\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
        let (head, _) = try await connection.readAnswer()
        #expect(head.hasPrefix("HTTP/1.1 202"), "\(head)")
        let digest = sha256(Array("hello world".utf8))
        let end = try await repository.caller.put(location.adding("digest=\(digest)"), body: [])
        #expect(end.status == 201, "\(end)")
        #expect(try await repository.caller.get(repository.blob(digest)).text == "hello world")
    }
}
