/// What of an entry is the name that somebody signs in with, as the filter says it.
///
/// A directory takes `Anna`, `ANNA` and ` anna ` for one name. Rules do not, and neither do the brakes on guessing: each
/// spelling would be an account of its own with the same password behind it. So a name has to be written as it stands
/// in the entry.
package struct LDAPIdentity: Sendable {
    private let parts: [(attribute: String, template: String)]

    /// Nil for a filter from which it cannot be told.
    package init?(_ filter: String) {
        var parts: [(attribute: String, template: String)] = []
        for piece in filter.split(whereSeparator: { $0 == "(" || $0 == ")" })
        where piece.contains("${account}") {
            guard let equals = piece.firstIndex(of: "=") else { return nil }
            let attribute = piece[..<equals].prefix { !":~<>".contains($0) }
            let template = piece[equals...].dropFirst()
            guard !attribute.isEmpty, !template.contains("*"), !template.contains("\\") else { return nil }
            parts.append((String(attribute), String(template)))
        }
        guard !parts.isEmpty else { return nil }
        self.parts = parts
    }

    var attributes: [String] { parts.map(\.attribute) }

    func matches(_ entry: LDAPEntry, _ account: String) -> Bool {
        parts.contains { part in
            let wanted = LDAPText.fill(part.template, [("account", account)])
            return entry.values[part.attribute]?.contains { $0.utf8.elementsEqual(wanted.utf8) } ?? false
        }
    }
}
