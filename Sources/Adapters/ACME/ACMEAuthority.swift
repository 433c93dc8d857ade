package import Certificates
import Crypto
package import Foundation
import SwiftASN1
package import TLSKit
import X509

/// Gets certificates by ACME (RFC 8555), as Let's Encrypt and others issue them.
///
/// What must not be lost is kept before it is used: the account's key before the account, an order and the key of its
/// certificate before the order is gone on with.
package struct ACMEAuthority: CertificateAuthority {
    let settings: ACMESettings
    let channel: ACMEChannel
    let cabinet: any SecretCabinet
    let board: ChallengeBoard
    let now: @Sendable () -> Date

    package init(
        settings: ACMESettings, cabinet: any SecretCabinet, board: ChallengeBoard, send: @escaping ACMESend,
        now: @escaping @Sendable () -> Date
    ) {
        self.settings = settings
        self.channel = ACMEChannel(directoryURL: settings.directory, send: send, now: now)
        self.cabinet = cabinet
        self.board = board
        self.now = now
    }

    package func certificate(for name: HostName) async throws(AuthorityError) -> CertifiedKey {
        let account = try await account()
        var last = AuthorityError(.failed, "no way to show that a name is ours is set up")
        // An order that failed is over; each way is tried with one of its own.
        for way in settings.challenges {
            do throws(AuthorityError) {
                return try await certificate(for: name, by: way, account)
            } catch {
                guard error.kind == .refused else { throw error }
                last = error
            }
        }
        throw last
    }

    private func certificate(for name: HostName, by way: ACMESettings.Challenge, _ account: Account)
        async throws(AuthorityError) -> CertifiedKey
    {
        let draft = try await draft(for: name, account)
        var order = draft.order
        if order.status == .pending {
            for place in order.authorizations { try await prove(place, name, by: way, account) }
            order = try await settled(draft, account) { $0 != .pending }
        }
        if order.status == .ready {
            let request = Finalization(csr: try Self.request(for: name, draft.key))
            _ = try await channel.post(order.finalize, request, key: account.key, account: account.url)
            order = try await settled(draft, account) { $0 != .ready && $0 != .processing }
        } else if order.status == .processing {
            order = try await settled(draft, account) { $0 != .processing }
        }
        guard order.status == .valid, let place = order.certificate else {
            try await forget(name)
            throw Self.failure(order.error, "the authority has given up the order")
        }
        let chain = try await channel.post(place, nil, key: account.key, account: account.url).body
        let pair = try Self.pair(String(decoding: chain, as: UTF8.self), draft.key, name, now())
        try await forget(name)
        return pair
    }

    /// The order as it is once the authority has done its part.
    private func settled(
        _ draft: Draft, _ account: Account, until isSettled: (Order.Status) -> Bool
    ) async throws(AuthorityError) -> Order {
        try await poll { () async throws(AuthorityError) -> (Order?, Date?) in
            let answer = try await channel.post(draft.url, nil, key: account.key, account: account.url)
            let order = try answer.decode(Order.self)
            return (isSettled(order.status) ? order : nil, answer.patience(now: now()))
        }
    }

    /// Asks again and again until there is something, as patiently as the authority wants.
    func poll<Value>(
        _ ask: () async throws(AuthorityError) -> (Value?, Date?)
    ) async throws(AuthorityError) -> Value {
        let end = ContinuousClock.now + settings.pollTime
        while true {
            let (value, next) = try await ask()
            if let value { return value }
            let asked = next.map { Duration.seconds(max(0, $0.timeIntervalSince(now()))) }
            let pause = max(min(asked ?? .zero, .seconds(30)), settings.pollInterval)
            guard ContinuousClock.now + pause < end else {
                throw AuthorityError(.unavailable, "the authority does not come to an end")
            }
            do {
                try await ContinuousClock().sleep(for: pause)
            } catch {
                throw AuthorityError(.unavailable, "given up: the server stops")
            }
        }
    }

    /// A request for a certificate (RFC 2986), signed with the certificate's own key.
    private static func request(for name: HostName, _ key: Certificate.PrivateKey)
        throws(AuthorityError) -> String
    {
        do {
            let extensions = try Certificate.Extensions { SubjectAlternativeNames([.dnsName(name.text)]) }
            let request = try CertificateSigningRequest(
                version: .v1, subject: DistinguishedName(), privateKey: key,
                attributes: .init([.init(ExtensionRequest(extensions: extensions))]))
            var serializer = DER.Serializer()
            try serializer.serialize(request)
            return Data(serializer.serializedBytes).base64URL
        } catch {
            throw AuthorityError(.failed, "the request cannot be written: \(error)")
        }
    }

    /// What came is believed only when it is what was asked for.
    private static func pair(_ chain: String, _ key: Certificate.PrivateKey, _ name: HostName, _ now: Date)
        throws(AuthorityError) -> CertifiedKey
    {
        do {
            let pair = try CertifiedKey(chain: chain, key: key.serializeAsPEM().pemString)
            guard pair.ends > now, pair.names.contains(where: { $0.matches(name) }) else {
                throw AuthorityError(.failed, "the authority's certificate is for something else")
            }
            return pair
        } catch let error as AuthorityError {
            throw error
        } catch {
            throw AuthorityError(.failed, "the authority's certificate cannot be used: \(error)")
        }
    }

    static func failure(_ problem: Problem?, _ otherwise: String) -> AuthorityError {
        AuthorityError(
            problem.map { ACMEChannel.kind($0) } ?? .refused,
            problem.flatMap { problem in problem.detail.map { "\(problem.name): \($0)" } } ?? otherwise)
    }
}
