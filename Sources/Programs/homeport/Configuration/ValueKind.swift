internal import FoundationEssentials

/// How a text of the configuration becomes a value, and the value a text again.
struct ValueKind<Value> {
    /// What is expected, in words that follow "expected".
    let expected: String
    let read: (RawValue, Place) throws(ValueProblem) -> Value
    let show: (Value) -> String

    init(
        _ expected: String,
        read: @escaping (RawValue, Place) throws(ValueProblem) -> Value,
        show: @escaping (Value) -> String
    ) {
        self.expected = expected
        self.read = read
        self.show = show
    }

    /// A kind that is one text. `parse` answers nil for a text it does not understand, and throws when it has
    /// something better to say.
    init(
        text expected: String,
        parse: @escaping (String, Place) throws(ValueProblem) -> Value?,
        show: @escaping (Value) -> String
    ) {
        self.init(
            expected,
            read: { raw, place throws(ValueProblem) in
                guard case .text(let text) = raw else {
                    throw ValueProblem("holds a list; expected \(expected)")
                }
                guard let value = try parse(text, place) else {
                    throw ValueProblem("`\(text)` cannot be taken; expected \(expected)")
                }
                return value
            },
            show: show)
    }
}

extension ValueKind {
    /// The same kind for a setting that may be absent.
    static func optional<Wrapped>(_ kind: ValueKind<Wrapped>) -> Self where Value == Wrapped? {
        ValueKind(
            kind.expected,
            read: { raw, place throws(ValueProblem) in try kind.read(raw, place) },
            show: { $0.map(kind.show) ?? "" })
    }

    /// A list of another kind; in an environment variable with commas between.
    static func list<Element>(of kind: ValueKind<Element>) -> Self where Value == [Element] {
        ValueKind(
            "a list, each \(kind.expected)",
            read: { raw, place throws(ValueProblem) in
                let texts: [String]
                switch raw {
                case .list(let entries): texts = entries
                case .text(let text): texts = text.split(separator: ",").map { trimmed($0) }
                }
                var values: [Element] = []
                for text in texts { values.append(try kind.read(.text(text), place)) }
                return values
            },
            show: { "[" + $0.map(kind.show).joined(separator: ", ") + "]" })
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}

extension ValueKind<String> {
    /// Any text that is not empty.
    static func text(_ expected: String) -> Self {
        ValueKind(text: expected, parse: { text, _ in text.isEmpty ? nil : text }, show: { $0 })
    }

    /// The name of a file or folder, relative to the file that names it.
    static func path(_ expected: String) -> Self {
        ValueKind(
            text: expected,
            parse: { text, place in
                guard !text.isEmpty else { return nil }
                return text.hasPrefix("/") || place.folder.isEmpty ? text : "\(place.folder)/\(text)"
            },
            show: { $0 })
    }
}

extension ValueKind<Bool> {
    static var flag: Self {
        ValueKind(
            text: "`true` or `false`",
            parse: { text, _ in
                switch text.lowercased() {
                case "true": true
                case "false": false
                default: nil
                }
            },
            show: { $0 ? "true" : "false" })
    }
}

extension ValueKind<Int> {
    /// A whole number within bounds.
    static func integer(_ bounds: ClosedRange<Int>) -> Self {
        let upper = bounds.upperBound == .max ? " or more" : " to \(bounds.upperBound)"
        return ValueKind(
            text: "a whole number, \(bounds.lowerBound)\(upper)",
            parse: { text, _ in Int(text).flatMap { bounds.contains($0) ? $0 : nil } },
            show: { "\($0)" })
    }
}

extension ValueKind where Value: RawRepresentable<String> & CaseIterable {
    /// One of a few words.
    static var choice: Self {
        let words = Value.allCases.map(\.rawValue)
        return ValueKind(
            text: "one of " + words.map { "`\($0)`" }.joined(separator: ", "),
            parse: { text, _ throws(ValueProblem) in
                if let value = Value(rawValue: text) { return value }
                guard let near = NearestName.to(text, among: words) else { return nil }
                throw ValueProblem("`\(text)` is not known; did you mean `\(near)`?")
            },
            show: { $0.rawValue })
    }
}
