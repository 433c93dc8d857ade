import Contracts
import Foundation
import HTTPTypes
import OCI
import Registry
import RegistryAPI
import Testing

private struct TagList: Decodable {
    let name: String
    let tags: [String]
}

private struct Catalog: Decodable {
    let repositories: [String]
}

private struct Index: Decodable {
    let schemaVersion: Int
    let mediaType: String
    let manifests: [Entry]

    struct Entry: Decodable {
        let mediaType: String
        let digest: String
        let size: Int
        let artifactType: String?
        let annotations: [String: String]?
    }
}

extension Answer {
    fileprivate func decoded<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: Data(body))
    }

    /// Where the `Link` header leads.
    fileprivate var next: String? {
        guard let link = self["Link"], link.hasSuffix(">; rel=\"next\""), link.hasPrefix("<") else {
            return nil
        }
        return String(link.dropFirst().prefix { $0 != ">" })
    }
}

@Suite struct TagListTests {
    private let bench = Bench()
    private let path = "/v2/team/app/tags/list"

    private func tags(_ query: String) async throws -> [String] {
        try await bench.send(.get, path + query).decoded(TagList.self).tags
    }

    @Test func tagsAreListedInByteOrder() async throws {
        for tag in ["b", "a", "C", "_x", "1"] { try await bench.pushImage(tag) }
        let answer = try await bench.send(.get, path)
        #expect(answer.status == .ok)
        #expect(answer["Content-Type"] == "application/json")
        #expect(answer["Link"] == nil)
        #expect(try answer.decoded(TagList.self).name == "team/app")
        #expect(try await tags("") == ["1", "C", "_x", "a", "b"])
        #expect(try await tags("?n=2") == ["1", "C"])
        #expect(try await tags("?n=2&last=C") == ["_x", "a"])
        #expect(try await tags("?last=a") == ["b"])
        #expect(try await tags("?last=b") == [])
        #expect(try await tags("?last=nothere") == [])
        #expect(try await tags("?n=99999999999999999999999999") == ["1", "C", "_x", "a", "b"])
    }

    @Test func noneAreGivenToWhoAsksForNone() async throws {
        try await bench.pushImage("a")
        let answer = try await bench.send(.get, path + "?n=0")
        #expect(answer.status == .ok)
        #expect(try answer.decoded(TagList.self).tags == [])
        #expect(answer["Link"] == nil)
    }

    @Test func linksLeadThroughTheWholeList() async throws {
        let names = (10..<35).map { "t\($0)" }
        for name in names { try await bench.pushImage(name) }
        var seen: [String] = []
        var next: String? = path + "?n=7"
        while let target = next {
            let answer = try await bench.send(.get, target)
            let page = try answer.decoded(TagList.self).tags
            #expect((1...7).contains(page.count))
            seen += page
            next = answer.next
        }
        #expect(seen == names)
    }

    @Test func aPageHasAMost() async throws {
        let bench = Bench(limits: RegistryAPILimits(page: 2))
        for tag in ["a", "b", "c"] { try await bench.pushImage(tag) }
        for query in ["", "?n=3", "?n=100"] {
            let answer = try await bench.send(.get, path + query)
            #expect(try answer.decoded(TagList.self).tags == ["a", "b"])
            #expect(answer.next == "/v2/team/app/tags/list?n=2&last=b")
        }
    }

    @Test(arguments: ["?n=-1", "?n=x", "?n=1.5", "?n=+1", "?n=0x10"])
    func aNumberThatIsNoneIsRefused(query: String) async throws {
        try await bench.pushImage("a")
        let answer = try await bench.send(.get, path + query)
        #expect(answer.status == .badRequest)
        #expect(answer.codes == ["PAGINATION_NUMBER_INVALID"])
        #expect(try await bench.send(.get, path + "?last=.x").codes == ["TAG_INVALID"])
    }

    @Test func aRepositoryThatIsNotThereHasNoList() async throws {
        let answer = try await bench.send(.get, path)
        #expect(answer.status == .notFound)
        #expect(answer.codes == ["NAME_UNKNOWN"])
    }
}

