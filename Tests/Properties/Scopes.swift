import Access

extension Property {
    /// A scope prints as a text that reads back as the same scope, alone and in a list, and what a bound
    /// covers is what its own text says.
    static let scopes = Property("scopes") { input in
        let text = input.text
        if let scope = try? Scope(text) {
            let again = try Scope(scope.description)
            try requireEqual(again, scope, "a scope printed")
            try requireEqual(again.description, scope.description, "a scope printed twice")
            try require(scope.actions.count <= Scope.actionsMax, "it has \(scope.actions.count) actions")
            let list = try Scope.list("\(scope) \(scope)")
            try requireEqual(list, [scope, scope], "a scope in a list")
            try checkBounds(scope)
        }
        let scopes = try requireQuick("reading a list of scopes") { try? Scope.list(text) }
        if let scopes {
            try require(scopes.count <= Scope.countMax, "the list has \(scopes.count)")
            let printed = scopes.map(\.description).joined(separator: " ")
            try requireEqual(try Scope.list(printed), scopes, "a list printed")
        }
        if let bound = try? Scope(bound: text) {
            let again = try Scope(bound: bound.description)
            try requireEqual(again, bound, "a bound printed")
        }
    }

    private static func checkBounds(_ scope: Scope) throws {
        let bounds = try ScopeBounds([scope])
        for action in ["pull", "push", "delete", "*"] {
            let isListed = scope.actions.contains(action) || scope.actions == ["*"]
            try requireEqual(
                bounds.covers(type: scope.type, name: scope.name, action: action), isListed,
                "whether \(scope) covers its own name for \(action)")
            try require(
                !bounds.covers(type: scope.type + "x", name: scope.name, action: action),
                "\(scope) covers another type")
            try require(
                !bounds.covers(type: scope.type, name: scope.name + "/x", action: action),
                "\(scope) covers what lies below its name")
        }
    }
}
