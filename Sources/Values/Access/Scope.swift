/// A resource and the actions asked or granted on it, `repository:team/app:pull,push` (token spec, "Token Scope").
package struct Scope: Hashable, Sendable {
    package var type: String
    /// `plugin` in `repository(plugin)`; empty mostly.
    package var resourceClass: String
    package var name: String
    package var actions: [String]

    package init(type: String, resourceClass: String = "", name: String, actions: [String]) {
        self.type = type
        self.resourceClass = resourceClass
        self.name = name
        self.actions = actions
    }
}
