/// What somebody showed to sign in, as a bearer token remembers it: when it falls, the token falls with it.
package enum Credential: Sendable, Hashable {
    /// Nothing: an anonymous caller.
    case nothing
    /// The password, known by a mark of its stored hash.
    case password(mark: String)
    case accessToken(TokenID)
    case refreshToken(TokenID)

    /// The text in the token's `cred` claim.
    var claim: String? {
        switch self {
        case .nothing: nil
        case .password(let mark): "password:\(mark)"
        case .accessToken(let id): "token:\(id)"
        case .refreshToken(let id): "refresh:\(id)"
        }
    }

    /// Reads the claim; nil for one that is not ours.
    init?(claim: String?) {
        guard let claim else {
            self = .nothing
            return
        }
        let parts = claim.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        switch parts[0] {
        case "password": self = .password(mark: String(parts[1]))
        case "token":
            guard let id = TokenID(parts[1]) else { return nil }
            self = .accessToken(id)
        case "refresh":
            guard let id = TokenID(parts[1]) else { return nil }
            self = .refreshToken(id)
        default: return nil
        }
    }
}
