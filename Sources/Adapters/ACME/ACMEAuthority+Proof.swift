import Certificates
import Crypto
import Foundation
import TLSKit

extension ACMEAuthority {
    /// Shows the authority that a name is ours, and waits until it has seen it.
    func prove(
        _ place: String, _ name: HostName, by way: ACMESettings.Challenge, _ account: Account
    ) async throws(AuthorityError) {
        let known = try await channel.post(place, nil, key: account.key, account: account.url)
            .decode(Authorization.self)
        if known.status == "valid" { return }
        guard known.status == "pending" else {
            try await forget(name)
            throw Self.failure(known.problem, "the authority does not want to look any more")
        }
        guard let challenge = known.challenges.first(where: { $0.type == way.rawValue }),
            let token = challenge.token
        else {
            throw AuthorityError(.refused, "the authority does not look by \(way.rawValue)")
        }
        try hang(token, name, way, account)
        defer { take(token, name, way) }
        _ = try await channel.post(challenge.url, Ready(), key: account.key, account: account.url)
        let seen = try await poll { () async throws(AuthorityError) -> (Authorization?, Date?) in
            let answer = try await channel.post(place, nil, key: account.key, account: account.url)
            let now = try answer.decode(Authorization.self)
            return (now.status == "pending" ? nil : now, answer.patience(now: self.now()))
        }
        guard seen.status == "valid" else {
            try await forget(name)
            throw Self.failure(seen.problem, "the authority was not convinced by \(way.rawValue)")
        }
    }

    private func hang(_ token: String, _ name: HostName, _ way: ACMESettings.Challenge, _ account: Account)
        throws(AuthorityError)
    {
        do {
            let answer = try account.key.authorization(for: token)
            switch way {
            case .http: board.hang(answer, for: token)
            case .tls:
                let digest = Array(SHA256.hash(data: Data(answer.utf8)))
                try board.hang(digest: digest, for: name, now: now())
            }
        } catch {
            throw AuthorityError(.failed, "the proof cannot be made: \(error)")
        }
    }

    private func take(_ token: String, _ name: HostName, _ way: ACMESettings.Challenge) {
        switch way {
        case .http: board.take(token)
        case .tls: board.take(name)
        }
    }
}
