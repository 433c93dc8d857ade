import Testing

@testable import Accounts

@Suite struct TokenTextTests {
    @Test(arguments: [(StoredToken.Kind.access, "hp_"), (.refresh, "hpr_"), (.calendar, "hpc_")])
    func aTokenReadsBackAsWhatItIs(kind: StoredToken.Kind, prefix: String) throws {
        let token = TokenText.draw(kind)
        let read = try #require(TokenText(token.revealed))
        #expect(token.revealed.hasPrefix(prefix))
        #expect(read.kind == kind)
        #expect(read.id == token.id)
        #expect(read.secretHash() == token.secretHash())
        #expect(token.revealed.utf8.count <= 64)
    }

    @Test func noTypingMistakeIsTakenForAToken() throws {
        let text = Array(TokenText.draw(.access).revealed.utf8)
        for place in text.indices {
            var wrong = text
            wrong[place] = wrong[place] == UInt8(ascii: "a") ? UInt8(ascii: "b") : UInt8(ascii: "a")
            #expect(TokenText(String(decoding: wrong, as: UTF8.self)) == nil)
        }
        #expect(TokenText(String(decoding: text.dropLast(), as: UTF8.self)) == nil)
        #expect(TokenText(String(decoding: text, as: UTF8.self) + "a") == nil)
        #expect(TokenText(String(decoding: text, as: UTF8.self).uppercased()) == nil)
    }

    @Test(arguments: ["", "hp_", "hp__", "open sesame", String(repeating: "_", count: 59), "hp_\0"])
    func otherTextIsNoToken(text: String) {
        #expect(TokenText(text) == nil)
    }

    @Test func tokensDifferAndPrintWithoutTheirSecret() {
        let tokens = (0..<200).map { _ in TokenText.draw(.access) }
        #expect(Set(tokens.map(\.revealed)).count == 200)
        #expect(Set(tokens.map(\.id)).count == 200)
        #expect(tokens[0].description == "hp_\(tokens[0].id)_***")
    }

    @Test func theHashOfASecretDependsOnWhatItIsBoundTo() {
        let token = TokenText.draw(.refresh)
        #expect(token.secretHash(boundTo: "a") != token.secretHash(boundTo: "b"))
        #expect(token.secretHash().count == 32)
    }

    @Test(
        arguments: [
            ([], ""), ([0x66], "Zg"), ([0x66, 0x6F], "Zm8"), ([0x66, 0x6F, 0x6F], "Zm9v"),
            ([0xFB, 0xFF], "-_8"),
        ] as [([UInt8], String)])
    func base64URLIsThatOfTheStandard(bytes: [UInt8], text: String) {
        #expect(Base64URL.encode(bytes) == text)
        #expect(Base64URL.decode(text[...]) == bytes)
    }

    @Test(arguments: ["Zg==", "Z", "Zh", "Zm9", "Z g", "+/8", "Zg\n"])
    func whatBase64URLDoesNotWriteIsNotRead(text: String) {
        #expect(Base64URL.decode(text[...]) == nil)
    }

    @Test(arguments: [
        ("f", "my"), ("fo", "mzxq"), ("foo", "mzxw6"), ("foob", "mzxw6yq"), ("fooba", "mzxw6ytb"),
    ])
    func base32IsThatOfTheStandard(plain: String, text: String) {
        #expect(Base32.encode(plain.utf8) == text)
    }
}
