import Contracts
import HTTPTypes
import OCI
import Registry
import Testing

@Suite struct UploadAPITests {
    private let bench = Bench()
    private let bytes = Samples.bytes(3000)
    private var digest: Digest { Samples.digest(of: bytes) }

    private func expectStored(_ answer: Answer, _ digest: Digest? = nil) async throws {
        let digest = digest ?? self.digest
        #expect(answer.status == .created, "\(answer)")
        #expect(answer["Location"] == "/v2/team/app/blobs/\(digest)")
        #expect(answer["Docker-Content-Digest"] == "\(digest)")
        #expect(try await bench.send(.get, "/v2/team/app/blobs/\(digest)").body.elementsEqual(bytes))
    }

    @Test func postThenPut() async throws {
        let path = try await bench.begin()
        try await expectStored(try await bench.send(.put, "\(path)?digest=\(digest)", body: bytes))
        #expect(try await bench.send(.get, path).codes == ["BLOB_UPLOAD_UNKNOWN"], "it is over")
    }

    @Test func aBeginningNamesTheUploadAndTheChunkSize() async throws {
        let answer = try await bench.send(.post, "/v2/team/app/blobs/uploads/")
        let id = try #require(answer["Docker-Upload-UUID"])
        #expect(answer["Location"] == "/v2/team/app/blobs/uploads/\(id)")
        #expect(answer["Range"] == "0-0")
        #expect(answer["OCI-Chunk-Min-Length"] == "65536")
        #expect(answer["Content-Length"] == "0")
    }

    @Test func aSinglePost() async throws {
        for algorithm in Digest.Algorithm.allCases {
            let digest = Samples.digest(of: bytes, algorithm)
            let answer = try await bench.send(
                .post, "/v2/team/app/blobs/uploads/?digest=\(digest)", body: bytes)
            try await expectStored(answer, digest)
        }
    }

    @Test func aPostThatAnnouncesADigestWithoutABodyBeginsAnUpload() async throws {
        let answer = try await bench.send(.post, "/v2/team/app/blobs/uploads/?digest=\(digest)")
        #expect(answer.status == .accepted)
        let path = try #require(answer["Location"])
        try await expectStored(try await bench.send(.put, "\(path)?digest=\(digest)", body: bytes))
    }

    @Test(arguments: ["", "?digest-algorithm=sha512", "?digest-algorithm=sha256"])
    func chunksThenPut(query: String) async throws {
        for algorithm in Digest.Algorithm.allCases {
            let path = try await bench.begin("team/app", query)
            for start in stride(from: 0, to: 3000, by: 1000) {
                let answer = try await bench.send(
                    .patch, path, [.contentRange: "\(start)-\(start + 999)"],
                    body: Array(bytes[start..<start + 1000]))
                #expect(answer.status == .accepted)
                #expect(answer["Range"] == "0-\(start + 999)")
                #expect(answer["Location"] == path)
            }
            let digest = Samples.digest(of: bytes, algorithm)
            try await expectStored(try await bench.send(.put, "\(path)?digest=\(digest)"), digest)
        }
    }

    @Test func theLastChunkMayComeWithThePut() async throws {
        let path = try await bench.begin()
        _ = try await bench.send(.patch, path, [.contentRange: "0-999"], body: Array(bytes[..<1000]))
        let answer = try await bench.send(
            .put, "\(path)?digest=\(digest)", [.contentRange: "1000-2999"], body: Array(bytes[1000...]))
        try await expectStored(answer)
    }

    @Test func aStreamHasNoRangeAndNoLength() async throws {
        let path = try await bench.begin()
        let answer = try await bench.send(.patch, path, [.transferEncoding: "chunked"], body: bytes)
        #expect(answer.status == .accepted)
        #expect(answer["Range"] == "0-2999")
        try await expectStored(try await bench.send(.put, "\(path)?digest=\(digest)", body: []))
    }

