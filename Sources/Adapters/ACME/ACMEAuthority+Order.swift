import Certificates
import Crypto
import Foundation
import NIOHTTP1
import SwiftASN1
import TLSKit
import X509

/// An order that was begun, and the key of the certificate that will come of it.
struct Draft: Sendable {
    let url: String
    let key: Certificate.PrivateKey
    let order: Order
}

/// What is kept of an order until its certificate is there.
private struct KeptDraft: Codable {
    let url: String
    let directory: String
    let key: String
}

extension ACMEAuthority {
    /// The order that an earlier attempt has begun, when there still is one; otherwise a new one.
    func draft(for name: HostName, _ account: Account) async throws(AuthorityError) -> Draft {
        if let begun = try await begun(for: name, account) { return begun }
        let answer = try await channel.post(
            channel.pages().newOrder, NewOrder(identifiers: [Identifier(value: name.text)]),
            key: account.key, account: account.url)
        guard let url = answer.headers.first(name: "Location") else {
            throw AuthorityError(.unavailable, "the authority does not say where the order is")
        }
        let draft = Draft(
            url: url, key: Certificate.PrivateKey(P256.Signing.PrivateKey()),
            order: try answer.decode(Order.self))
        do {
            let kept = KeptDraft(
                url: url, directory: settings.directory, key: try draft.key.serializeAsPEM().pemString)
            try await cabinet.save(
                String(decoding: JSON.encode(kept), as: UTF8.self), as: Self.cabinetName(name))
        } catch {
            throw AuthorityError(.failed, "the order cannot be kept: \(error)")
        }
        return draft
    }

    /// Nil when there is none, when it failed, or when the authority has forgotten it.
    private func begun(for name: HostName, _ account: Account) async throws(AuthorityError) -> Draft? {
        guard let kept = await keptDraft(name), let key = try? Certificate.PrivateKey(pemEncoded: kept.key)
        else { return nil }
        do throws(AuthorityError) {
            let answer = try await channel.post(kept.url, nil, key: account.key, account: account.url)
            let order = try answer.decode(Order.self)
            return order.status == .invalid ? nil : Draft(url: kept.url, key: key, order: order)
        } catch {
            switch error.kind {
            case .unavailable, .tooMany: throw error
            case .refused, .account, .failed: return nil
            }
        }
    }

    private func keptDraft(_ name: HostName) async -> KeptDraft? {
        guard let text = try? await cabinet.load(Self.cabinetName(name)),
            let kept = try? JSONDecoder().decode(KeptDraft.self, from: Data(text.utf8)),
            kept.directory == settings.directory
        else { return nil }
        return kept
    }

    /// The order has come to its end, a good one or a bad one.
    func forget(_ name: HostName) async throws(AuthorityError) {
        do throws(CabinetError) {
            try await cabinet.remove(Self.cabinetName(name))
        } catch {
            throw AuthorityError(.failed, error.description)
        }
    }

    private static func cabinetName(_ name: HostName) -> CabinetName { CabinetName("\(name).order") }
}
