import OCI
import Testing

private let zeros = "sha256:" + String(repeating: "0", count: 64)
private let ones = "sha256:" + String(repeating: "1", count: 64)

private func descriptor(_ digest: String, _ type: String = "application/x", _ more: String = "") -> String {
    #"{"mediaType":"\#(type)","digest":"\#(digest)","size":3\#(more)}"#
}

private func read(_ text: String, as type: MediaType? = nil) throws -> Manifest {
    try Manifest(Array(text.utf8), contentType: type)
}

@Suite struct ManifestTests {
    @Test func anImageRefersToItsConfigAndLayers() throws {
        let manifest = try read(
            """
            {"schemaVersion":2,"mediaType":"\(MediaType.imageManifest)","config":\(descriptor(zeros, "application/c")),
             "layers":[\(descriptor(ones)),\(descriptor(ones)),\(descriptor(zeros))],"annotations":{"k":"v"}}
            """)
        #expect(manifest.kind == .image)
        #expect(manifest.requiredBlobs == [try Digest(zeros), try Digest(ones)], "each once, in order")
        #expect(manifest.requiredManifests.isEmpty)
        #expect(manifest.artifactType?.text == "application/c", "the config's type stands in")
        #expect(manifest.annotations == ["k": "v"])
    }

    @Test func layersThatMayNotBeHeldAreNotRequired() throws {
        let layers = [
            descriptor(ones, "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"),
            descriptor(ones, "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"),
            descriptor(ones, "application/x", #","urls":["https://elsewhere.example/layer"]"#),
        ].joined(separator: ",")
        let manifest = try read(
            #"{"schemaVersion":2,"config":\#(descriptor(zeros)),"layers":[\#(layers)]}"#, as: .imageManifest)
        #expect(manifest.requiredBlobs == [try Digest(zeros)])
        #expect(manifest.blobs.count == 3)
    }

    @Test func anIndexRefersToManifestsAndNotToItsSubject() throws {
        let manifest = try read(
            #"{"schemaVersion":2,"manifests":[\#(descriptor(ones))],"subject":\#(descriptor(zeros))}"#)
        #expect(manifest.mediaType == .imageIndex, "a list of manifests without a type is an index")
        #expect(manifest.requiredManifests == [try Digest(ones)])
        #expect(manifest.requiredBlobs.isEmpty)
        #expect(manifest.subject?.digest == (try Digest(zeros)))
        #expect(manifest.artifactType == nil)
    }

    @Test func theOldArtifactRefersToBlobs() throws {
        let manifest = try read(
            #"{"mediaType":"\#(MediaType.artifactManifest)","artifactType":"a/b","blobs":[\#(descriptor(ones))]}"#
        )
        #expect(manifest.kind == .artifact)
        #expect(manifest.requiredBlobs == [try Digest(ones)])
        #expect(manifest.artifactType?.text == "a/b")
    }

    @Test func onlyWhatEveryReaderReadsAlikeIsAManifest() throws {
        let text = #"{"schemaVersion":2,"note":"?","config":\#(descriptor(zeros))}"#
        let bytes = Array(text.utf8)
        let mark = try #require(bytes.firstIndex(of: UInt8(ascii: "?")))
        func refused(_ bytes: [UInt8]) -> Bool {
            (try? Manifest(bytes, contentType: .imageManifest)) == nil
        }
        #expect(!refused(bytes) && !refused(Array(" \r\n\t".utf8) + bytes))
        #expect(refused(bytes[..<mark] + [0x9F, 0x9D] + bytes[mark...]), "no UTF-8")
        #expect(refused(bytes[..<mark] + [0] + bytes[mark...]))
        #expect(refused([0xEF, 0xBB, 0xBF] + bytes), "a byte order mark")
        for inside in ["\n", "\t", "\\q", "\\u12", "\"", "\\uD83Da", "\\uDE00", "\\uD83D\\u0041"] {
            #expect(refused(bytes[..<mark] + Array(inside.utf8) + bytes[mark...]), "\(inside)")
        }
        for inside in ["\\n", "\\u00e4", "\\\"", "\u{7F}", "ä", "\\/", "\\uD83D\\ude00"] {
            #expect(!refused(bytes[..<mark] + Array(inside.utf8) + bytes[mark...]), "\(inside)")
        }
        for other in [
            "01", "1.", ".5", "+1", "1e", "tru", "[1,]", "{\"a\":1,}", "{a:1}", "'a'", "1 2", "", "[", "NaN",
        ] {
            #expect(refused(Array(text.replacing("\"?\"", with: other).utf8)), "\(other)")
        }
        for other in ["0", "-0.5e+7", "1E9", "null", "[]", "{}", "[ {\"a\" : [true , false]} , {} ]", "\"\""]
        {
            #expect(!refused(Array(text.replacing("\"?\"", with: other).utf8)), "\(other)")
        }
        #expect(refused(text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }), "UTF-16")
    }

    /// Some readers take the first of two values and some the last.
    @Test(arguments: [
        #""note":1,"note":2"#, #""a":{"b":1,"c":[{}],"\u0062":2}"#, #""a":[{"digest":1,"Digest":2}]"#,
        #""a":{"mediaType":1,"mediaſype":2,"media\u0054ype":3}"#, #""Config":{}"#, #""ſchemaVersion":2"#,
    ])
    func aNameThatIsThereTwiceIsRefused(more: String) {
        #expect {
            _ = try read(#"{"schemaVersion":2,"config":\#(descriptor(zeros)),\#(more)}"#, as: .imageManifest)
        } throws: { ($0 as? OCIError)?.detail.contains(" twice in one object") == true }
    }

    @Test func aNameOfAnotherObjectIsAnotherName() throws {
        let more = #""a":{"a":{"a":1}},"b":[{"a":1},{"a":2}],"annotations":{"key":"1","Key":"2"}"#
        _ = try read(#"{"schemaVersion":2,"config":\#(descriptor(zeros)),\#(more)}"#, as: .imageManifest)
    }

    @Test func anUnknownTypeIsTakenAsItIs() throws {
        let type = MediaType("application/vnd.example.thing.v1")
        #expect(try read("not json at all", as: type).kind == .unknown)
        let odd = try read(#"{"config":"a string","layers":7,"subject":\#(descriptor(zeros))}"#, as: type)
        #expect(odd.subject?.digest == (try Digest(zeros)))
        #expect(odd.requiredBlobs.isEmpty)
    }

    @Test(arguments: [
        ("", nil), ("[]", nil), ("null", nil), ("{", nil), (#"{"schemaVersion":2}"#, nil),
        (#"{"schemaVersion":1,"fsLayers":[]}"#, nil), ("{}", MediaType.dockerSchema1Signed),
        (#"{"mediaType":"\#(MediaType.imageIndex)"}"#, MediaType.imageManifest),
        (#"{"config":\#(descriptor("sha256:short"))}"#, nil), (#"{"config":{"digest":"\#(zeros)"}}"#, nil),
        (#"{"config":{"mediaType":"a/b","digest":"\#(zeros)","size":-1}}"#, nil),
        (#"{"config":{"mediaType":"a/b","digest":"\#(zeros)","size":"3"}}"#, nil),
        (#"{"config":\#(descriptor(zeros)),"annotations":{"a":1}}"#, MediaType.imageManifest),
        (#"{"config":\#(descriptor(zeros)),"manifests":[\#(descriptor(ones))]}"#, MediaType.imageManifest),
        (#"{"manifests":[],"layers":[\#(descriptor(ones))]}"#, MediaType.imageIndex),
        (#"{"manifests":[],"config":\#(descriptor(ones))}"#, MediaType.imageIndex),
        ("{}", MediaType("no type")), ("{}", MediaType("a/b\r\nSet-Cookie: c")),
        (String(repeating: "[", count: 100_000), MediaType.imageIndex),
    ])
    func aManifestThatIsWrongIsRefusedWithASentence(text: String, type: MediaType?) {
        #expect {
            _ = try read(text, as: type)
        } throws: { error in
            guard let error = error as? OCIError else { return false }
            return error.code == .manifestInvalid && !error.detail.isEmpty
        }
    }

    @Test func aSentenceSaysWhereTheManifestIsWrong() {
        #expect {
            _ = try read(#"{"config":\#(descriptor(zeros)),"layers":[{"size":1}]}"#, as: .imageManifest)
        } throws: { ($0 as? OCIError)?.detail == "layers.0 lacks mediaType" }
    }

    @Test func theLargestManifestIsTakenAndOneByteMoreIsNot() throws {
        let type = MediaType("application/x")
        let most = Array(repeating: UInt8(ascii: " "), count: Manifest.sizeMax)
        #expect(try Manifest(most, contentType: type).bytes.count == Manifest.sizeMax)
        #expect(throws: OCIError.self) { try Manifest(most + [0], contentType: type) }
    }
}
