import Access
import HTTPTypes
import OCI

/// The `WWW-Authenticate` header of a registry (token spec, "How to authenticate"; RFC 6750, section 3).
struct Challenge: Sendable, Hashable {
    /// Why the token that was shown does not do.
    enum Problem: String, Sendable {
        /// Malformed, not ours, or over.
        case invalidToken = "invalid_token"
        /// In order, but without the needed scope: another token would do.
        case insufficientScope = "insufficient_scope"
    }

    let realm: String
    let service: String
    /// What the request needs; nothing for the base endpoint.
    let scopes: [Scope]
    /// Nil when no token was shown.
    let problem: Problem?

    /// The header's value: one space after `Bearer`, none after commas, several scopes parted by one space,
    /// actions in alphabetical order.
    var text: String {
        var text = "Bearer realm=\"\(realm)\",service=\"\(service)\""
        if !scopes.isEmpty {
            let scope = scopes.map { "\($0.type):\($0.name):\($0.actions.sorted().joined(separator: ","))" }
            text += ",scope=\"\(scope.joined(separator: " "))\""
        }
        if let problem { text += ",error=\"\(problem.rawValue)\"" }
        return text
    }
}

/// Where clients get their tokens.
package struct TokenSource: Sendable {
    /// The token server's URL; nil to name this host itself, as the client called it, with `path`.
    let realm: String?
    let path: String
    /// What the tokens are for: their audience.
    let service: String

    /// - Parameters:
    ///   - realm: the token server's whole URL, when it is not this host.
    ///   - path: where the token server is on this host.
    package init(service: String, realm: String? = nil, path: String = "/auth/token") {
        self.service = Self.quotable(service)
        self.realm = realm.map(Self.quotable)
        self.path = path
    }

    /// The realm for a client that called this host by `authority`. The authority is the client's own word
    /// and goes into a quoted string, so what no host and port can hold is not repeated.
    func realm(authority: String, isSecure: Bool) -> String {
        if let realm { return realm }
        guard !authority.isEmpty, authority.utf8.count <= 255, authority.utf8.allSatisfy(\.isHostCharacter)
        else { return path }
        return "\(isSecure ? "https" : "http")://\(authority)\(path)"
    }

    private static func quotable(_ text: String) -> String {
        String(
            decoding: text.utf8.filter { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }, as: UTF8.self)
    }
}

extension UInt8 {
    fileprivate var isHostCharacter: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
            true
        default: false
        }
    }
}
