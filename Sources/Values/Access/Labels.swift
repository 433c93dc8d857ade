/// What an account is known for: names, each with one or more values, `{"project": ["prod", "test*"]}`.
package typealias Labels = [String: [LabelValue]]

/// One value of a label. In a rule's pattern it stands where `${labels:NAME}` is written.
package struct LabelValue: Hashable, Sendable {
    package let text: String
    /// Whether `*`, `?` and `[` in the text are just themselves. Without it they are a glob's, because that
    /// is what labels such as `socke*` are for. A value is never a regular expression.
    package let isLiteral: Bool

    package init(_ text: String, isLiteral: Bool = false) {
        self.text = text
        self.isLiteral = isLiteral
    }
}

extension LabelValue: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) { self.init(text) }
}
