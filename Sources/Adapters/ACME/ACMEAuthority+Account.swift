import Certificates
import Foundation
import NIOHTTP1
import ServerKit

/// Who we are to the authority.
struct Account: Sendable {
    let key: AccountKey
    let url: String
}

extension ACMEAuthority {
    /// The account, which is made at the first time. The authority finds it again by its key, so only that is
    /// kept.
    func account() async throws(AuthorityError) -> Account {
        let key = try await accountKey()
        let place = try await channel.pages().newAccount
        let request = NewAccount(
            contact: settings.email.map { ["mailto:\($0)"] } ?? [],
            externalAccountBinding: try binding(key, url: place))
        let answer = try await channel.post(place, request, key: key, account: nil)
        guard let url = answer.headers.first(name: "Location") else {
            throw AuthorityError(.unavailable, "the authority does not say where the account is")
        }
        return Account(key: key, url: url)
    }

    /// One key for each authority.
    private func accountKey() async throws(AuthorityError) -> AccountKey {
        let name = CabinetName("account-\(settings.directory.drop { $0 != "/" }.drop { $0 == "/" }).key")
        do {
            if let pem = try await cabinet.load(name) { return try AccountKey(pem: pem) }
            let key = AccountKey()
            try await cabinet.save(key.pem, as: name)
            return key
        } catch {
            throw AuthorityError(.account, "the account's key `\(name)` cannot be kept or read: \(error)")
        }
    }

    private func binding(_ key: AccountKey, url: String) throws(AuthorityError) -> SignedMessage? {
        guard let customer = settings.customer else { return nil }
        guard let secret = Data(base64URL: customer.secret.revealed), !secret.isEmpty else {
            throw AuthorityError(.account, "the customer's secret is not base64url")
        }
        do {
            return try key.binding(to: customer.number, secret: secret, url: url)
        } catch {
            throw AuthorityError(.failed, "the account's binding cannot be written: \(error)")
        }
    }
}
