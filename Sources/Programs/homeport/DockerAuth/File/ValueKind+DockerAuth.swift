/// Values as YAML and Go write them.
extension ValueKind<String> {
    /// Any text, also an empty one.
    static var anyText: Self {
        ValueKind(text: "a text", parse: { text, _ in text }, show: { $0 })
    }

    /// Anything that is not deeper than a list.
    static var anything: Self {
        ValueKind(
            "a text or a list",
            read: { raw, _ in
                switch raw {
                case .text(let text): text
                case .list(let texts): texts.joined(separator: ",")
                }
            }, show: { $0 })
    }
}

extension ValueKind<Bool> {
    /// `true`, and what YAML 1.1 has beside it.
    static var yamlFlag: Self {
        ValueKind(
            text: "`true` or `false`",
            parse: { text, _ in
                switch text.lowercased() {
                case "true", "yes", "on", "y": true
                case "false", "no", "off", "n": false
                default: nil
                }
            },
            show: { $0 ? "true" : "false" })
    }
}

extension ValueKind<Duration> {
    /// A length of time as Go writes it: `10s`, `1m30s`, `1.5h`.
    static var goDuration: Self {
        ValueKind(
            text: "a time such as `10s`, `1m30s` or `24h`",
            parse: { text, _ throws(ValueProblem) in
                if Int(text) != nil {
                    throw ValueProblem("`\(text)` has no unit; write `\(text)s` for seconds")
                }
                return GoDuration.parse(text)
            },
            show: DurationText.show)
    }
}

/// Lengths of time in Go's notation.
enum GoDuration {
    private static let nanoseconds: [String: Double] = [
        "h": 3.6e12, "m": 6e10, "s": 1e9, "ms": 1e6, "us": 1e3, "µs": 1e3, "μs": 1e3, "ns": 1,
    ]

    /// Longest that is taken: ten years.
    private static let longest = 3.2e17

    /// Nil for anything else, and for a time that runs backwards.
    static func parse(_ text: String) -> Duration? {
        var rest = text[...]
        var total = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let number = rest.prefix { ("0"..."9").contains($0) || $0 == "." }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { !(("0"..."9").contains($0) || $0 == ".") }
            rest = rest.dropFirst(unit.count)
            guard let count = Double(number), let size = nanoseconds[String(unit)] else { return nil }
            total += count * size
        }
        guard total <= longest else { return nil }
        return .nanoseconds(Int64(total))
    }
}
