import Certificates
import Contracts
import Foundation
import ServerKit
import TLSKit
import Testing

@Suite(.timeLimit(.minutes(1))) struct KeeperTests {
    private let folder: TemporaryFolder
    private let authority: TestAuthority
    private let shelf = CertificateShelf(profile: .standard)

    init() throws {
        folder = try TemporaryFolder()
        authority = try TestAuthority()
    }

    private var files: CertificateFiles {
        CertificateFiles(certificate: folder.path + "/tls.pem", key: folder.path + "/tls.key")
    }

    private func keeper(now: @escaping @Sendable () -> Date = Date.init) -> CertificateKeeper {
        CertificateKeeper(
            shelf: shelf, threads: BlockingThreads(count: 1, queueMax: 8), warnAhead: 21 * 86_400, now: now)
    }

    private func shown() -> ObjectIdentifier? {
        shelf.context(for: ClientHello(serverName: "a.example")).map(ObjectIdentifier.init)
    }

    @Test func whatIsNoGoodIsNotOpened() async throws {
        await #expect(throws: CertificateFileError.self) { try await keeper().open([files]) }
        #expect(shown() == nil)
    }

    @Test func changedFilesAreReadAndUnchangedOnesAreNot() async throws {
        try authority.issue(["a.example"]).write(to: folder.path)
        let keeper = keeper()
        try await keeper.open([files])
        let first = shown()
        await keeper.look()
        #expect(shown() == first)
        await keeper.look(all: true)
        let second = shown()
        #expect(second != first, "told to, it reads what has not changed")
        try authority.issue(["a.example"]).write(to: folder.path)
        await keeper.look()
        #expect(shown() != second)
    }

    /// The certificate is written before its key, and somebody looks in between.
    @Test func halfAChangeIsWaitedOut() async throws {
        try authority.issue(["a.example"]).write(to: folder.path)
        let keeper = keeper()
        try await keeper.open([files])
        let first = shown()
        let next = try authority.issue(["a.example"])
        try next.certificate.write(toFile: files.certificate, atomically: true, encoding: .utf8)
        await keeper.look()
        #expect(shown() == first, "what does not belong together is not shown")
        try next.write(to: folder.path)
        await keeper.look()
        #expect(shown() != first)
    }

    @Test func ownCertificatesStandAfterThoseOfFiles() async throws {
        try authority.issue(["a.example"]).write(to: folder.path)
        let keeper = keeper()
        try await keeper.open([files])
        let first = shown()
        let name = try #require(HostName("b.example"))
        try await keeper.put(SelfSigned.standIn(for: [name], now: Date()), order: 0)
        let other = shelf.context(for: ClientHello(serverName: "b.example"))
        #expect(other.map(ObjectIdentifier.init) != shown())
        #expect(shelf.context(for: ClientHello()).map(ObjectIdentifier.init) == shown())
        _ = first
    }
}
