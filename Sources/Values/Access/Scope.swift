/// A resource and the actions asked or granted on it, `repository:team/app:pull,push` (token spec, "Token
/// Scope").
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

extension Scope {
    /// Longest text of one scope, in bytes.
    package static let lengthMax = 1024
    /// Most actions in one scope.
    package static let actionsMax = 32
    /// Most scopes in one list: a push that mounts from many repositories asks for each of them.
    package static let countMax = 100

    /// Reads one scope by the token specification's grammar.
    ///
    /// The first colon ends the type and the last one starts the actions, so that a name may hold the port of
    /// a host. Beyond the written grammar `*` is an action, because `registry:catalog:*` is what clients ask.
    /// An empty list of actions is allowed, doubles are kept.
    package init(_ text: String) throws(AccessError) {
        try self.init(text, checkingName: ScopeGrammar.checkName)
    }

    /// Reads a bound of an access token, in which the name is a glob: `repository:prod/*:pull`.
    package init(bound text: String) throws(AccessError) {
        try self.init(text) { (name) throws(AccessError) in _ = try Glob(String(name)) }
    }

    /// Reads scopes separated by single spaces; an empty text holds none.
    package static func list(_ text: String) throws(AccessError) -> [Scope] {
        guard !text.isEmpty else { return [] }
        guard text.utf8.count <= lengthMax * countMax else {
            throw AccessError("the list of scopes is longer than \(lengthMax * countMax) bytes")
        }
        let pieces = text.utf8.split(
            separator: UInt8(ascii: " "), maxSplits: countMax, omittingEmptySubsequences: false)
        guard pieces.count <= countMax else {
            throw AccessError("more than \(countMax) scopes are asked for at once")
        }
        var scopes: [Scope] = []
        for piece in pieces {
            guard !piece.isEmpty else {
                throw AccessError("scopes are separated by exactly one space: \(quoted(text))")
            }
            scopes.append(try Scope(String(Substring(piece))))
        }
        return scopes
    }

    private init(
        _ text: String, checkingName check: (Substring) throws(AccessError) -> Void
    ) throws(AccessError) {
        guard text.utf8.count <= Self.lengthMax else {
            throw AccessError("a scope has at most \(Self.lengthMax) bytes")
        }
        let colon = UInt8(ascii: ":")
        guard
            let first = text.utf8.firstIndex(of: colon), let last = text.utf8.lastIndex(of: colon),
            first < last
        else {
            throw AccessError(
                "\(quoted(text)) is no scope: it reads type:name:actions, as in repository:team/app:pull,push"
            )
        }
        do {
            (self.type, self.resourceClass) = try ScopeGrammar.type(text[..<first])
            let name = text[text.utf8.index(after: first)..<last]
            try check(name)
            self.name = String(name)
            self.actions = try ScopeGrammar.actions(text[text.utf8.index(after: last)...])
        } catch {
            throw AccessError("\(quoted(text)) is no scope: \(error.description)")
        }
    }
}

extension Scope: CustomStringConvertible {
    /// The text that reads back as this scope.
    package var description: String {
        let resourceClass = resourceClass.isEmpty ? "" : "(\(resourceClass))"
        return "\(type)\(resourceClass):\(name):\(actions.joined(separator: ","))"
    }
}
