package import Certificates
package import Foundation
import Synchronization
package import TLSKit

/// A cabinet in memory, for tests.
package final class InMemoryCabinet: SecretCabinet {
    private let texts = Mutex<[CabinetName: String]>([:])

    package init() {}

    package func load(_ name: CabinetName) async throws(CabinetError) -> String? {
        texts.withLock { $0[name] }
    }

    package func save(_ text: String, as name: CabinetName) async throws(CabinetError) {
        texts.withLock { $0[name] = text }
    }

    package func remove(_ name: CabinetName) async throws(CabinetError) { texts.withLock { $0[name] = nil } }

    package var names: [String] { texts.withLock { $0.keys.map(\.text).sorted() } }
}

/// An authority in memory, for tests: it believes in names below `example`, and can be told to fail.
package final class InMemoryAuthority: CertificateAuthority {
    private let authority: TestAuthority
    private let life: TimeInterval
    private let failure = Mutex<AuthorityError?>(nil)
    /// The names that certificates were asked for, as they are.
    package let asked: AsyncStream<HostName>
    private let ask: AsyncStream<HostName>.Continuation

    /// - Parameter life: how long certificates are good for, in seconds.
    package init(life: TimeInterval = 90 * 86_400) throws {
        authority = try TestAuthority()
        self.life = life
        (asked, ask) = AsyncStream.makeStream()
    }

    package func fail(with error: AuthorityError?) { failure.withLock { $0 = error } }

    package func certificate(for name: HostName) async throws(AuthorityError) -> CertifiedKey {
        defer { ask.yield(name) }
        if let error = failure.withLock({ $0 }) { throw error }
        guard name.text.hasSuffix(".example") else { throw AuthorityError(.refused, "\(name) is not yours") }
        do {
            let issued = try authority.issue([name.text], begins: -1, ends: life)
            return try CertifiedKey(chain: issued.certificate, key: issued.key)
        } catch {
            throw AuthorityError(.failed, "\(error)")
        }
    }

    package func renewalTime(of pair: CertifiedKey) async throws(AuthorityError) -> ClosedRange<Date>? { nil }
}
