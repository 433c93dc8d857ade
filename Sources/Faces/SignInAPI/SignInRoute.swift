/// What is asked for below `/signin`.
enum SignInRoute: Equatable {
    case home
    case begin(String)
    case callback(String)
    case makeToken
    case revokeToken
    case leave
    case style(String)

    static let homePath = "/signin"

    init?(path: String) {
        var parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        guard parts.first == "signin" else { return nil }
        parts.removeFirst()
        let rest = parts.count > 1 ? parts[1] : ""
        switch (parts.count, parts.first ?? "", rest) {
        case (...1, "", _): self = .home
        case (1, let provider, _): self = .begin(provider)
        case (2, "tokens", "make"): self = .makeToken
        case (2, "tokens", "revoke"): self = .revokeToken
        case (2, "session", "leave"): self = .leave
        case (2, "assets", _): self = .style(rest)
        case (2, let provider, "callback") where !provider.isEmpty: self = .callback(provider)
        default: return nil
        }
    }

    /// Whether it is a form that is sent.
    var changes: Bool { [.makeToken, .revokeToken, .leave].contains(self) }
}
