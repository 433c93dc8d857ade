import Contracts
import HTTPTypes
import OCI
import Registry
import Testing

@Suite struct BlobAPITests {
    private let bench = Bench()
    private let bytes = Samples.bytes(2048)

    @Test func aBlobIsServedWholeAndLookedAt() async throws {
        let digest = try await bench.pushBlob(bytes)
        for method in [HTTPRequest.Method.get, .head] {
            let answer = try await bench.send(method, "/v2/team/app/blobs/\(digest)")
            #expect(answer.status == .ok)
            #expect(answer.body == (method == .get ? bytes : []))
            #expect(answer["Content-Length"] == "2048")
            #expect(answer["Content-Type"] == "application/octet-stream")
            #expect(answer["Docker-Content-Digest"] == "\(digest)")
            #expect(answer["ETag"] == "\"\(digest)\"")
            #expect(answer["Accept-Ranges"] == "bytes")
        }
    }

    @Test(arguments: [
        ("bytes=500-1499", 500..<1500), ("bytes=500-", 500..<2048), ("bytes=-500", 1548..<2048),
        ("bytes=2000-5000", 2000..<2048), ("bytes=0-0", 0..<1),
    ])
    func aPartOfABlobIsServed(header: String, expected: Range<Int>) async throws {
        let digest = try await bench.pushBlob(bytes)
        for method in [HTTPRequest.Method.get, .head] {
            let answer = try await bench.send(method, "/v2/team/app/blobs/\(digest)", [.range: header])
            #expect(answer.status == .partialContent)
            #expect(answer.body == (method == .get ? Array(bytes[expected]) : []))
            #expect(answer["Content-Length"] == "\(expected.count)")
            #expect(answer["Content-Range"] == "bytes \(expected.lowerBound)-\(expected.upperBound - 1)/2048")
        }
    }

    @Test(arguments: ["bytes=500-0", "bytes=5000-10000", "bytes=2048-"])
    func aPartThatIsNotThereCannotBeServed(header: String) async throws {
        let digest = try await bench.pushBlob(bytes)
        let answer = try await bench.send(.get, "/v2/team/app/blobs/\(digest)", [.range: header])
        #expect(answer.status == .rangeNotSatisfiable)
        #expect(answer["Content-Range"] == "bytes */2048")
    }

    @Test func conditionsAreHeard() async throws {
        let digest = try await bench.pushBlob(bytes)
        let path = "/v2/team/app/blobs/\(digest)"
        #expect(try await bench.send(.get, path, [.ifNoneMatch: "\"\(digest)\""]).status == .notModified)
        let range = HTTPFields([HTTPField(name: .range, value: "bytes=0-9")])
        var same = range
        same[.ifRange] = "\"\(digest)\""
        #expect(try await bench.send(.get, path, same).status == .partialContent)
        var other = range
        other[.ifRange] = "\"another\""
        #expect(try await bench.send(.get, path, other).status == .ok)
    }

    @Test func theEmptyBlobIsABlob() async throws {
        for algorithm in Digest.Algorithm.allCases {
            let digest = Samples.digest(of: [], algorithm)
            let push = try await bench.send(.post, "/v2/team/app/blobs/uploads/?digest=\(digest)", body: [])
            #expect(push.status == .created)
            let answer = try await bench.send(.get, "/v2/team/app/blobs/\(digest)")
            #expect(answer.status == .ok)
            #expect(answer["Content-Length"] == "0")
        }
    }

    @Test func aBlobOfAnotherRepositoryIsNotFound() async throws {
        let digest = try await bench.pushBlob(bytes, to: "secret")
        #expect(try await bench.send(.get, "/v2/secret/blobs/\(digest)").status == .ok)
        for method in [HTTPRequest.Method.get, .head, .delete] {
            let answer = try await bench.send(method, "/v2/team/app/blobs/\(digest)")
            #expect(answer.status == .notFound)
            #expect(method == .head || answer.codes == ["BLOB_UNKNOWN"])
        }
    }

    @Test func aDeletedBlobIsGoneAtOnce() async throws {
        let digest = try await bench.pushBlob(bytes)
        #expect(try await bench.send(.delete, "/v2/team/app/blobs/\(digest)").status == .accepted)
        #expect(try await bench.send(.head, "/v2/team/app/blobs/\(digest)").status == .notFound)
    }
}

