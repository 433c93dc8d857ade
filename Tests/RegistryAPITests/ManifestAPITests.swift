import Contracts
import HTTPTypes
import OCI
import Registry
import ServerKit
import Testing

@Suite struct ManifestAPITests {
    private let bench = Bench()
    private let path = "/v2/team/app/manifests/"

    @Test(arguments: [HTTPRequest.Method.get, .head])
    func aManifestIsServedAsItCame(method: HTTPRequest.Method) async throws {
        let manifest = try await bench.pushImage("v1")
        let digest = Samples.digest(of: manifest.bytes)
        for reference in ["v1", "\(digest)"] {
            for accept in ["*/*", "application/vnd.docker.distribution.manifest.v2+json", ""] {
                let answer = try await bench.send(method, path + reference, [.accept: accept])
                #expect(answer.status == .ok)
                #expect(answer.body == (method == .get ? manifest.bytes : []))
                #expect(answer["Content-Type"] == MediaType.imageManifest.text)
                #expect(answer["Content-Length"] == "\(manifest.bytes.count)")
                #expect(answer["Docker-Content-Digest"] == "\(digest)")
                #expect(answer["ETag"] == "\"\(digest)\"")
            }
        }
    }

    @Test(arguments: [HTTPRequest.Method.get, .head])
    func whatTheClientHasIsNotSentAgain(method: HTTPRequest.Method) async throws {
        let digest = Samples.digest(of: try await bench.pushImage("v1").bytes)
        for header in ["\"\(digest)\"", "W/\"\(digest)\"", "\"x\", \"\(digest)\" ", "*"] {
            let answer = try await bench.send(method, path + "v1", [.ifNoneMatch: header])
            #expect(answer.status == .notModified, "\(header)")
            #expect(answer.body.isEmpty)
            #expect(answer["ETag"] == "\"\(digest)\"")
        }
        for header in ["\"x\"", "\(digest)", ""] {
            #expect(
                try await bench.send(method, path + "v1", [.ifNoneMatch: header]).status == .ok, "\(header)")
        }
    }

    @Test func whatIsNotHereIsNotFound() async throws {
        for reference in ["v1", "\(Samples.digest(1))"] {
            let answer = try await bench.send(.get, path + reference)
            #expect(answer.status == .notFound)
            #expect(answer.codes == ["MANIFEST_UNKNOWN"])
            let head = try await bench.send(.head, path + reference)
            #expect(head.status == .notFound)
            #expect(head.body.isEmpty)
        }
    }

    @Test func aPushSaysWhereTheManifestIs() async throws {
        let config = try await bench.pushBlob([1])
        let manifest = try Samples.image(config: config, subject: Samples.digest(9))
        let digest = Samples.digest(of: manifest.bytes)
        let answer = try await bench.push(manifest, "v1")
        #expect(answer.status == .created)
        #expect(answer["Location"] == "\(path)\(digest)")
        #expect(answer["Docker-Content-Digest"] == "\(digest)")
        #expect(answer["OCI-Subject"] == "\(Samples.digest(9))")
        #expect(answer["OCI-Tag"] == nil)
    }

    @Test func aPushByDigestSetsTheTagsItNames() async throws {
        let manifest = try await bench.pushImage("")
        for algorithm in Digest.Algorithm.allCases {
            let digest = Samples.digest(of: manifest.bytes, algorithm)
            let tags = (0..<10).map { "\(algorithm)-\($0)" }
            let query = tags.map { "tag=\($0)" }.joined(separator: "&")
            let answer = try await bench.push(manifest, "\(digest)?\(query)")
            #expect(answer.status == .created)
            #expect(answer["OCI-Tag"] == tags.joined(separator: ", "))
            #expect(answer["Docker-Content-Digest"] == "\(digest)")
            for tag in tags {
                #expect(try await bench.send(.head, path + tag)["Docker-Content-Digest"] == "\(digest)")
            }
        }
    }

    @Test func aTagThatCannotBeIsNotThereToReadAndNotTakenToWrite() async throws {
        let manifest = try await bench.pushImage("v1")
        let read = try await bench.send(.get, "/v2/app/manifests/.x", as: "Basic alice")
        #expect(read.status == .notFound)
        #expect(read.codes == ["MANIFEST_UNKNOWN"])
        let written = try await bench.push(manifest, ".x")
        #expect(written.status == .badRequest)
        #expect(written.codes == ["TAG_INVALID"])
    }

    @Test func tooManyTagsAreTooLongARequest() async throws {
        let manifest = try await bench.pushImage("")
        let query = (0..<65).map { "tag=t\($0)" }.joined(separator: "&")
        let answer = try await bench.push(manifest, "\(Samples.digest(of: manifest.bytes))?\(query)")
        #expect(answer.status == .uriTooLong)
        let bad = try await bench.push(manifest, "\(Samples.digest(of: manifest.bytes))?tag=.x")
        #expect(bad.codes == ["TAG_INVALID"])
    }

    @Test func everythingThatIsMissingIsNamed() async throws {
        let missing = (1...60).map { Samples.digest($0) }
        let manifest = try Samples.image(config: try await bench.pushBlob([1]), layers: missing)
        let answer = try await bench.push(manifest, "v1")
        #expect(answer.status == .notFound)
        #expect(answer.codes.count == 51)
        #expect(Set(answer.codes) == ["MANIFEST_BLOB_UNKNOWN"])
        #expect(answer.text.contains("\(missing[0])"))
        #expect(answer.text.contains("and 10 more"))
    }

    @Test func aDigestThatIsNotTheManifestsIsRefused() async throws {
        let manifest = try await bench.pushImage("v1")
        let answer = try await bench.push(manifest, "\(Samples.digest(1))")
        #expect(answer.status == .badRequest)
        #expect(answer.codes == ["DIGEST_INVALID"])
    }

    @Test func aManifestThatIsNoneIsRefused() async throws {
        for body in ["", "{}", "[]", "nonsense", #"{"schemaVersion":1}"#] {
            let answer = try await bench.send(
                .put, path + "v1", [.contentType: MediaType.imageManifest.text], body: Array(body.utf8))
            #expect(answer.status == .badRequest, "\(body)")
            #expect(answer.codes == ["MANIFEST_INVALID"])
        }
    }

    @Test func aManifestBeyondTheLimitIsTooLarge() async throws {
        let large = Array(repeating: UInt8(ascii: " "), count: Manifest.sizeMax + 1)
        let announced = try await bench.send(.put, path + "v1", body: large)
        #expect(announced.status == .contentTooLarge)
        #expect(announced["Connection"] == "close", "the rest is not read")
        let streamed = try await bench.send(.put, path + "v1", [.transferEncoding: "chunked"], body: large)
        #expect(streamed.status == .contentTooLarge)
    }

    @Test func aBodyShorterThanAnnouncedIsRefused() async throws {
        let answer = try await bench.send(.put, path + "v1", [.contentLength: "500"], body: Array("{}".utf8))
        #expect(answer.codes == ["SIZE_INVALID"])
    }

    @Test func anUnknownTypeIsKeptAndCannotBecomeAPage() async throws {
        let body = Array("<script>alert(1)</script>".utf8)
        let push = try await bench.send(
            .put, path + "v1", [.contentType: "text/html; charset=utf-8"], body: body)
        #expect(push.status == .created)
        let answer = try await bench.send(.get, path + "v1")
        #expect(answer.body.elementsEqual(body))
        #expect(answer["Content-Type"] == "text/html")
        #expect(answer["X-Content-Type-Options"] == "nosniff")
        #expect(answer["Content-Security-Policy"] == "default-src 'none'; sandbox")
    }

    @Test func aPlainCurlCanPush() async throws {
        let manifest = try await bench.pushImage("v1")
        let answer = try await bench.send(
            .put, path + "v2", [.contentType: "application/x-www-form-urlencoded"], body: manifest.bytes)
        #expect(answer.status == .created)
        #expect(try await bench.send(.get, path + "v2")["Content-Type"] == MediaType.imageManifest.text)
    }

    @Test func aTagAndAManifestAreDeletedApart() async throws {
        let digest = Samples.digest(of: try await bench.pushImage("v1").bytes)
        try await bench.pushImage("v2")
        #expect(try await bench.send(.delete, path + "v1").status == .accepted)
        #expect(try await bench.send(.get, path + "v1").status == .notFound)
        #expect(try await bench.send(.get, path + "v2").status == .ok)
        #expect(try await bench.send(.delete, "\(path)\(digest)").status == .accepted)
        for gone in ["v1", "v2", "\(digest)"] {
            #expect(try await bench.send(.get, path + gone).status == .notFound)
            #expect(try await bench.send(.delete, path + gone).codes == ["MANIFEST_UNKNOWN"])
        }
    }

    @Test func aStoreThatFailsIsNotToldToClients() async throws {
        try await bench.pushImage("v1")
        for (kind, status) in [
            (StoreError.Kind.unavailable, 503), (.full, 507), (.failed, 500), (.damaged, 500),
        ] {
            bench.store.fail(with: StoreError(kind, "/var/lib/secret.sqlite is broken"))
            let answer = try await bench.send(.get, path + "other")
            #expect(answer.status.code == status)
            #expect(!answer.text.contains("secret"))
            #expect(answer.codes.count == 1)
        }
    }
}