    @Test func aChunkOutOfOrderIsRefusedAndTheStatusHelps() async throws {
        let path = try await bench.begin()
        _ = try await bench.send(.patch, path, [.contentRange: "0-999"], body: Array(bytes[..<1000]))
        let wrong: [(HTTPRequest.Method, String, String)] = [
            (.patch, path, "0-999"), (.patch, path, "2000-2999"),
            (.put, "\(path)?digest=\(digest)", "2000-2999"),
            (.put, "\(path)?digest=\(digest)", "0-999"),
        ]
        for (method, target, range) in wrong {
            let answer = try await bench.send(
                method, target, [.contentRange: range], body: Array(bytes[..<1000]))
            #expect(answer.status == .rangeNotSatisfiable)
            #expect(answer["Range"] == "0-999")
            #expect(answer["Location"] == path)
            let status = try await bench.send(.get, path)
            #expect(status.status == .noContent)
            #expect(status["Range"] == "0-999")
            #expect(status["Location"] == path)
            #expect(status["Content-Length"] == nil)
        }
        _ = try await bench.send(.patch, path, [.contentRange: "1000-2999"], body: Array(bytes[1000...]))
        try await expectStored(try await bench.send(.put, "\(path)?digest=\(digest)"))
    }

    @Test func aWrongDigestIsRefusedEverywhere() async throws {
        let wrong = Samples.digest(1)
        let single = try await bench.send(.post, "/v2/team/app/blobs/uploads/?digest=\(wrong)", body: bytes)
        #expect(single.codes == ["DIGEST_INVALID"])
        #expect(single.status == .badRequest)
        for query in ["?digest=\(wrong)", "?digest=md5:00", "?digest=sha256:x", "?digest=", ""] {
            let path = try await bench.begin()
            let answer = try await bench.send(.put, path + query, body: bytes)
            #expect(answer.status == .badRequest, "\(query)")
            #expect(answer.codes == ["DIGEST_INVALID"])
        }
        #expect(try await bench.send(.head, "/v2/team/app/blobs/\(wrong)").status == .notFound)
    }

    @Test func anUnknownAlgorithmIsRefused() async throws {
        for query in [
            "digest-algorithm=md5", "digest-algorithm=SHA256", "digest=blake3:00", "digest-algorithm=a%00",
        ] {
            let answer = try await bench.send(.post, "/v2/team/app/blobs/uploads/?\(query)")
            #expect(answer.status == .badRequest, "\(query)")
            #expect(answer.codes == ["DIGEST_INVALID"])
        }
    }

    @Test func aRangeThatCannotBeReadIsRefused() async throws {
        let path = try await bench.begin()
        for range in ["", "x", "5-1", "-", "0-99999999999999999999"] {
            let answer = try await bench.send(.patch, path, [.contentRange: range], body: [1])
            #expect(answer.status == .badRequest, "\(range)")
        }
        let unequal = try await bench.send(.patch, path, [.contentRange: "0-9"], body: [1])
        #expect(unequal.codes == ["SIZE_INVALID"])
    }

    @Test func aCancelledUploadIsGone() async throws {
        let path = try await bench.begin()
        #expect(try await bench.send(.delete, path).status == .noContent)
        #expect(try await bench.blobs.uploads().isEmpty)
        for method in [HTTPRequest.Method.get, .delete, .patch, .put] {
            let answer = try await bench.send(method, "\(path)?digest=\(digest)", body: [1])
            #expect(answer.status == .notFound)
            #expect(answer.codes == ["BLOB_UPLOAD_UNKNOWN"])
        }
    }

    @Test(arguments: [
        "x", "00", "../../etc", String(repeating: "g", count: 32), String(repeating: "0", count: 33),
    ])
    func anIdentifierThatIsNoneIsUnknown(id: String) async throws {
        let answer = try await bench.send(
            .get, "/v2/team/app/blobs/uploads/\(id.replacing("/", with: "%5C"))")
        #expect(answer.codes == ["BLOB_UPLOAD_UNKNOWN"])
    }

    @Test func tooManyUploadsAtOnceAreRefused() async throws {
        let bench = Bench(registryLimits: RegistryLimits(uploadsPerAccount: 1))
        _ = try await bench.begin()
        let answer = try await bench.send(.post, "/v2/team/app/blobs/uploads/")
        #expect(answer.status == .tooManyRequests)
        #expect(answer.codes == ["TOOMANYREQUESTS"])
        #expect(answer["Retry-After"] == "5")
    }

