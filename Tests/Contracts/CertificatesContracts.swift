package import Certificates
import Foundation
package import TLSKit
import Testing
import X509

/// What every `SecretCabinet` promises. To be called with an empty one.
package func checkSecretCabinetContract(_ cabinet: some SecretCabinet) async throws {
    let name = CabinetName("a.example.pem")
    #expect(try await cabinet.load(name) == nil, "an empty cabinet has nothing")
    try await cabinet.remove(name)

    try await cabinet.save("first", as: name)
    try await cabinet.save("other", as: CabinetName("b.example.pem"))
    #expect(try await cabinet.load(name) == "first", "what was kept is found")
    let long = String(repeating: "second ", count: 40_000)
    try await cabinet.save(long, as: name)
    #expect(try await cabinet.load(name) == long, "keeping again replaces")
    try await cabinet.save("", as: name)
    #expect(try await cabinet.load(name) == "", "nothing is something, too")

    try await withThrowingTaskGroup(of: Void.self) { tasks in
        for number in 0..<20 {
            tasks.addTask {
                try await cabinet.save(String(repeating: "\(number % 10)", count: 5000), as: name)
            }
        }
        try await tasks.waitForAll()
    }
    let last = try #require(try await cabinet.load(name))
    #expect(last.utf8.count == 5000 && Set(last).count == 1, "of many writers, one has won, whole")

    try await cabinet.remove(name)
    #expect(try await cabinet.load(name) == nil, "what was removed is gone")
    #expect(try await cabinet.load(CabinetName("b.example.pem")) == "other", "and nothing else is")
}

/// What every `CertificateAuthority` promises. To be called with one that believes that `name` is ours, and that
/// `foreign` is not.
package func checkCertificateAuthorityContract(
    _ authority: some CertificateAuthority, name: HostName, foreign: HostName
) async throws {
    let first = try await authority.certificate(for: name)
    let second = try await authority.certificate(for: name)
    for pair in [first, second] {
        #expect(pair.names.contains { $0.matches(name) }, "it is for the name")
        #expect(pair.begins <= Date() && pair.ends > Date(), "it is in time")
        #expect(!pair.isSelfSigned, "somebody else has signed it")
        let (chain, key) = try pair.pem()
        let again = try CertifiedKey(chain: chain, key: key)
        #expect(again.leaf == pair.leaf, "certificate and key belong together")
        if let window = try await authority.renewalTime(of: pair) {
            #expect(window.lowerBound < pair.ends, "it is renewed before its end")
        }
    }
    #expect(first.key.publicKey != second.key.publicKey, "each certificate has a key of its own")

    let error = await #expect(throws: AuthorityError.self) {
        _ = try await authority.certificate(for: foreign)
    }
    #expect(
        error?.kind == .refused, "for a name that is not ours there is none: \(String(describing: error))")
    let third = try await authority.certificate(for: name)
    #expect(third.names.contains { $0.matches(name) }, "a refusal does not spoil what comes after")
}
