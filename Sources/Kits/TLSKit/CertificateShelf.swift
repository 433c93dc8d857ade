package import NIOSSL
import Synchronization

/// The certificates that are shown now, found by the name a client asks for.
///
/// They are replaced as a whole while connections come in: one that is open keeps what it was shown.
package final class CertificateShelf: Sendable {
    private struct Entry: Sendable {
        let names: [CertificateName]
        let context: NIOSSLContext
    }

    private struct Contents: Sendable {
        var profile: TLSProfile
        var entries: [Entry] = []
        var exact: [String: NIOSSLContext] = [:]
        var challenges: [HostName: NIOSSLContext] = [:]
    }

    private let contents: Mutex<Contents>
    private let choice: TLSChoice
    /// What clients are asked to show of themselves; nil for nothing.
    package let clients: ClientCertificates?

    /// What a client and the server speak once the connection is safe, the better one first.
    private static let protocols = ["h2", "http/1.1"]
    /// How an authority looks whether a name is ours (RFC 8737).
    package static let challengeProtocol = "acme-tls/1"

    package init(
        profile: TLSProfile, choice: TLSChoice = TLSChoice(), clients: ClientCertificates? = nil
    ) {
        self.contents = Mutex(Contents(profile: profile))
        self.choice = choice
        self.clients = clients
    }

    /// Shows these from now on. The first is shown to clients that ask for no name, or for an unknown one,
    /// which they notice. Two for the same name: the earlier one is shown.
    ///
    /// - Parameter profile: how they are shown from now on; nil for as before.
    package func show(_ pairs: [CertifiedKey], profile new: TLSProfile? = nil) throws {
        let profile = new ?? contents.withLock(\.profile)
        let entries = try pairs.map { pair in
            Entry(
                names: pair.names,
                context: try NIOSSLContext(
                    configuration: profile.configuration(
                        for: pair, protocols: Self.protocols, choice: choice, clients: clients)))
        }
        var exact: [String: NIOSSLContext] = [:]
        for entry in entries {
            for name in entry.names where !name.isWildcard && exact[name.host.text] == nil {
                exact[name.host.text] = entry.context
            }
        }
        contents.withLock {
            $0.profile = profile
            $0.entries = entries
            $0.exact = exact
        }
    }

    /// Shows an authority that asks for it the proof that a name is ours, until it is taken away.
    package func show(challenge pair: CertifiedKey, for name: HostName) throws {
        let context = try NIOSSLContext(
            configuration: TLSProfile.standard.configuration(for: pair, protocols: [Self.challengeProtocol]))
        contents.withLock { $0.challenges[name] = context }
    }

    package func removeChallenge(for name: HostName) {
        contents.withLock { $0.challenges[name] = nil }
    }

    /// What to show to a client; nil when there is nothing to show.
    package func context(for hello: ClientHello) -> NIOSSLContext? {
        contents.withLock { contents in
            let name = hello.serverName.flatMap(HostName.init)
            if hello.protocols == [Self.challengeProtocol] { return name.flatMap { contents.challenges[$0] } }
            guard let name else { return contents.entries.first?.context }
            if let context = contents.exact[name.text] { return context }
            let match = contents.entries.first { $0.names.contains { $0.matches(name) } }
            return (match ?? contents.entries.first)?.context
        }
    }
}
