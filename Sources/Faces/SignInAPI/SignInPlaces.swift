import HTTPTypes
import Hummingbird

/// Where the pages are.
package struct SignInPlaces: Sendable {
    /// What stands before every path, without a slash at its end; empty for none.
    package var prefix = ""
    /// Providers with a door at the root, `/oidc_auth`, where people begin and browsers come back to. The page itself
    /// is at `/` then.
    package var doors: Set<String> = []

    package init() {}

    /// The page where people begin, and where they see their tokens.
    var home: String { prefix + (doors.isEmpty ? SignInRoute.homePath : "/") }

    /// Where a browser is sent to a provider.
    func beginning(_ provider: String) -> String {
        prefix + (doors.contains(provider) ? "/\(provider)" : "\(SignInRoute.homePath)/\(provider)")
    }

    func path(_ rest: String) -> String { "\(prefix)\(SignInRoute.homePath)/\(rest)" }
}

/// The address by which a browser has come, for servers that were never told what theirs is.
///
/// It goes nowhere but to a provider, which knows the right one, and into comparisons with what the same browser says:
/// nobody else writes a browser's `Host`.
enum MetAddress {
    /// Nil where the browser does not say it in a form that can be.
    static func origin(authority: String, isSecure: Bool) -> String? {
        let isPlain = authority.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || ".-:[]".utf8.contains(byte)
        }
        guard isPlain, (1...260).contains(authority.utf8.count) else { return nil }
        return "\(isSecure ? "https" : "http")://\(authority.lowercased())"
    }

    /// Whether a proxy says that the browser speaks TLS. Whoever says so falsely gets cookies that they do not send back.
    static func isSecure(_ headers: HTTPFields) -> Bool {
        headers[.init("X-Forwarded-Proto")!]?.lowercased() == "https"
    }
}
