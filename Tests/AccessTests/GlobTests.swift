import Access
import Testing

@Suite struct GlobTests {
    @Test(arguments: [
        ("", ""), ("abc", "abc"), ("*", ""), ("*", "abc"), ("*c", "abc"), ("a*", "abc"), ("a*c", "ac"),
        ("a*b*c", "axxbyyc"), ("?", "a"), ("a?c", "abc"), ("?", "ä"), ("?", "😀"), ("**", ""), ("**", "a/b/c"),
        ("a/**", "a/b/c"), ("**/c", "a/b/c"), ("a/**/d", "a/b/c/d"), ("*/c", "a/c"), ("a**b", "a/x/b"),
        ("***", "a/b"), ("[abc]", "b"), ("[a-c]x", "bx"), ("[^a-c]", "d"), ("[!a-c]", "d"), ("[a!]", "!"),
        ("[a-cx-z]", "y"), ("[\\]]", "]"), ("[\\-a]", "-"), ("[ä-ü]", "ö"), ("\\*", "*"), ("a\\?b", "a?b"),
        ("\\\\", "\\"), ("]", "]"), ("${account}", "${account}"), ("*.example.org", "a.b.example.org"),
        ("a*a*a", "aaaa"), ("**a*/b", "x/aay/b"), ("*a**b", "za/a/b"),
    ])
    func matches(pattern: String, text: String) throws {
        #expect(try Glob(pattern).matches(text))
    }

    @Test(arguments: [
        ("", "a"), ("abc", "ab"), ("abc", "abcd"), ("*", "a/b"), ("*", "/"), ("a*c", "a/c"), ("?", "/"),
        ("?", ""),
        ("?", "ab"), ("a/**", "a"), ("a/*", "a/b/c"), ("**/c", "c"), ("[a-c]", "d"), ("[^a]", "/"),
        ("[!a]", "/"),
        ("[./]", "/"), ("[^a-c]", "b"), ("[abc]", "ab"), ("\\*", "a"), ("A", "a"), ("*b", "ba"),
        ("*a/*b", "a/x/b"),
    ])
    func doesNotMatch(pattern: String, text: String) throws {
        #expect(try !Glob(pattern).matches(text))
    }

    @Test(arguments: ["[", "[a", "[]", "[^]", "[a-]", "[-a]", "[z-a]", "[a\\", "a\\", "\\", "[]a]", "[a-\\"])
    func aMalformedGlobIsRefused(pattern: String) {
        #expect(throws: AccessError.self) { try Glob(pattern) }
    }

    @Test func aGlobIsLimitedInLength() {
        #expect(throws: AccessError.self) { try Glob(String(repeating: "a", count: Glob.lengthMax + 1)) }
    }

    @Test func theLiteralPrefixIsWhatEveryMatchBeginsWith() throws {
        #expect(try Glob("prod/*").literalPrefix == "prod/")
        #expect(try Glob("prod\\*/**").literalPrefix == "prod*/")
        #expect(try Glob("*x").literalPrefix == "")
        #expect(try Glob("prod").literalPrefix == "prod")
        #expect(try Glob("prod").isLiteral)
        #expect(try !Glob("prod?").isLiteral)
    }

    /// Random patterns and texts over few characters, so that matches are frequent.
    @Test func itAgreesWithTheDefinition() throws {
        var dice = Dice(seed: 1)
        var matches = 0
        for _ in 0..<6_000 {
            let pattern = dice.text(of: "aab/**??", atMost: 7)
            let text = dice.text(of: "aab/", atMost: 7)
            let expected = naiveMatch(Array(pattern), Array(text))
            matches += expected ? 1 : 0
            #expect(try Glob(pattern).matches(text) == expected, "\(pattern) on \(text)")
        }
        #expect(matches > 300)
    }

    @Test(.timeLimit(.minutes(1)))
    func patternsMadeToBeSlowAreNot() throws {
        let text = String(repeating: "a", count: 400)
        #expect(try !Glob(String(repeating: "a*", count: 400) + "b").matches(text))
        #expect(try !Glob(String(repeating: "**a", count: 400) + "b").matches(text))
        #expect(try !Glob(String(repeating: "*a**", count: 200) + "b").matches(text))
        #expect(try !Glob(String(repeating: "?*", count: 401)).matches(text))
        #expect(try Glob(String(repeating: "?*", count: 400)).matches(text))
    }

    /// The meaning of a glob, one sentence after the other, at any cost.
    private func naiveMatch(_ pattern: [Character], _ text: [Character]) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == "*" {
            let stars = pattern.prefix { $0 == "*" }.count
            let rest = Array(pattern.dropFirst(stars))
            for length in 0...text.count {
                if stars == 1, text.prefix(length).contains("/") { return false }
                if naiveMatch(rest, Array(text.dropFirst(length))) { return true }
            }
            return false
        }
        guard let character = text.first, first == "?" ? character != "/" : first == character else {
            return false
        }
        return naiveMatch(Array(pattern.dropFirst()), Array(text.dropFirst()))
    }
}
