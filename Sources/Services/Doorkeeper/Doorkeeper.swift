import FoundationEssentials
import ServerKit

/// Who may come in at all, and how often.
package struct Doorkeeper: Sendable {
    package enum Verdict: Sendable {
        case welcome
        case banned(Ban)
        /// Too many requests: come again after so many seconds.
        case tooMany(retryAfter: Int)
    }

    private let bans: BanList
    private let requestsPerMinute: Int?
    private let budget: RequestBudget<AddressRange>?

    /// - Parameters:
    ///   - requestsPerMinute: what one address may ask; nil for as much as it likes.
    ///   - predecessor: what it has let in is remembered here, if as many may come in.
    package init(bans: BanList, requestsPerMinute: Int?, succeeding predecessor: Doorkeeper? = nil) {
        self.bans = bans
        self.requestsPerMinute = requestsPerMinute
        self.budget =
            predecessor?.requestsPerMinute == requestsPerMinute
            ? predecessor?.budget : requestsPerMinute.map { RequestBudget(perMinute: $0) }
    }

    /// The ban of an address that connects. It is asked without waiting, so a ban that somebody else has made a
    /// moment ago may not be known; the first request knows it.
    package func ban(of address: String) -> Ban? { PlainAddress(address).flatMap { bans.ban(of: $0) } }

    /// What becomes of a request. Those without an address are somebody on this machine.
    package func verdict(on text: String?) async -> Verdict {
        await bans.refresh()
        guard let text, let address = PlainAddress(text) else { return .welcome }
        if let ban = bans.ban(of: address) { return .banned(ban) }
        if let budget, !bans.isAllowed(address), let wait = budget.take(.client(address)) {
            return .tooMany(retryAfter: wait)
        }
        return .welcome
    }
}

extension Ban {
    /// For whoever is banned: that it is so, until when, and whom to ask. Not why: that is the operator's.
    package var notice: String {
        let end = until.map { "until \($0.formatted(.iso8601))" } ?? "until the operator ends that"
        return "Nobody is served at this address \(end); whoever runs this server can end it sooner."
    }
}
