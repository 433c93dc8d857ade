package import Access
import FoundationEssentials
import Metrics
import ServerKit

/// What somebody who is believed says of a caller whose password nobody here has seen: a proxy in a header, an
/// authority in a certificate.
package struct Vouched: Sendable, Hashable {
    package enum Way: String, Sendable, Hashable, CaseIterable {
        case header, certificate
    }

    package let way: Way
    /// As it was said; nil when what is said names nobody.
    let name: String?
    let groups: [String]
    /// Why nobody is named, for the caller.
    let problem: String

    package init(_ way: Way, name: String, groups: [String] = []) {
        self.way = way
        self.name = name
        self.groups = groups
        problem = ""
    }

    package init(_ way: Way, problem: String) {
        self.way = way
        self.problem = problem
        name = nil
        groups = []
    }
}

/// What somebody who vouches for callers may say.
package struct VouchingTerms: Sendable, Hashable {
    /// What stands before the name of each of the callers.
    package var accountPrefix = ""
    /// What all of them have.
    package var labels: Labels = [:]
    /// The label that holds the groups that are said; without it they count for nothing.
    package var groupsLabel: String?
    /// Whether the name may be that of an own account, which the caller is then.
    package var takesOwnAccounts = false

    package init() {}
}

/// Makes callers of what proxies and certificates say.
///
/// Whoever is named is known in memory, as those are whom a source has signed in, and apart from them: what one
/// says of somebody changes nothing for whom another one calls the same.
final class Vouchers: Sendable {
    private let terms: [Vouched.Way: VouchingTerms]
    private let known: [Vouched.Way: Guests]
    private let standing: Standing
    private let log: SignInLog
    private let now: WallClock

    static let nameLengthMax = 200

    /// - Parameters:
    ///   - lifetime: for how many seconds after a request somebody is known.
    ///   - predecessor: those whom it knows are known here, where the terms are the same.
    init(
        _ terms: [Vouched.Way: VouchingTerms], lifetime: TimeInterval, standing: Standing, log: SignInLog,
        succeeding predecessor: Vouchers? = nil, now: @escaping WallClock
    ) {
        self.terms = terms
        var known: [Vouched.Way: Guests] = [:]
        for (way, terms) in terms {
            let isSame = predecessor?.terms[way] == terms
            known[way] = Guests(
                sources: [], lifetime: lifetime, isOpen: true,
                succeeding: isSame ? predecessor?.known[way] : nil)
        }
        self.known = known
        self.standing = standing
        self.log = log
        self.now = now
    }

    /// Whoever is named. Throws `.refused` with words for the caller when nobody is.
    func signIn(_ vouched: Vouched) async throws(SignInError) -> SignedIn {
        guard let terms = terms[vouched.way], let known = known[vouched.way] else { throw .wrongCredentials }
        do throws(SignInError) {
            let name = try Self.account(vouched, terms)
            let own = try await ownRecord(of: name)
            if let own {
                guard terms.takesOwnAccounts else {
                    throw .refused("\(name) is an own account, which \(vouched.way.words) gives nobody")
                }
                guard own.isStanding(at: now()) else {
                    throw .refused("the account \(name) is disabled, or its time is over")
                }
                VouchingMetrics.count(vouched.way, isTaken: true)
                return SignedIn(account: own.account, credential: .vouched(vouched.way))
            }
            var labels = terms.labels
            if let label = terms.groupsLabel, !vouched.groups.isEmpty {
                labels[label, default: []] += vouched.groups.map { LabelValue($0, isLiteral: true) }
            }
            let account = Account(name: name, passwordHash: nil, labels: labels, createdAt: now())
            known.remember(account, at: now())
            VouchingMetrics.count(vouched.way, isTaken: true)
            return SignedIn(account: account, credential: .vouched(vouched.way))
        } catch {
            if case .refused(let reason) = error { refused(vouched, reason) }
            throw error
        }
    }

    /// The same for somebody who shows a name and a password beside: whoever stands in front has asked for them
    /// already when it is the name that it says. Nil when it is not, when the password is a token, which may be
    /// good for less, and when an own account has the name, which has a password of its own.
    func signIn(
        _ vouched: Vouched?, as credentials: BasicCredentials
    ) async throws(SignInError) -> SignedIn? {
        guard let vouched, let said = vouched.name, said.utf8.elementsEqual(credentials.name.utf8),
            let terms = terms[vouched.way], TokenText(credentials.password.revealed) == nil,
            let name = try? Self.account(vouched, terms)
        else { return nil }
        guard try await ownRecord(of: name) == nil || terms.takesOwnAccounts else { return nil }
        return try await signIn(vouched)
    }

    /// The account of somebody who was named before; nil when there is none any more.
    func record(
        of name: AccountName, by way: Vouched.Way, own: Standing.Record?, at moment: Date
    ) -> Standing.Record? {
        guard let terms = terms[way] else { return nil }
        if let own { return terms.takesOwnAccounts ? own : nil }
        return known[way]?.record(of: name, at: moment)
    }

    private func ownRecord(of name: AccountName) async throws(SignInError) -> Standing.Record? {
        guard !standing.isAway else { throw .unavailable }
        do throws(StoreError) {
            return try await standing.record(of: name)
        } catch {
            log.cannotAsk(error)
            throw .unavailable
        }
    }

    private func refused(_ vouched: Vouched, _ reason: String) {
        VouchingMetrics.count(vouched.way, isTaken: false)
        log.notTaken(vouched, reason: reason)
    }

    /// Letters, digits and a few signs: a slash would get somebody into the space of somebody else, and a comma
    /// is what is left of two headers.
    private static func account(
        _ vouched: Vouched, _ terms: VouchingTerms
    ) throws(SignInError) -> AccountName {
        guard let name = vouched.name else { throw .refused(vouched.problem) }
        let isPlain = name.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || "._@+-".utf8.contains(byte)
        }
        guard isPlain, !name.isEmpty, name.utf8.count <= nameLengthMax,
            let account = try? AccountName(terms.accountPrefix + name)
        else {
            throw .refused(
                "the name that \(vouched.way.words) gives is no account's: that is 1 to \(nameLengthMax) of "
                    + "`a-z A-Z 0-9 . _ @ + -`")
        }
        return account
    }
}

extension Vouched.Way {
    fileprivate var words: String {
        switch self {
        case .header: "a proxy"
        case .certificate: "a certificate"
        }
    }
}

/// How often callers were named, and taken.
package enum VouchingMetrics {
    private static let counters: [Vouched.Way: (taken: Counter, refused: Counter)] = {
        var counters: [Vouched.Way: (taken: Counter, refused: Counter)] = [:]
        for way in Vouched.Way.allCases {
            func counter(_ outcome: String) -> Counter {
                Counter(
                    label: "homeport_vouched_requests_total",
                    dimensions: [("way", way.rawValue), ("outcome", outcome)])
            }
            counters[way] = (counter("taken"), counter("refused"))
        }
        return counters
    }()

    static func count(_ way: Vouched.Way, isTaken: Bool) {
        if isTaken {
            counters[way]?.taken.increment()
        } else {
            counters[way]?.refused.increment()
        }
    }
}
