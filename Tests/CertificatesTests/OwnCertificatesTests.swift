import Certificates
import Contracts
import Foundation
import NIOSSL
import ServerKit
import TLSKit
import Testing

/// Certificates that the server gets itself, with an authority that can fail.
@Suite(.timeLimit(.minutes(1))) struct OwnCertificatesTests {
    private let shelf = CertificateShelf(profile: .standard)
    private let cabinet = InMemoryCabinet()
    private let name = HostName("a.example")!

    private func own(_ authority: InMemoryAuthority, _ names: [HostName]? = nil) -> OwnCertificates {
        OwnCertificates(
            names: names ?? [name], authority: authority, cabinet: cabinet,
            keeper: CertificateKeeper(
                shelf: shelf, threads: BlockingThreads(count: 1, queueMax: 8), warnAhead: 0, now: Date.init),
            now: Date.init)
    }

    private func shown() throws -> NIOSSLContext {
        try #require(shelf.context(for: ClientHello(serverName: "a.example")))
    }

    /// Runs it until the authority was asked so often.
    private func run(_ own: OwnCertificates, _ authority: InMemoryAuthority, asked count: Int) async {
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await own.run() }
            var rest = count
            for await _ in authority.asked {
                rest -= 1
                if rest == 0 { break }
            }
            tasks.cancelAll()
        }
    }

    @Test func theDoubleKeepsTheContract() async throws {
        try await checkCertificateAuthorityContract(
            InMemoryAuthority(), name: name, foreign: try #require(HostName("example.org")))
    }

    @Test func aStandInIsShownUntilThereIsACertificate() async throws {
        let authority = try InMemoryAuthority()
        let own = own(authority)
        try await own.open()
        let standIn = try shown()
        await run(own, authority, asked: 1)
        #expect(try shown() !== standIn)
        #expect(cabinet.names == ["a.example.pem"])

        // The next start finds it, and asks nobody.
        let later = self.own(authority)
        try await later.open()
        let kept = try #require(try await cabinet.load(CabinetName("a.example.pem")))
        #expect(try CertifiedKey(chain: kept, key: kept).ends > Date())
    }

    @Test func aShortCertificateIsRenewedAgainAndAgainWhileItIsShown() async throws {
        let authority = try InMemoryAuthority(life: 1)
        let own = own(authority)
        try await own.open()
        // Each lives for a second, and is renewed at two thirds of it.
        await run(own, authority, asked: 3)
    }

    @Test func aFailureLeavesWhatIsShownAndTheOthersAlone() async throws {
        let authority = try InMemoryAuthority()
        let other = try #require(HostName("b.example.org"))
        let own = own(authority, [other, name])
        try await own.open()
        let standIn = try shown()
        await run(own, authority, asked: 2)
        #expect(try shown() !== standIn, "the one name has its certificate")
        #expect(cabinet.names == ["a.example.pem"], "and the other has none, and is asked for later")
    }

    @Test(arguments: ["", "nonsense", "expired", "other"]) func whatWasKeptAndIsNoGoodIsAskedForAgain(
        _ kept: String
    )
        async throws
    {
        let authority = try InMemoryAuthority()
        let test = try TestAuthority()
        let text =
            switch kept {
            case "expired": try { $0.certificate + $0.key }(test.issue(["a.example"], begins: -99, ends: -9))
            case "other": try { $0.certificate + $0.key }(test.issue(["b.example"]))
            default: kept
            }
        try await cabinet.save(text, as: CabinetName("a.example.pem"))
        let own = own(authority)
        try await own.open()
        await run(own, authority, asked: 1)
        let now = try #require(try await cabinet.load(CabinetName("a.example.pem")))
        #expect(try CertifiedKey(chain: now, key: now).names.map(\.description) == ["a.example"])
    }
}