@Suite struct ReferrersTests {
    private let bench = Bench()

    private func referrers(_ digest: Digest, _ query: String = "") async throws -> Answer {
        try await bench.send(.get, "/v2/team/app/referrers/\(digest)\(query)")
    }

    @Test func whatRefersToAManifestIsListed() async throws {
        let subject = Samples.digest(1)
        let plain = try await bench.pushImage("", config: "1", subject: subject)
        let typed = try await bench.pushImage(
            "", config: "2", subject: subject, artifactType: "application/x.sbom+json",
            annotations: ["k": "v/\\u00e4"])
        try await bench.pushImage("", config: "3", subject: Samples.digest(2))
        let answer = try await referrers(subject)
        #expect(answer.status == .ok)
        #expect(answer["Content-Type"] == MediaType.imageIndex.text)
        #expect(answer["OCI-Filters-Applied"] == nil)
        let index = try answer.decoded(Index.self)
        #expect(index.schemaVersion == 2)
        #expect(index.mediaType == MediaType.imageIndex.text)
        let found = Dictionary(uniqueKeysWithValues: index.manifests.map { ($0.digest, $0) })
        #expect(found.count == 2)
        let first = try #require(found["\(Samples.digest(of: plain.bytes))"])
        #expect(first.artifactType == MediaType.emptyJSON.text, "the config's type stands in")
        #expect(first.size == plain.bytes.count)
        #expect(first.annotations == nil)
        let second = try #require(found["\(Samples.digest(of: typed.bytes))"])
        #expect(second.artifactType == "application/x.sbom+json")
        #expect(second.mediaType == MediaType.imageManifest.text)
        #expect(second.annotations?.count == 1)
    }

    @Test func theListIsFilteredByType() async throws {
        let subject = Samples.digest(1)
        try await bench.pushImage("", config: "1", subject: subject, artifactType: "a/one+json")
        try await bench.pushImage("", config: "2", subject: subject, artifactType: "a/two")
        for query in ["?artifactType=a/one+json", "?artifactType=a%2Fone%2Bjson"] {
            let answer = try await referrers(subject, query)
            #expect(answer["OCI-Filters-Applied"] == "artifactType")
            #expect(try answer.decoded(Index.self).manifests.map(\.artifactType) == ["a/one+json"])
        }
        #expect(try await referrers(subject, "?artifactType=a/none").decoded(Index.self).manifests.isEmpty)
    }

    @Test func nothingRefersToWhatIsNotThere() async throws {
        for name in ["team/app", "never/seen"] {
            let answer = try await bench.send(.get, "/v2/\(name)/referrers/\(Samples.digest(5))")
            #expect(answer.status == .ok)
            #expect(try answer.decoded(Index.self).manifests.isEmpty)
        }
        #expect(try await bench.send(.get, "/v2/team/app/referrers/latest").status == .badRequest)
    }

    @Test func aLongListComesInPages() async throws {
        let bench = Bench(limits: RegistryAPILimits(referrersPage: 2))
        let subject = Samples.digest(1)
        for number in 0..<5 {
            try await bench.pushImage("", config: "\(number)", subject: subject, artifactType: "a/b+c")
        }
        var seen: Set<String> = []
        var next: String? = "/v2/team/app/referrers/\(subject)?artifactType=a/b%2Bc"
        var pages = 0
        while let target = next {
            let answer = try await bench.send(.get, target)
            #expect(answer["OCI-Filters-Applied"] == "artifactType")
            seen.formUnion(try answer.decoded(Index.self).manifests.map(\.digest))
            next = answer.next
            pages += 1
        }
        #expect(seen.count == 5)
        #expect(pages == 3)
    }

