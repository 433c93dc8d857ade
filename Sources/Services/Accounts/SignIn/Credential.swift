/// What somebody showed to sign in, as a bearer token remembers it: when it falls, the token falls with it.
package enum Credential: Sendable, Hashable {
    /// Nothing: an anonymous caller.
    case nothing
    /// The password, known by a mark of its stored hash.
    case password(mark: String)
    /// A password that somebody else found right.
    case source
    /// Nothing that was seen here: a proxy or a certificate names the account.
    case vouched(Vouched.Way)
    case accessToken(TokenID)
    /// An access token of somebody for whom a provider vouches.
    case personToken(TokenID)
    case refreshToken(TokenID)

    /// Whether a provider vouches for whoever has shown it.
    var isPersons: Bool {
        if case .personToken = self { true } else { false }
    }

    /// Who has named whoever has shown it.
    var vouchedBy: Vouched.Way? {
        if case .vouched(let way) = self { way } else { nil }
    }

    /// The text in the token's `cred` claim.
    var claim: String? {
        switch self {
        case .nothing: nil
        case .password(let mark): "password:\(mark)"
        case .source: "source:"
        case .vouched(let way): "vouched:\(way.rawValue)"
        case .accessToken(let id): "token:\(id)"
        case .personToken(let id): "person:\(id)"
        case .refreshToken(let id): "refresh:\(id)"
        }
    }

    /// Reads the claim; nil for one that is not ours.
    init?(claim: String?) {
        guard let claim else {
            self = .nothing
            return
        }
        let parts = claim.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        switch parts[0] {
        case "password": self = .password(mark: String(parts[1]))
        case "source": self = .source
        case "vouched":
            guard let way = Vouched.Way(rawValue: String(parts[1])) else { return nil }
            self = .vouched(way)
        case "token":
            guard let id = TokenID(parts[1]) else { return nil }
            self = .accessToken(id)
        case "person":
            guard let id = TokenID(parts[1]) else { return nil }
            self = .personToken(id)
        case "refresh":
            guard let id = TokenID(parts[1]) else { return nil }
            self = .refreshToken(id)
        default: return nil
        }
    }
}
