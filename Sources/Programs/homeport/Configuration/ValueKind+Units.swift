internal import ServerKit

extension ValueKind<Duration> {
    /// A length of time within bounds: `90s`, `15m`, `1h30m`, `7d`, `250ms`.
    static func duration(_ bounds: ClosedRange<Duration>) -> Self {
        let range = "\(DurationText.show(bounds.lowerBound)) to \(DurationText.show(bounds.upperBound))"
        return ValueKind(
            text: "a time such as `90s`, `15m`, `12h` or `7d`, \(range)",
            parse: { text, _ throws(ValueProblem) in
                if Int(text) != nil {
                    throw ValueProblem("`\(text)` has no unit; write `\(text)s` for seconds, or use m, h, d")
                }
                guard let value = DurationText.parse(text) else { return nil }
                guard bounds.contains(value) else {
                    throw ValueProblem("`\(text)` is out of bounds; expected \(range)")
                }
                return value
            },
            show: DurationText.show)
    }
}

/// Lengths of time as people write them.
enum DurationText {
    /// The units, longest first, and how many milliseconds each has.
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// Reads `1h30m`: whole numbers, each with a unit, each unit once and the longer first. Nil for anything
    /// else.
    static func parse(_ text: String) -> Duration? {
        var rest = text.utf8[...]
        var total: Int64 = 0
        var last = Int64.max
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { (48...57).contains($0) }
            rest = rest.dropFirst(digits.count)
            let letters = rest.prefix { !(48...57).contains($0) }
            rest = rest.dropFirst(letters.count)
            guard
                let count = Int64(String(Substring(digits))),
                let unit = units.first(where: { $0.name == String(Substring(letters)) }),
                unit.milliseconds < last
            else { return nil }
            let (product, overflows) = count.multipliedReportingOverflow(by: unit.milliseconds)
            let (sum, alsoOverflows) = total.addingReportingOverflow(product)
            guard !overflows, !alsoOverflows else { return nil }
            total = sum
            last = unit.milliseconds
        }
        return .milliseconds(total)
    }

    /// The shortest way to write a length of time: `1h30m`.
    static func show(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        var rest = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        guard rest != 0 else { return "0s" }
        var text = ""
        for unit in units where rest >= unit.milliseconds {
            text += "\(rest / unit.milliseconds)\(unit.name)"
            rest %= unit.milliseconds
        }
        return text
    }
}

extension ValueKind<Int> {
    /// An amount of bytes within bounds: `64MiB`, `512KiB`, `2GB`, `4096`.
    static func size(_ bounds: ClosedRange<Int>) -> Self {
        let range = "\(SizeText.show(bounds.lowerBound)) to \(SizeText.show(bounds.upperBound))"
        return ValueKind(
            text: "a size such as `64MiB`, \(range)",
            parse: { text, _ throws(ValueProblem) in
                guard let value = SizeText.parse(text) else { return nil }
                guard bounds.contains(value) else {
                    throw ValueProblem("`\(text)` is out of bounds; expected \(range)")
                }
                return value
            },
            show: SizeText.show)
    }
}

/// Amounts of bytes as people write them.
enum SizeText {
    private static let units: [(name: String, bytes: Int)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
        ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000), ("KB", 1000),
        ("B", 1), ("", 1),
    ]

    /// Reads `64MiB` (1024 each step), `64MB` (1000 each step), `4096` or `4096B`. Nil for anything else.
    static func parse(_ text: String) -> Int? {
        let digits = text.utf8.prefix { (48...57).contains($0) }
        let unit = text.utf8.dropFirst(digits.count)
        guard
            let count = Int(String(Substring(digits))),
            let unit = units.first(where: { $0.name == String(Substring(unit)) })
        else { return nil }
        let (product, overflows) = count.multipliedReportingOverflow(by: unit.bytes)
        return overflows ? nil : product
    }

    /// The largest unit of 1024 that leaves a whole number: `64MiB`.
    static func show(_ bytes: Int) -> String {
        for unit in units.prefix(4) where bytes >= unit.bytes && bytes % unit.bytes == 0 {
            return "\(bytes / unit.bytes)\(unit.name)"
        }
        return "\(bytes)"
    }
}