    @Test func aBlobBeyondTheLimitIsTooLarge() async throws {
        let bench = Bench(registryLimits: RegistryLimits(blobSize: 2999))
        let path = try await bench.begin()
        let answer = try await bench.send(.put, "\(path)?digest=\(digest)", body: bytes)
        #expect(answer.status == .contentTooLarge)
    }
}

@Suite struct UploadOwnerTests {
    private let bench = Bench(rules: { ["alice", "bob"].contains($0.account) })

    @Test func anotherAccountDoesNotFindTheUpload() async throws {
        let path = try await bench.begin()
        for method in [HTTPRequest.Method.get, .patch, .put, .delete] {
            let answer = try await bench.send(method, "\(path)?digest=\(Samples.digest(1))", as: "Basic bob")
            #expect(answer.status == .notFound)
        }
        let elsewhere = path.replacing("team/app", with: "team/other")
        #expect(try await bench.send(.get, elsewhere).status == .notFound)
        #expect(try await bench.send(.get, path).status == .noContent)
    }

    @Test func somebodyWithoutCredentialsIsAskedForThem() async throws {
        let path = try await bench.begin()
        for target in [path, "/v2/team/app/blobs/uploads/\(Samples.uploadID(3))"] {
            let answer = try await bench.send(.patch, target, body: [1], as: nil)
            #expect(answer.status == .unauthorized)
            #expect(answer["WWW-Authenticate"]?.contains("repository:team/app:pull,push") == true)
        }
    }

    @Test func anUploadGoesOnWhenTheTokenHasEnded() async throws {
        let bytes = Samples.bytes(10)
        let digest = Samples.digest(of: bytes)
        let path = try await bench.begin(as: "Bearer alice repository:team/app:pull,push")
        #expect(try await bench.send(.patch, path, body: bytes, as: "Bearer over alice").status == .accepted)
        #expect(
            try await bench.send(.put, "\(path)?digest=\(digest)", as: "Bearer over alice").status == .created
        )
    }

    @Test func anEndedTokenIsGoodForNothingElse() async throws {
        let path = try await bench.begin()
        let others = [
            (path, "Bearer over bob"), (path, "Bearer over"), (path, "Bearer wrong"),
            ("/v2/team/app/blobs/uploads/\(Samples.uploadID(3))", "Bearer over alice"),
        ]
        for (target, who) in others {
            let answer = try await bench.send(.patch, target, body: [1], as: who)
            #expect(answer.status == .unauthorized)
            #expect(answer["WWW-Authenticate"]?.contains(#"error="invalid_token""#) == true)
        }
        for (method, target) in [
            (HTTPRequest.Method.post, "/v2/team/app/blobs/uploads/"), (.get, "/v2/team/app/tags/list"),
            (.put, "/v2/team/app/manifests/v1"),
        ] {
            #expect(try await bench.send(method, target, as: "Bearer over alice").status == .unauthorized)
        }
        #expect(try await bench.send(.get, path)["Range"] == "0-0")
    }

    @Test func aSmallerTokenOfTheSameAccountGoesOn() async throws {
        let path = try await bench.begin()
        #expect(try await bench.send(.patch, path, body: [1], as: "Bearer alice").status == .accepted)
    }

    @Test func aLargeBodyThatIsRefusedIsNotRead() async throws {
        let large = Array(repeating: UInt8(0), count: 65 << 10)
        let path = try await bench.begin()
        for (method, target) in [(HTTPRequest.Method.post, "/v2/other/blobs/uploads/"), (.patch, path)] {
            let refused = try await bench.send(method, target, body: large, as: nil)
            #expect(refused["Connection"] == "close")
            let streamed = try await bench.send(
                method, target, [.transferEncoding: "chunked"], body: [1], as: nil)
            #expect(streamed["Connection"] == "close")
            let small = try await bench.send(method, target, body: [1], as: nil)
            #expect(small["Connection"] == nil)
        }
    }
}
