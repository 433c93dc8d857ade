import Foundation
import ServerKit
import Testing

@testable import S3Blobs

/// Signatures that AWS has published, for its test suite of version 4 and in the manual of S3.
@Suite struct SignatureTests {
    private static let suite = Signature(
        keys: .init(access: "AKIDEXAMPLE", secret: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")),
        region: "us-east-1", service: "service", at: Date(timeIntervalSince1970: 1_440_938_160))
    private static let manual = Signature(
        keys: .init(
            access: "AKIAIOSFODNN7EXAMPLE", secret: Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")),
        region: "us-east-1", at: Date(timeIntervalSince1970: 1_369_353_600))
    private static let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    @Test(
        arguments: [
            ("GET", [], [], "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("POST", [], [], "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            (
                "GET", [("Param1", "value1"), ("Param2", "value2")], [],
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
            ),
            (
                "GET", [("Param2", "value2"), ("Param1", "value1")], [],
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
            ),
            (
                "GET", [("\u{1234}", "bar")], [],
                "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"
            ),
            (
                "GET", [], [("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")],
                "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"
            ),
        ] as [(String, [(String, String)], [(String, String)], String)])
    func theTestSuiteIsMet(
        _ method: String, _ query: [(String, String)], _ headers: [(String, String)], _ signature: String
    ) {
        let all = headers + [("Host", "example.amazonaws.com"), ("X-Amz-Date", Self.suite.moment)]
        let text = Self.suite.authorization(method, "/", query: query, headers: all, payload: Self.nothing)
        let names = all.map { $0.0.lowercased() }.sorted().joined(separator: ";")
        #expect(
            text == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                + "SignedHeaders=\(names), Signature=\(signature)")
    }

    private func signature(
        _ method: String, _ path: String, query: [(String, String)] = [], headers: [(String, String)] = [],
        payload: String = nothing
    ) -> String? {
        let all =
            headers + [
                ("Host", "examplebucket.s3.amazonaws.com"), ("x-amz-content-sha256", payload),
                ("x-amz-date", "20130524T000000Z"),
            ]
        return Self.manual.authorization(method, path, query: query, headers: all, payload: payload)
            .split(separator: "Signature=").last.map(String.init)
    }

    @Test func theManualIsMet() {
        #expect(
            signature("GET", "/test.txt", headers: [("Range", "bytes=0-9")])
                == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
        #expect(
            signature(
                "PUT", "/" + URLText.encode("test$file.text", keepingSlashes: true),
                headers: [
                    ("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                ], payload: Signature.hash("Welcome to Amazon S3.".utf8))
                == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")
        #expect(
            signature("GET", "/", query: [("lifecycle", "")])
                == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
        #expect(
            signature("GET", "/", query: [("prefix", "J"), ("max-keys", "2")])
                == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
    }

    @Test func theManualsAddressIsMet() {
        let query = Self.manual.presigned(
            "GET", "/test.txt", host: "examplebucket.s3.amazonaws.com", seconds: 86400)
        #expect(
            query.hasSuffix(
                "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"))
    }

    @Test func secretsDoNotPrint() throws {
        var settings = S3Settings(
            endpoint: try #require(S3Endpoint("http://127.0.0.1")), bucket: "abc",
            keys: .init(access: "KEY", secret: Secret("hidden"), token: Secret("concealed")))
        settings.prefix = "a"
        #expect(!"\(settings)".contains("hidden") && !"\(settings)".contains("concealed"))
        #expect(settings.words == "bucket abc at 127.0.0.1, below a/")
    }

    @Test(arguments: [
        ("https://s3.amazonaws.com", "s3.amazonaws.com"), ("https://S3.example:443/", "s3.example"),
        ("http://minio:9000", "minio:9000"), ("http://[::1]:9000", "[::1]:9000"), ("http://[::1]", "[::1]"),
        ("https://s3.example/path", nil), ("ftp://s3.example", nil), ("s3.example", nil), ("https://", nil),
        ("https://a b", nil), ("https://user@s3.example", nil), ("https://s3.example:0", nil),
        ("https://s3.example?x", nil), ("https://s3..example", nil),
    ])
    func anEndpointIsAHost(_ text: String, _ authority: String?) {
        #expect(S3Endpoint(text)?.authority == authority)
    }
}