    @Test func annotationsDoNotMakeAPageLargerThanAManifest() async throws {
        let subject = Samples.digest(1)
        let large = String(repeating: "x", count: 1_500_000)
        for number in 0..<4 {
            try await bench.pushImage("", config: "\(number)", subject: subject, annotations: ["k": large])
        }
        let first = try await referrers(subject)
        #expect(first.body.count < Manifest.sizeMax)
        #expect(try first.decoded(Index.self).manifests.count == 2)
        let rest = try await bench.send(.get, try #require(first.next))
        #expect(try rest.decoded(Index.self).manifests.count == 2)
    }
}

@Suite struct CatalogTests {
    /// Bob may pull what ends in an even digit; nobody may list anything.
    private let bench = Bench(rules: { question in
        if question.account == "alice" { return true }
        guard question.account == "bob", question.type == "repository" else { return false }
        return question.name.last.map { "02468".contains($0) } ?? false
    })

    private func push() async throws -> [String] {
        let names = (10..<30).map { "repo\($0)" }
        for name in names { try await bench.pushImage(to: name) }
        return names
    }

    @Test func everybodySeesWhatHeMayPull() async throws {
        let names = try await push()
        let all = try await bench.send(.get, "/v2/_catalog").decoded(Catalog.self)
        #expect(all.repositories == names)
        for who in ["Basic bob", "Bearer bob", "Bearer bob registry:catalog:*"] {
            let some = try await bench.send(.get, "/v2/_catalog", as: who).decoded(Catalog.self)
            #expect(some.repositories == names.enumerated().filter { $0.offset % 2 == 0 }.map(\.element))
        }
        let none = try await bench.send(.get, "/v2/_catalog", as: "Basic carl")
        #expect(none.status == .ok)
        #expect(try none.decoded(Catalog.self).repositories == [])
    }

    @Test func pagesAreFilledWithWhatIsVisible() async throws {
        _ = try await push()
        var seen: [String] = []
        var next: String? = "/v2/_catalog?n=3"
        while let target = next {
            let answer = try await bench.send(.get, target, as: "Basic bob")
            let page = try answer.decoded(Catalog.self).repositories
            #expect(page.count == 3 || answer.next == nil)
            seen += page
            next = answer.next
        }
        #expect(seen.count == 10)
        let exact = try await bench.send(.get, "/v2/_catalog?n=10", as: "Basic bob")
        #expect(exact["Link"] == nil, "a hidden repository follows, and nobody may know of it")
    }

    @Test func whatIsNoPageIsRefused() async throws {
        #expect(try await bench.send(.get, "/v2/_catalog?n=-1").codes == ["PAGINATION_NUMBER_INVALID"])
        #expect(try await bench.send(.get, "/v2/_catalog?last=NO").codes == ["NAME_INVALID"])
        #expect(try await bench.send(.get, "/v2/_catalog?n=0").decoded(Catalog.self).repositories == [])
    }
}

@Suite struct MethodTests {
    @Test(arguments: [
        (HTTPRequest.Method.post, "/v2/", "GET, HEAD"), (.put, "/v2/a/tags/list", "GET, HEAD"),
        (.post, "/v2/a/manifests/v1", "GET, HEAD, PUT, DELETE"), (.get, "/v2/a/blobs/uploads/", "POST"),
        (.post, "/v2/a/blobs/uploads/\(String(repeating: "0", count: 32))", "GET, HEAD, PATCH, PUT, DELETE"),
        (.put, "/v2/a/blobs/\(Samples.digest(1))", "GET, HEAD, DELETE"),
        (.options, "/v2/_catalog", "GET, HEAD"),
        (.delete, "/v2/a/referrers/\(Samples.digest(1))", "GET, HEAD"),
    ])
    func aMethodThatIsNotForAPathIsRefused(method: HTTPRequest.Method, path: String, allow: String)
        async throws
    {
        let answer = try await Bench().send(method, path)
        #expect(answer.status == .methodNotAllowed)
        #expect(answer["Allow"] == allow)
        #expect(answer.codes == ["UNSUPPORTED"])
    }

    @Test func aPathThatIsNoneIsSaidToBeUnknown() async throws {
        let answer = try await Bench().send(.get, "/v2/a/b/c/d")
        #expect(answer.status == .notFound)
        #expect(answer.codes == ["NAME_UNKNOWN"])
        #expect(answer["Docker-Distribution-Api-Version"] == "registry/2.0")
        #expect(try await Bench().send(.get, "/v2/UPPER/tags/list").codes == ["NAME_INVALID"])
    }
}
