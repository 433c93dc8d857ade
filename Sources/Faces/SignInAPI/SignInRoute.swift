/// What is asked for below `/signin`, or at a door of a provider's own.
enum SignInRoute: Equatable {
    case home
    case begin(String)
    case callback(String)
    case makeToken
    case revokeToken
    case leave
    case style(String)

    static let homePath = "/signin"

    init?(path: String, query: String?, places: SignInPlaces) {
        guard path != "/" || places.doors.isEmpty else {
            self = .home
            return
        }
        if path.hasPrefix("/"), places.doors.contains(String(path.dropFirst())) {
            let provider = String(path.dropFirst())
            self = Self.isAnswer(query ?? "") ? .callback(provider) : .begin(provider)
            return
        }
        self.init(path: path)
    }

    /// Whether a provider has sent the browser.
    private static func isAnswer(_ query: String) -> Bool {
        query.split(separator: "&").contains { field in
            ["code", "state", "error"].contains(field.prefix { $0 != "=" })
        }
    }

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
