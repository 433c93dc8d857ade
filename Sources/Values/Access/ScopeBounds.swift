/// What an access token may be used for at most: scopes whose names are globs, compiled once.
///
/// Without any scope there is no bound, and the rules of the account decide alone.
package struct ScopeBounds: Sendable {
    private struct Bound: Sendable {
        let type: String
        let name: Glob
        let actions: [String]
    }

    private let bounds: [Bound]

    package static let none = ScopeBounds()

    private init() { self.bounds = [] }

    /// Compiles the bounds. In the names `*` and `?` stop at `/`, and `**` crosses it.
    package init(_ scopes: [Scope]) throws(AccessError) {
        var bounds: [Bound] = []
        for scope in scopes {
            bounds.append(Bound(type: scope.type, name: try Glob(scope.name), actions: scope.actions))
        }
        self.bounds = bounds
    }

    /// Whether the bounds leave this action to the token. A bound with the action `*` leaves every one.
    package func covers(type: String, name: String, action: String) -> Bool {
        bounds.isEmpty
            || bounds.contains { bound in
                bound.type == type && (bound.actions.contains(action) || bound.actions == ["*"])
                    && bound.name.matches(name)
            }
    }
}
