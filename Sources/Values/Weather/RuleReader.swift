extension Predicate {
    /// Why a rule cannot be used: what is wrong, and at which word.
    package struct Mistake: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// Reads a rule as people write it: `wind > 23 km/h until 20 km/h`, `rain = 0 and (temperature > 18 or
    /// daylight)`.
    ///
    /// A comparison is a quantity, one of `> >= < <= =`, a number and a unit; without a unit it is that of
    /// `Predicate.quantities`. `until` gives the threshold at which an event ends. `daylight`, `night`, `sky
    /// WORD` and `hour 6..22` ask about the hour itself. `and` binds closer than `or`.
    package init(_ text: String) throws(Mistake) {
        guard text.utf8.count <= 500 else { throw Mistake(description: "a rule is at most 500 bytes") }
        var reader = RuleReader(words: RuleReader.words(of: text))
        self = try reader.anyOf(depth: 0)
        if let word = reader.next {
            throw Mistake(description: "'\(word)' was not expected at the end of the rule")
        }
    }

    /// The quantities a rule may name, and the units each may have, the usual one first.
    package static let quantities: [(name: String, units: [String])] = RuleReader.subjects.map { subject in
        (subject.name, subject.units.map(\.0))
    }
}

private struct RuleReader {
    struct Subject {
        let name: String
        let subject: Comparison.Subject
        /// Each with the way from it to the unit of the quantity.
        let units: [(String, @Sendable (Double) -> Double)]
    }

    var words: ArraySlice<String>

    private static let temperatures: [(String, @Sendable (Double) -> Double)] = [
        ("C", { $0 }), ("°C", { $0 }), ("F", { ($0 - 32) * 5 / 9 }), ("°F", { ($0 - 32) * 5 / 9 }),
    ]
    private static let speeds: [(String, @Sendable (Double) -> Double)] = [
        ("km/h", { $0 / 3.6 }), ("m/s", { $0 }), ("mph", { $0 * 0.44704 }), ("kn", { $0 * 1852 / 3600 }),
    ]
    private static let percent: [(String, @Sendable (Double) -> Double)] = [("%", { $0 })]

    static let subjects: [Subject] = [
        Subject(name: "temperature", subject: .quantity(.temperature), units: temperatures),
        Subject(name: "dew-point", subject: .quantity(.dewPoint), units: temperatures),
        Subject(name: "feels-like", subject: .quantity(.feelsLike), units: temperatures),
        Subject(
            name: "spread", subject: .spread,
            units: [("C", { $0 }), ("°C", { $0 }), ("F", { $0 * 5 / 9 }), ("°F", { $0 * 5 / 9 })]),
        Subject(name: "humidity", subject: .quantity(.humidity), units: percent),
        Subject(name: "wind", subject: .quantity(.wind), units: speeds),
        Subject(name: "gust", subject: .quantity(.gust), units: speeds),
        Subject(name: "wind-direction", subject: .quantity(.windDirection), units: [("°", { $0 })]),
        Subject(
            name: "precipitation", subject: .quantity(.precipitation),
            units: [("mm", { $0 }), ("in", { $0 * 25.4 })]),
        Subject(name: "rain", subject: .quantity(.rain), units: [("mm", { $0 }), ("in", { $0 * 25.4 })]),
        Subject(
            name: "snow", subject: .quantity(.snow),
            units: [("cm", { $0 * 10 }), ("mm", { $0 }), ("in", { $0 * 25.4 })]),
        Subject(name: "chance", subject: .quantity(.chance), units: percent),
        Subject(name: "uv", subject: .quantity(.uvIndex), units: [("", { $0 })]),
        Subject(name: "clouds", subject: .quantity(.clouds), units: percent),
    ]

    /// Words, relations and brackets, each by itself; a unit that touches its number is parted from it.
    static func words(of text: String) -> ArraySlice<String> {
        var words: [String] = []
        var current = ""
        var kind = 0
        for character in text {
            let newKind: Int
            switch character {
            case _ where character.isWhitespace: newKind = 0
            case "(", ")": newKind = 1
            case ">", "<", "=": newKind = 2
            case "0"..."9", ".": newKind = 3
            case "-" where kind != 4: newKind = 3
            default: newKind = 4
            }
            let isSame = newKind == kind && newKind != 1 || kind == 4 && newKind == 3
            if !isSame, !current.isEmpty {
                words.append(current)
                current = ""
            }
            if newKind != 0 { current.append(character) }
            kind = isSame ? kind : newKind
        }
        if !current.isEmpty { words.append(current) }
        return words[...]
    }

