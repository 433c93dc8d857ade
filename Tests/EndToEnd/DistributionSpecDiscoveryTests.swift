import Harness
import Testing

/// The distribution spec's categories "Content Discovery" and "Content Management", over the network.
@Suite(.homeport, .timeLimit(.minutes(2))) struct DistributionSpecDiscoveryTests {
    @Test func tagsComeInByteOrderPageByPage() async throws {
        let repository = try SpecRepository()
        let image = try await repository.pushImage()
        for tag in ["b", "a", "C", "a.1", "a-1", "_x"] {
            #expect(try await repository.put(image.bytes, at: tag).status == 201)
        }
        let all = ["C", "_x", "a", "a-1", "a.1", "b"]
        #expect(try await repository.tags().tags == all)
        #expect(try await repository.tags("?last=_x").tags == ["a", "a-1", "a.1", "b"])
        #expect(try await repository.tags("?n=0").tags == [])

        var seen: [String] = []
        var next: String? = "\(repository.base)/tags/list?n=4"
        while let page = next {
            let answer = try await repository.caller.get(page)
            let tags = answer.object["tags"] as? [String] ?? []
            #expect(tags.count <= 4)
            seen += tags
            next = answer.nextPage
        }
        #expect(seen == all)
    }

    @Test func theTagsOfNothingAreNotThere() async throws {
        let repository = try SpecRepository()
        let answer = try await repository.caller.get("\(repository.base)/tags/list")
        #expect(answer.status == 404)
        #expect(answer.errorCodes == ["NAME_UNKNOWN"])
    }

    @Test func aPageSizeThatIsNoNumberIsRefused() async throws {
        let repository = try SpecRepository()
        try await repository.pushImage("v1")
        for size in ["-1", "x", "99999999999999999999"] {
            let answer = try await repository.caller.get("\(repository.base)/tags/list?n=\(size)")
            #expect(answer.status == 400 || answer.status == 200, "n=\(size): \(answer)")
            #expect(answer.status < 500)
        }
    }

    @Test func whatRefersToAManifestIsListedAndFiltered() async throws {
        let repository = try SpecRepository()
        let image = try await repository.pushImage("v1")
        let path = "\(repository.base)/referrers/\(image.digest)"
        let none = try await repository.caller.get(path)
        #expect(none.status == 200)
        #expect(none["Content-Type"] == OCILayout.indexType)
        #expect((none.object["manifests"] as? [Any])?.isEmpty == true)

        let signature = try await repository.pushImage(
            subject: image.digest, artifactType: "application/vnd.test.signature")
        let bill = try await repository.pushImage(
            subject: image.digest, artifactType: "application/vnd.test.sbom")
        let both = try await repository.caller.get(path)
        #expect(both.referrers.map(\.digest).sorted() == [signature.digest, bill.digest].sorted())

        let filtered = try await repository.caller.get(path + "?artifactType=application/vnd.test.sbom")
        #expect(filtered["OCI-Filters-Applied"] == "artifactType")
        let only = try #require(filtered.referrers.first)
        #expect(filtered.referrers.count == 1)
        #expect(only.digest == bill.digest)
        #expect(only.artifactType == "application/vnd.test.sbom")
        #expect(only.annotations == ["made.by": "a test"])
        #expect(only.size == bill.bytes.count)

        #expect(try await repository.caller.delete(repository.manifest(bill.digest)).status == 202)
        #expect(try await repository.caller.get(path).referrers.map(\.digest) == [signature.digest])
    }

    @Test func referrersOfWhatIsNotThereYetAreKept() async throws {
        let repository = try SpecRepository()
        let subject = sha256(randomBytes(6))
        let image = try await repository.pushImage(subject: subject)
        let answer = try await repository.caller.get("\(repository.base)/referrers/\(subject)")
        #expect(answer.referrers.map(\.digest) == [image.digest])
    }

    @Test func theCatalogueIsPaged() async throws {
        let repositories = [try SpecRepository("catalogue"), try SpecRepository("catalogue")]
        for repository in repositories { try await repository.pushImage("v1") }
        var seen: [String] = []
        var next: String? = "/v2/_catalog?n=1"
        let caller = try Homeport.current().admin
        while let page = next {
            let answer = try await caller.get(page)
            #expect(answer.status == 200)
            let names = answer.object["repositories"] as? [String] ?? []
            #expect(names.count <= 1)
            seen += names
            next = answer.nextPage
        }
        #expect(Set(repositories.map(\.name)).isSubset(of: seen))
        #expect(seen == seen.sorted())
    }

    @Test func deletingATagLeavesItsManifest() async throws {
        let repository = try SpecRepository()
        let image = try await repository.pushImage("v1")
        #expect(try await repository.caller.delete(repository.manifest("v1")).status == 202)
        #expect(try await repository.caller.get(repository.manifest("v1")).status == 404)
        #expect(try await repository.caller.get(repository.manifest(image.digest)).status == 200)
        #expect(try await repository.caller.delete(repository.manifest("v1")).status == 404)
    }

    @Test func deletingAManifestTakesItsTagsAlong() async throws {
        let repository = try SpecRepository()
        let image = try await repository.pushImage("v1")
        let other = try await repository.pushImage("v2")
        #expect(try await repository.caller.delete(repository.manifest(image.digest)).status == 202)
        #expect(try await repository.caller.get(repository.manifest(image.digest)).status == 404)
        #expect(try await repository.caller.get(repository.manifest("v1")).status == 404)
        #expect(try await repository.tags().tags == ["v2"])
        #expect(try await repository.caller.get(repository.manifest(other.digest)).status == 200)
        #expect(try await repository.caller.delete(repository.manifest(image.digest)).status == 404)
    }

    @Test func deletingABlobCountsInItsRepositoryOnly() async throws {
        let repository = try SpecRepository()
        let other = try SpecRepository()
        let bytes = randomBytes(120)
        let digest = try await repository.push(bytes)
        try await other.push(bytes)
        #expect(try await repository.caller.delete(repository.blob(digest)).status == 202)
        #expect(try await repository.caller.get(repository.blob(digest)).status == 404)
        #expect(try await repository.caller.delete(repository.blob(digest)).status == 404)
        #expect(try await other.caller.get(other.blob(digest)).body.elementsEqual(bytes))
    }
}

private struct Referrer {
    let digest: String
    let artifactType: String?
    let annotations: [String: String]?
    let size: Int?
}

extension Answer {
    fileprivate var referrers: [Referrer] {
        (object["manifests"] as? [[String: Any]] ?? []).map {
            Referrer(
                digest: $0["digest"] as? String ?? "", artifactType: $0["artifactType"] as? String,
                annotations: $0["annotations"] as? [String: String], size: $0["size"] as? Int)
        }
    }
}