@Suite struct MountTests {
    /// Bob may push to `bob/…` and pull `open`.
    private let bench = Bench(rules: { question in
        question.account == "alice" || question.name.hasPrefix("bob/")
            || question.name == "open" && question.action == "pull"
    })
    private let bytes = Samples.bytes(100)

    private func mount(_ digest: Digest, _ query: String, as who: String) async throws -> Answer {
        try await bench.send(.post, "/v2/bob/app/blobs/uploads/?mount=\(digest)\(query)", as: who)
    }

    @Test func aBlobIsMountedFromWhereTheCallerMayPull() async throws {
        let digest = try await bench.pushBlob(bytes, to: "open")
        let answer = try await mount(digest, "&from=open", as: "Basic bob")
        #expect(answer.status == .created)
        #expect(answer["Location"] == "/v2/bob/app/blobs/\(digest)")
        #expect(answer["Docker-Content-Digest"] == "\(digest)")
        #expect(
            try await bench.send(.get, "/v2/bob/app/blobs/\(digest)", as: "Basic bob").body.elementsEqual(
                bytes))
    }

    @Test func aMountWithoutASourceLooksWhereTheCallerMayPull() async throws {
        let digest = try await bench.pushBlob(bytes, to: "open")
        #expect(try await mount(digest, "", as: "Bearer bob repository:bob/app:pull,push").status == .created)
    }

    @Test(arguments: [
        "&from=secret", "", "&from=none", "&from=NOT%20A%20NAME", "&from=bob/app", "&from=..%2Fsecret",
    ])
    func aMountThatMayNotBeBecomesAnUpload(query: String) async throws {
        let digest = try await bench.pushBlob(bytes, to: "secret")
        for who in ["Basic bob", "Bearer bob repository:bob/app:pull,push"] {
            let answer = try await mount(digest, query, as: who)
            #expect(answer.status == .accepted)
            #expect(answer["Location"]?.hasPrefix("/v2/bob/app/blobs/uploads/") == true)
            #expect(try await bench.send(.head, "/v2/bob/app/blobs/\(digest)", as: who).status == .notFound)
        }
    }

    @Test func whatCannotBeMountedLooksTheSameWhetherItExistsOrNot() async throws {
        let hidden = try await bench.pushBlob(bytes, to: "secret")
        let there = try await mount(hidden, "&from=secret", as: "Basic bob")
        let not = try await mount(Samples.digest(1), "&from=secret", as: "Basic bob")
        #expect(there.status == not.status)
        #expect(there.headers.map(\.name) == not.headers.map(\.name))
    }

    @Test func whoHasNoTokenIsSentForOneThatHasTheSourceToo() async throws {
        let closed = Bench(rules: { $0.account == "bob" })
        let answer = try await closed.send(
            .post, "/v2/bob/app/blobs/uploads/?mount=\(Samples.digest(1))&from=open", as: nil)
        #expect(answer.status == .unauthorized)
        #expect(
            answer["WWW-Authenticate"]?.contains(
                #"scope="repository:bob/app:pull,push repository:open:pull""#) == true)
    }

    @Test func aTokenThatLacksTheSourceIsSentForOneThatHasIt() async throws {
        let digest = try await bench.pushBlob(bytes, to: "open")
        let answer = try await mount(digest, "&from=open", as: "Bearer bob repository:bob/app:pull,push")
        #expect(answer.status == .unauthorized)
        #expect(
            answer["WWW-Authenticate"]?.contains(
                #"scope="repository:bob/app:pull,push repository:open:pull""#)
                == true)
        let again = try await mount(
            digest, "&from=open", as: "Bearer bob repository:bob/app:pull,push repository:open:pull")
        #expect(again.status == .created)
    }

    @Test func aMountedBlobStaysWhenItsSourceGoes() async throws {
        let digest = try await bench.pushBlob(bytes, to: "open")
        _ = try await mount(digest, "&from=open", as: "Basic bob")
        #expect(try await bench.send(.delete, "/v2/open/blobs/\(digest)").status == .accepted)
        #expect(try await bench.send(.get, "/v2/bob/app/blobs/\(digest)", as: "Basic bob").status == .ok)
    }

    @Test func aMountOfWhatIsNoDigestIsRefused() async throws {
        let answer = try await bench.send(.post, "/v2/bob/app/blobs/uploads/?mount=latest", as: "Basic bob")
        #expect(answer.codes == ["DIGEST_INVALID"])
    }
}
