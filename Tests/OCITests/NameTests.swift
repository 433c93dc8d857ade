import OCI
import Testing

@Suite struct RepositoryNameTests {
    @Test(arguments: [
        "a", "team/app", "a/b/c/d", "a.b", "a_b", "a__b", "a-b", "a---b", "0/1", "blobs/uploads/manifests",
        "a.b_c__d-e/f", String(repeating: "a", count: 255),
    ])
    func aNameOfTheSpecIsTaken(text: String) throws {
        #expect(try RepositoryName(text).text == text)
    }

    @Test(arguments: [
        "", "/", "/a", "a/", "a//b", "A", "a/B", ".a", "a.", "a..b", "_a", "a_", "a___b", "-a", "a-", "a._b",
        "a.-b", "a_-b", "a/-b", "a-/b", "a b", "a:b", "a@b", "..", "../a", "a/../b", "ä", "a\u{0}", "a\n",
        "_catalog",
        String(repeating: "a", count: 256),
    ])
    func whatIsNoNameIsRefused(text: String) {
        #expect { try RepositoryName(text) } throws: { ($0 as? OCIError)?.code == .nameInvalid }
    }

    /// The scanner and a plain reading of the spec's expression agree on everything that is short.
    @Test func everyShortTextIsReadAsTheExpressionSays() {
        let letters: [Character] = ["a", "0", ".", "_", "-", "/"]
        var texts = [""]
        for _ in 0..<6 {
            for text in texts {
                let isTaken = (try? RepositoryName(text)) != nil
                #expect(isTaken == Self.matches(text), "\(text)")
            }
            texts = texts.flatMap { text in letters.map { text + [$0] } }
        }
    }

    private static func matches(_ text: String) -> Bool {
        text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { component in
            var rest = component[...]
            func letters() -> Bool {
                let run = rest.prefix { $0.isLetter || $0.isNumber }
                rest = rest.dropFirst(run.count)
                return !run.isEmpty
            }
            guard letters() else { return false }
            while !rest.isEmpty {
                let run = String(rest.prefix { !$0.isLetter && !$0.isNumber })
                guard [".", "_", "__"].contains(run) || run.allSatisfy({ $0 == "-" }) else { return false }
                rest = rest.dropFirst(run.count)
                guard letters() else { return false }
            }
            return true
        }
    }

    @Test func namesComeInByteOrder() throws {
        let names = try ["b", "a/b", "a-b", "a", "a0"].map { try RepositoryName($0) }
        #expect(names.sorted().map(\.text) == ["a", "a-b", "a/b", "a0", "b"])
    }
}

@Suite struct TagTests {
    @Test(arguments: ["latest", "v1.0", "_x", "A", "0", "a-b_c.d", String(repeating: "t", count: 128)])
    func aTagOfTheSpecIsTaken(text: String) throws {
        #expect(try Tag(text).text == text)
    }

    @Test(arguments: ["", ".a", "-a", "a b", "a:b", "a/b", "a+b", "ä", String(repeating: "t", count: 129)])
    func whatIsNoTagIsRefused(text: String) {
        #expect { try Tag(text) } throws: { ($0 as? OCIError)?.code == .tagInvalid }
    }

    @Test func aReferenceWithAColonIsADigest() throws {
        let digest = "sha256:" + String(repeating: "0", count: 64)
        #expect(try Reference(digest[...]) == .digest(Digest(digest)))
        #expect(try Reference("latest") == .tag(Tag("latest")))
        #expect { try Reference("sha256:short") } throws: { ($0 as? OCIError)?.code == .digestInvalid }
    }
}

@Suite struct DigestTests {
    static let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    @Test func aDigestIsReadAndWritten() throws {
        let digest = try Digest("sha256:\(Self.hex)")
        #expect(digest.algorithm == .sha256)
        #expect(digest.description == "sha256:\(Self.hex)")
        #expect(digest.isOfNothing)
        #expect(Digest(.sha256, bytes: Array(repeating: 0xAB, count: 32)).hex.hasPrefix("abab"))
        #expect(try Digest("sha512:" + String(repeating: "0f", count: 64)).algorithm == .sha512)
    }

    @Test(arguments: [
        "", ":", "sha256", "sha256:", "sha256:\(hex)0", "sha256:\(hex.dropLast())",
        "sha256:\(hex.uppercased())",
        "SHA256:\(hex)", "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709", "sha512:\(hex)", "md5:x",
        "sha256::\(hex)",
        "sha256:\(hex.dropLast())g", "sha256:../../\(hex.dropLast(6))", " sha256:\(hex)",
    ])
    func whatIsNoDigestIsRefused(text: String) {
        #expect { try Digest(text) } throws: { ($0 as? OCIError)?.code == .digestInvalid }
    }
}

@Suite struct MediaTypeTests {
    @Test(arguments: [
        ("application/json", "application/json"), (" Application/JSON ; charset=utf-8", "application/json"),
        ("application/vnd.oci.image.index.v1+json;x=y", "application/vnd.oci.image.index.v1+json"), ("", ""),
    ])
    func aHeaderIsReadWithoutItsParameters(header: String, expected: String) {
        #expect(MediaType(headerValue: header).text == expected)
    }

    @Test(arguments: ["a", "a/b/c", "/b", "a/", "a b/c", "a/b\r\nX: y", "a/ü", "text/<script>"])
    func whatIsNoTypeIsSeen(text: String) {
        #expect(!MediaType(text).isWellFormed)
        #expect(MediaType("application/vnd.x-y_z.v1+json").isWellFormed)
    }
}