    var next: String? { words.first }

    private mutating func take(_ word: String) -> Bool {
        guard words.first == word else { return false }
        words.removeFirst()
        return true
    }

    private func mistake(_ text: String) -> Predicate.Mistake { Predicate.Mistake(description: text) }

    mutating func anyOf(depth: Int) throws(Predicate.Mistake) -> Predicate {
        guard depth < 16 else { throw mistake("a rule may have at most 16 brackets inside each other") }
        var parts = [try allOf(depth: depth)]
        while take("or") { parts.append(try allOf(depth: depth)) }
        return parts.count == 1 ? parts[0] : .any(parts)
    }

    private mutating func allOf(depth: Int) throws(Predicate.Mistake) -> Predicate {
        var parts = [try one(depth: depth)]
        while take("and") { parts.append(try one(depth: depth)) }
        return parts.count == 1 ? parts[0] : .all(parts)
    }

    private mutating func one(depth: Int) throws(Predicate.Mistake) -> Predicate {
        if take("(") {
            let inner = try anyOf(depth: depth + 1)
            guard take(")") else { throw mistake("a '(' in the rule is not closed") }
            return inner
        }
        if take("daylight") { return .daylight(true) }
        if take("night") { return .daylight(false) }
        if take("sky") { return try sky() }
        if take("hour") { return try hourOfDay() }
        return try comparison()
    }

    private mutating func sky() throws(Predicate.Mistake) -> Predicate {
        let word = words.popFirst() ?? ""
        guard let sky = Sky.allCases.first(where: { $0.keyword == word }) else {
            let known = Sky.allCases.map(\.keyword).joined(separator: ", ")
            throw mistake("after 'sky' comes one of \(known), not '\(word)'")
        }
        return .sky([sky])
    }

    private mutating func hourOfDay() throws(Predicate.Mistake) -> Predicate {
        let parts = (words.popFirst() ?? "").split(separator: ".", omittingEmptySubsequences: true)
        guard
            parts.count == 2, let from = Int(parts[0]), let to = Int(parts[1]), (0...23).contains(from),
            (0...24).contains(to), from != to
        else { throw mistake("after 'hour' come two hours of the day, such as 6..22") }
        return .hoursOfDay(Set(from < to ? Array(from..<to) : Array(from..<24) + Array(0..<to)))
    }

    private mutating func comparison() throws(Predicate.Mistake) -> Predicate {
        guard let word = words.popFirst() else {
            throw mistake("the rule ends where a quantity was expected")
        }
        guard let subject = Self.subjects.first(where: { $0.name == word }) else {
            let known = Self.subjects.map(\.name).joined(separator: ", ")
            throw mistake("'\(word.prefix(40))' is not a quantity; known are \(known)")
        }
        guard let sign = words.popFirst(), let relation = Comparison.Relation(rawValue: sign) else {
            throw mistake("after '\(word)' comes one of > >= < <= =")
        }
        let threshold = try number(of: subject)
        let exit = take("until") ? try number(of: subject) : nil
        try check(relation, threshold, exit)
        return .compare(Comparison(subject.subject, relation, threshold, exit: exit))
    }

    private mutating func number(of subject: Subject) throws(Predicate.Mistake) -> Double {
        guard let text = words.popFirst(), let number = Double(text), abs(number) < 1e6 else {
            throw mistake("a number was expected after '\(subject.name)'")
        }
        guard let unit = subject.units.first(where: { $0.0 == next }) else {
            let isEnd = [nil, "and", "or", ")", "until"].contains(next)
            guard isEnd else {
                let known = subject.units.map(\.0).filter { !$0.isEmpty }.joined(separator: ", ")
                throw mistake(
                    "'\(next ?? "")' is not a unit of \(subject.name)\(known.isEmpty ? "" : "; known are \(known)")"
                )
            }
            return subject.units[0].1(number)
        }
        words.removeFirst()
        return unit.1(number)
    }

    /// An exit threshold on the wrong side would end an event before it begins.
    private func check(
        _ relation: Comparison.Relation, _ threshold: Double, _ exit: Double?
    ) throws(Predicate.Mistake) {
        guard let exit else { return }
        let isSound =
            switch relation {
            case .above, .atLeast: exit <= threshold
            case .below, .atMost: exit >= threshold
            case .equal: false
            }
        guard isSound else {
            throw mistake("the threshold after 'until' must be easier to pass than the one before it")
        }
    }
}
