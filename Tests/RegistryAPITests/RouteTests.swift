import OCI
import Testing

@testable import RegistryAPI

private let digest = "sha256:" + String(repeating: "a", count: 64)

@Suite struct RouteTests {
    private func route(_ path: String) throws -> RegistryRoute? { try RegistryRoute(path: path) }

    @Test func everyEndpointOfTheSpecIsKnown() throws {
        let (name, content) = (try RepositoryName("team/app"), try Digest(digest))
        let id = String(repeating: "0", count: 32)
        let table: [(String, RegistryRoute)] = [
            ("/v2/", .base), ("/v2", .base), ("/v2/_catalog", .catalog),
            ("/v2/team/app/blobs/\(digest)", .blob(name, content)),
            ("/v2/team/app/manifests/v1", .manifest(name, .tag(try Tag("v1")))),
            ("/v2/team/app/manifests/\(digest)", .manifest(name, .digest(content))),
            ("/v2/team/app/blobs/uploads/", .uploads(name)), ("/v2/team/app/blobs/uploads", .uploads(name)),
            ("/v2/team/app/blobs/uploads/\(id)", .upload(name, id: id)),
            ("/v2/team/app/tags/list", .tags(name)), ("/v2/team/app/tags/list/", .tags(name)),
            ("/v2/team/app/referrers/\(digest)", .referrers(name, content)),
            ("/v2/team%2Fapp/manifests/v1", .manifest(name, .tag(try Tag("v1")))),
            ("/v2/team/app/blobs/sha256%3A\(digest.dropFirst(7))", .blob(name, content)),
            ("/v2/team/app/%6danifests/v1", .manifest(name, .tag(try Tag("v1")))),
        ]
        for (path, expected) in table { #expect(try route(path) == expected, "\(path)") }
    }

    @Test func aRepositoryMayBeCalledWhatTheFixedWordsAre() throws {
        let content = try Digest(digest)
        let table: [(String, RegistryRoute)] = [
            ("/v2/blobs/uploads/blobs/\(digest)", .blob(try RepositoryName("blobs/uploads"), content)),
            (
                "/v2/a/blobs/uploads/manifests/v1",
                .manifest(try RepositoryName("a/blobs/uploads"), .tag(try Tag("v1")))
            ),
            (
                "/v2/manifests/manifests/manifests",
                .manifest(try RepositoryName("manifests"), .tag(try Tag("manifests")))
            ),
            ("/v2/blobs/blobs/uploads/", .uploads(try RepositoryName("blobs"))),
            ("/v2/a/manifests/blobs/uploads/", .uploads(try RepositoryName("a/manifests"))),
            ("/v2/tags/list/tags/list", .tags(try RepositoryName("tags/list"))),
            (
                "/v2/uploads/manifests/uploads",
                .manifest(try RepositoryName("uploads"), .tag(try Tag("uploads")))
            ),
            ("/v2/a/blobs/uploads/tags/list", .tags(try RepositoryName("a/blobs/uploads"))),
            ("/v2/a/blobs/uploads/list", .upload(try RepositoryName("a"), id: "list")),
            ("/v2/v2/tags/list", .tags(try RepositoryName("v2"))),
        ]
        for (path, expected) in table { #expect(try route(path) == expected, "\(path)") }
    }

    @Test(arguments: [
        "/", "", "/v1/", "/v22/", "/v2x", "v2/", "/auth/token", "//v2/", "/v2/a", "/v2/a/b", "/v2/a/b/c",
        "/v2/tags/list", "/v2/a/tags/other", "/v2/blobs/uploads/", "/v2/_catalog/x", "/v2/a/manifests/v1//",
        "/v2/a/_catalog",
    ])
    func otherPathsAreNobodys(path: String) throws {
        #expect(try route(path) == nil)
    }

    @Test(arguments: [
        ("/v2//a/manifests/v1", OCIError.Code.nameInvalid), ("/v2/a//b/manifests/v1", .nameInvalid),
        ("/v2/A/manifests/v1", .nameInvalid), ("/v2/../etc/manifests/v1", .nameInvalid),
        ("/v2/a%/manifests/v1", .nameInvalid), ("/v2/a%zz/manifests/v1", .nameInvalid),
        ("/v2/a%00/manifests/v1", .nameInvalid), ("/v2/a%ff/manifests/v1", .nameInvalid),
        ("/v2/a%252Fb/manifests/v1", .nameInvalid), ("/v2/a/manifests/.v1", .tagInvalid),
        ("/v2/a/blobs/latest", .digestInvalid),
        ("/v2/a/blobs/sha256:baddigeststring", .digestInvalid), ("/v2/a/manifests/sha256:x", .digestInvalid),
        ("/v2/a/referrers/v1", .digestInvalid), ("/v2/a/blobs/md5:00", .digestInvalid),
        ("/v2/\(String(repeating: "a", count: 256))/tags/list", .nameInvalid),
    ])
    func aPathThatIsAlmostRightIsRefused(path: String, code: OCIError.Code) {
        #expect { try route(path) } throws: { ($0 as? OCIError)?.code == code }
    }

    /// Whatever the name, the path made of it leads back to it.
    @Test func everyNameFindsItsWayThroughEveryPath() throws {
        let words = ["blobs", "uploads", "manifests", "tags", "list", "referrers", "a", "v2", "0-0"]
        var random = Numbers(state: 7)
        let content = try Digest(digest)
        for _ in 0..<5000 {
            let parts = (0..<Int.random(in: 1...5, using: &random)).map { _ in
                words.randomElement(using: &random) ?? "a"
            }
            let name = try RepositoryName(parts.joined(separator: "/"))
            let tag = try Tag(words.randomElement(using: &random) ?? "a")
            let id = String(repeating: "f", count: 32)
            #expect(try route("/v2/\(name)/manifests/\(tag)") == .manifest(name, .tag(tag)))
            #expect(try route("/v2/\(name)/blobs/\(digest)") == .blob(name, content))
            #expect(try route("/v2/\(name)/blobs/uploads/") == .uploads(name))
            #expect(try route("/v2/\(name)/blobs/uploads/\(id)") == .upload(name, id: id))
            #expect(try route("/v2/\(name)/tags/list") == .tags(name))
            #expect(try route("/v2/\(name)/referrers/\(digest)") == .referrers(name, content))
        }
    }

    /// Random bytes are refused or belong to nobody; they never crash the parser nor name what they do not
    /// say.
    @Test func noiseIsNoRoute() throws {
        var random = Numbers(state: 11)
        let pieces = [
            "/", "v2", "blobs", "uploads", "manifests", "%2F", "%", "..", "\u{0}", "ä", "a", ":", "@", digest,
        ]
        for _ in 0..<20_000 {
            let path =
                "/v2/"
                + (0..<Int.random(in: 0...8, using: &random)).map { _ in
                    pieces.randomElement(using: &random) ?? ""
                }.joined()
            guard let found = try? route(path) else { continue }
            guard case .manifest(let name, _) = found else { continue }
            let plain = path.replacingEscapes()
            #expect(plain.hasPrefix("/v2/\(name)/manifests/"), "\(path)")
        }
    }
}

extension String {
    fileprivate func replacingEscapes() -> String { PercentCoding.decoded(self[...]) ?? self }
}

/// The same numbers in every run.
private struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 31)
    }
}

@Suite struct QueryTests {
    @Test func parametersAreReadInOrder() {
        let query = Query("tag=a&n=5&tag=b&artifactType=application/x+json&empty=&bare&bad=%zz&x=a%26b")
        #expect(query.all("tag") == ["a", "b"])
        #expect(query["n"] == "5")
        #expect(query["artifactType"] == "application/x+json", "a plus is a plus")
        #expect(query["empty"] == nil)
        #expect(query["bare"] == nil)
        #expect(query["bad"] == nil)
        #expect(query["x"] == "a&b")
        #expect(Query(nil)["n"] == nil)
    }

    @Test func whatIsEscapedIsReadBack() {
        for text in ["a b", "sha256:ab", "application/x+json", "ä&=?#%", ""] {
            #expect(PercentCoding.decoded(PercentCoding.encoded(text)[...]) == text)
        }
    }
}
