import Contracts
import Foundation
import Harness
import TLSKit
import Testing

@Suite(.timeLimit(.minutes(2))) struct CertificateTests {
    private let folder: TemporaryFolder
    private let authority: TestAuthority

    init() throws {
        folder = try TemporaryFolder()
        authority = try TestAuthority()
    }

    private var files: CertificateFiles {
        CertificateFiles(certificate: folder.path + "/tls.pem", key: folder.path + "/tls.key")
    }

    @Test(arguments: TestAuthority.Kind.allCases)
    func everyKindOfKeyIsRead(_ kind: TestAuthority.Kind) throws {
        try authority.issue(["a.example", "*.b.example"], kind: kind).write(to: folder.path)
        let pair = try files.read(now: Date())
        #expect(pair.names.map(\.description) == ["a.example", "*.b.example"])
        #expect(pair.chain.count == 2)
        let shelf = CertificateShelf(profile: .standard)
        try shelf.show([pair])
        #expect(shelf.context(for: ClientHello(serverName: "a.example")) != nil)
    }

    /// Keys in the form that OpenSSL wrote for a long time.
    @Test(arguments: [
        ["genrsa", "-traditional", "2048"], ["ecparam", "-name", "prime256v1", "-genkey", "-noout"],
    ])
    func oldFormsOfKeysAreRead(_ arguments: [String]) async throws {
        let openssl = try Peer.openssl.path()
        let key = try await Command(openssl, arguments).run().succeeded().output
        try key.write(toFile: files.key, atomically: true, encoding: .utf8)
        try await Command(
            openssl,
            ["req", "-x509", "-key", files.key, "-out", files.certificate, "-subj", "/CN=a", "-days", "3"]
        ).run().succeeded()
        let pair = try files.read(now: Date())
        #expect(pair.isSelfSigned)
        #expect(pair.names.isEmpty)
        #expect(pair.title == "CN=a")
    }

    @Test func whatDoesNotBelongTogetherIsRefused() throws {
        try authority.issue(["a.example"]).write(to: folder.path)
        try authority.issue(["b.example"]).write(to: folder.path, as: "other")
        let mixed = CertificateFiles(certificate: files.certificate, key: folder.path + "/other.key")
        let error = #expect(throws: CertificateFileError.self) { try mixed.read(now: Date()) }
        let text = error?.description ?? ""
        #expect(text.hasPrefix("\(mixed.key) is not the key of the certificate in \(mixed.certificate); "))
        #expect(text.contains("openssl x509 -noout -pubkey"))
    }

    @Test func whatHasExpiredIsRefused() throws {
        try authority.issue(["a.example"], begins: -86_400 * 2, ends: -3600).write(to: folder.path)
        let error = #expect(throws: CertificateFileError.self) { try files.read(now: Date()) }
        #expect(error?.file == files.certificate)
        #expect(error?.description.contains("has expired on 20") == true)
        #expect(try files.read(now: Date(timeIntervalSinceNow: -7200)).ends < Date())
    }

    @Test func whatIsNotThereIsNamed() throws {
        try authority.issue(["a.example"]).write(to: folder.path)
        let gone = CertificateFiles(certificate: files.certificate, key: folder.path + "/gone.key")
        let error = #expect(throws: CertificateFileError.self) { try gone.read(now: Date()) }
        #expect(error?.description.hasPrefix("\(gone.key) cannot be read: No such file") == true)
    }

    @Test(arguments: [
        ("", CertificateProblem.noCertificate), ("hello", .noCertificate),
        ("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", .brokenCertificate),
    ])
    func whatIsNoCertificateIsRefused(_ text: String, _ problem: CertificateProblem) throws {
        try authority.issue(["a.example"]).write(to: folder.path)
        try text.write(toFile: files.certificate, atomically: true, encoding: .utf8)
        let error = #expect(throws: CertificateFileError.self) { try files.read(now: Date()) }
        #expect(error == CertificateFileError(file: files.certificate, problem))
    }

    @Test(arguments: [
        ("", CertificateProblem.noKey),
        ("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n", .brokenKey),
        ("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n", .encryptedKey),
    ])
    func whatIsNoKeyIsRefused(_ text: String, _ problem: CertificateProblem) throws {
        try authority.issue(["a.example"]).write(to: folder.path)
        try text.write(toFile: files.key, atomically: true, encoding: .utf8)
        let error = #expect(throws: CertificateFileError.self) { try files.read(now: Date()) }
        #expect(error == CertificateFileError(file: files.key, problem))
    }

    @Test func aFileThatIsTooLargeIsNotRead() throws {
        try authority.issue(["a.example"]).write(to: folder.path)
        try Data(count: 2 << 20).write(to: URL(filePath: files.certificate))
        let error = #expect(throws: CertificateFileError.self) { try files.read(now: Date()) }
        #expect(error?.problem == .tooLarge(limit: 1 << 20))
    }

    @Test func aChangeIsSeenByTheState() throws {
        let none = files.state()
        try authority.issue(["a.example"]).write(to: folder.path)
        let first = files.state()
        #expect(first != none)
        #expect(files.state() == first)
        try authority.issue(["a.example"]).write(to: folder.path)
        #expect(files.state() != first)
    }

    @Test func theShelfFindsByNameAndKeepsTheFirstForTheRest() throws {
        let shelf = CertificateShelf(profile: .standard)
        #expect(shelf.context(for: ClientHello()) == nil)
        let pairs = try [["a.example"], ["b.example", "*.b.example"]].map { names in
            let issued = try authority.issue(names)
            return try CertifiedKey(chain: issued.certificate, key: issued.key)
        }
        try shelf.show(pairs)
        let first = try #require(shelf.context(for: ClientHello()))
        let second = try #require(shelf.context(for: ClientHello(serverName: "b.example")))
        #expect(first !== second)
        for name in ["a.example", "A.example.", "c.example", "x.y.b.example", "", "127.0.0.1"] {
            #expect(shelf.context(for: ClientHello(serverName: name)) === first, "\(name)")
        }
        #expect(shelf.context(for: ClientHello(serverName: "x.b.example")) === second)
    }

    @Test func aChallengeIsShownToNobodyButTheAuthority() throws {
        let shelf = CertificateShelf(profile: .standard)
        let name = try #require(HostName("a.example"))
        try shelf.show([SelfSigned.standIn(for: [name], now: Date())])
        try shelf.show(
            challenge: SelfSigned.challenge(for: name, digest: Array(repeating: 7, count: 32), now: Date()),
            for: name)
        let asked = ClientHello(serverName: "a.example", protocols: [CertificateShelf.challengeProtocol])
        let shown = try #require(shelf.context(for: asked))
        let usual = ClientHello(serverName: "a.example", protocols: ["h2", "http/1.1"])
        #expect(shelf.context(for: usual) !== shown)
        shelf.removeChallenge(for: name)
        #expect(shelf.context(for: asked) == nil)
    }
}
