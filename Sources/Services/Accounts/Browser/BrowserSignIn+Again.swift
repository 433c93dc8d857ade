import Access
import FoundationEssentials
import Logging
package import ServerKit
import Synchronization

/// Providers are asked again about those for whom they have vouched.
extension BrowserSignIn {
    /// How many are asked about at once.
    private static let questionsMax = 4

    /// Asks about everybody who is due. To be called again and again.
    package func askAgain() async throws(StoreError) {
        let due = try await people.due(at: now())
        BrowserMetrics.people(people.count)
        guard !due.isEmpty else { return }
        // One that is away is not asked about everybody: the first who cannot be asked about is enough.
        var away: Set<String> = []
        await withTaskGroup(of: String?.self) { group in
            for (place, person) in due.enumerated() {
                if place >= Self.questionsMax, let found = await group.next() ?? nil { away.insert(found) }
                if away.contains(person.provider) || Task.isCancelled { continue }
                group.addTask {
                    // A question that was asked is seen to its end, also when the server stops: a provider may take
                    // each refresh token once, and the next one would be lost.
                    await Task { await self.askAgain(about: person) ? person.provider : nil }.value
                }
            }
        }
    }

    /// Whether the provider cannot be asked.
    private func askAgain(about person: Person) async -> Bool {
        guard let voucher = voucher(person.provider) else { return false }
        let outcome: Result<Void, StoreError>
        var isAway = false
        do throws(ProviderError) {
            let identity = try await voucher.provider.identity(again: person)
            noteTrouble(person.provider, nil)
            outcome = await take(identity, person)
        } catch {
            if case .unavailable = error { isAway = true }
            outcome = await take(error, person)
        }
        if case .failure(let error) = outcome { log.cannotAsk(error) }
        return isAway
    }

    private func take(_ identity: Identity, _ person: Person) async -> Result<Void, StoreError> {
        var after = person
        after.grant = identity.grant
        if identity.subject != person.subject || identity.account != person.account {
            log.note(
                "a person has another name at the provider and has to sign in anew", level: .notice,
                provider: person.provider, "it is \(identity.account) now", account: person.account.text)
            after.needsBrowser = true
            BrowserMetrics.count(person.provider, .mustSignIn)
        } else {
            after.labels = identity.labels
            after.confirmedAt = now()
            BrowserMetrics.count(person.provider, .confirmed)
        }
        return await replace(person, after)
    }

    private func take(_ error: ProviderError, _ person: Person) async -> Result<Void, StoreError> {
        let (provider, account) = (person.provider, person.account.text)
        switch error {
        case .unavailable(let reason), .untrue(let reason):
            noteTrouble(provider, reason)
            BrowserMetrics.count(provider, .unavailable)
            return .success(())
        case .needsBrowser(let reason):
            log.note(
                "a person has to sign in anew", level: .notice, provider: provider, reason, account: account)
            BrowserMetrics.count(provider, .mustSignIn)
            var after = person
            after.needsBrowser = true
            return await replace(person, after)
        case .refused(let reason):
            log.note(
                "a person has left and loses every token", level: .warning, provider: provider, reason,
                account: account)
            BrowserMetrics.count(provider, .left)
            do throws(StoreError) {
                return .success(try await forget(person))
            } catch {
                return .failure(error)
            }
        }
    }

    private func replace(_ before: Person, _ after: Person) async -> Result<Void, StoreError> {
        do throws(StoreError) {
            return .success(try await people.replace(before, with: after))
        } catch {
            return .failure(error)
        }
    }

    /// Says in the log, once, that a provider is away and what that means, and that it is back.
    func noteTrouble(_ provider: String, _ reason: String?) {
        let before = troubles.withLock { troubles in
            defer { troubles[provider] = reason }
            return troubles[provider]
        }
        guard (before == nil) != (reason == nil) else { return }
        if let reason {
            let hours = (voucher(provider)?.grace ?? 0) / 3600
            log.note(
                "a provider cannot be asked; its last word counts for a while", level: .warning,
                provider: provider, "\(reason) (grace: \(Int(hours * 60)) minutes)")
        } else {
            log.note("a provider can be asked again", level: .notice, provider: provider, "")
        }
    }

    /// What has kept a provider from being asked when it last was, in words for the operator.
    package func trouble(of provider: String) -> String? { troubles.withLock { $0[provider] } }

    /// Looks whether the providers can be asked.
    package func look() async {
        for voucher in vouchers { noteTrouble(voucher.provider.name, await voucher.provider.trouble()) }
    }
}
