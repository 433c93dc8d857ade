import TLSKit
import Testing

@Suite struct NameTests {
    @Test(arguments: [
        ("registry.example.com", "registry.example.com"), ("Example.COM", "example.com"),
        ("example.com.", "example.com"), ("localhost", "localhost"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("a_b.example", "a_b.example"),
    ])
    func whatIsAHostIsTaken(_ text: String, _ name: String) { #expect(HostName(text)?.text == name) }

    @Test(arguments: [
        "", ".", "a..b", "-a.example", "a-.example", "127.0.0.1", "::1", "a b", "bücher.example", "a/b",
        "a:80",
        "*.example.com", String(repeating: "a", count: 64), String(repeating: "a.", count: 127) + "ab",
    ])
    func whatIsNoHostIsNot(_ text: String) { #expect(HostName(text) == nil) }

    @Test func aWildcardIsForOneLabelBelow() throws {
        let name = try #require(CertificateName("*.example.com"))
        #expect(name.matches(try #require(HostName("a.example.com"))))
        #expect(!name.matches(try #require(HostName("example.com"))))
        #expect(!name.matches(try #require(HostName("a.b.example.com"))))
        #expect(!name.matches(try #require(HostName("a.example.org"))))
        #expect(CertificateName("*.*.example.com") == nil)
    }
}
