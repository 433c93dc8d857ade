import FoundationEssentials

/// A rule whose patterns are compiled, ready to be asked.
struct CompiledRule: Sendable {
    /// One thing that has to hold. Conditions are asked in their order.
    enum Condition: Sendable {
        case field(Field, FieldPattern, keepsGroups: Bool)
        case address(IPRange)
        case label(String, FieldPattern)
    }

    /// What came of asking a rule.
    enum Outcome: Hashable, Sendable {
        case holds
        /// All but its tag condition hold, and the tag is not known yet.
        case mayHold
        case tooEarly
        case tooLate
        /// The condition at this place does not hold.
        case fails(Int)
        case tagFails
        case gaveUp(Int, String)
        case tagGaveUp(String)

        /// Whether the rule has a say in the decision.
        var isSettled: Bool {
            switch self {
            case .holds, .mayHold, .gaveUp, .tagGaveUp: true
            case .tooEarly, .tooLate, .fails, .tagFails: false
            }
        }
    }

    let rule: Rule
    let conditions: [Condition]
    let tag: FieldPattern?
    /// Whether the rule grants whatever is asked.
    let grantsEverything: Bool

    func outcome(for values: inout RequestValues, tag context: TagContext, at date: Date) -> Outcome {
        if let notBefore = rule.notBefore, date < notBefore { return .tooEarly }
        if let notAfter = rule.notAfter, date > notAfter { return .tooLate }
        if !values.captures.isEmpty { values.captures = [:] }
        for place in conditions.indices {
            switch Self.verdict(conditions[place], &values) {
            case .holds: continue
            case .fails: return .fails(place)
            case .gaveUp(let why): return .gaveUp(place, why)
            }
        }
        guard let tag else { return .holds }
        switch context {
        case .unknown: return .mayHold
        case .known(let tags):
            for name in tags {
                switch tag.matches(Array(name.utf8), &values) {
                case .holds: return .holds
                case .fails: continue
                case .gaveUp(let why): return .tagGaveUp(why)
                }
            }
            return .tagFails
        }
    }

    private static func verdict(_ condition: Condition, _ values: inout RequestValues) -> Verdict {
        switch condition {
        case .field(let field, let pattern, let keepsGroups):
            return pattern.matches(values[field], &values, keeping: keepsGroups ? field : nil)
        case .address(let range):
            guard let address = values.address else { return .fails }
            return range.contains(address) ? .holds : .fails
        case .label(let name, let pattern):
            guard values.labelTexts(name).count <= RequestValues.combinationsMax else {
                return .gaveUp(RequestValues.tooMany)
            }
            for value in values.labelTexts(name) {
                let verdict = pattern.matches(Array(value.text.utf8), &values)
                if verdict != .fails { return verdict }
            }
            return .fails
        }
    }

    /// Which of the asked actions the rule grants once it holds, in the order asked, without doubles.
    func granted(of asked: [String]) -> [String] {
        if rule.actions.isEmpty { return [] }
        var granted: [String] = []
        for action in asked where grantsEverything || rule.actions.contains(action) {
            if !granted.contains(action) { granted.append(action) }
        }
        return granted
    }
}
