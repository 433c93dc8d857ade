package import FoundationEssentials

/// The access rules, compiled once: who may do what.
///
/// Rules are asked in the order of `seq`, wherever they stand in the list, and the first whose conditions all
/// hold decides. An index leads to the few rules that can hold, so that thousands of others cost nothing.
package struct Policy: Sendable {
    package let style: PolicyStyle
    /// Ordered by `seq`.
    let rules: [CompiledRule]
    let index: RuleIndex

    package static let ruleCountMax = 100_000
    /// Longest account, type, name or service that is decided on, in bytes; more grants nothing.
    package static let valueLengthMax = 1024

    /// A policy without rules, which grants nothing.
    package static let nothing = Policy(style: .homeport)

    private init(style: PolicyStyle) {
        self.style = style
        self.rules = []
        self.index = RuleIndex([])
    }

    /// Compiles the rules.
    ///
    /// An error names the `seq` of the first rule that is wrong, the field, and what to do.
    package init(rules: [Rule], style: PolicyStyle = .homeport) throws(AccessError) {
        guard rules.count <= Self.ruleCountMax else {
            throw AccessError("there are more than \(Self.ruleCountMax) rules")
        }
        let compiler = RuleCompiler(style: style)
        var compiled: [CompiledRule] = []
        compiled.reserveCapacity(rules.count)
        for rule in rules.sorted(by: { $0.seq < $1.seq }) {
            if compiled.last?.rule.seq == rule.seq {
                throw AccessError(
                    "rule \(rule.seq), seq: there are two with this number; give one another place")
            }
            compiled.append(try compiler.compile(rule))
        }
        self.style = style
        self.rules = compiled
        self.index = RuleIndex(compiled)
    }

    /// Which of the asked actions are granted, and by which rule.
    ///
    /// When a rule cannot be decided within its limits (a regular expression that takes too many steps, a
    /// label with too many values), nothing is granted and that rule is named: neither it nor a later one may
    /// grant what it might have refused.
    package func decide(_ request: AccessRequest, at date: Date) -> Decision {
        guard Self.isDecidable(request) else { return Decision(granted: [], rule: nil) }
        var values = RequestValues(request, style.globs)
        var gathered = Gathering(asked: request.actions)
        var candidates = index.candidates(&values)
        while let place = candidates.next() {
            // The rule stays where it is: taking it out would count references for each of its fields.
            let outcome = rules[place].outcome(for: &values, tag: request.tag, at: date)
            if outcome.isSettled, gathered.take(rules[place], outcome) { break }
        }
        return gathered.decision
    }

    /// Whether the values are short enough to be looked at.
    static func isDecidable(_ request: AccessRequest) -> Bool {
        [request.account.text, request.type, request.name, request.service].allSatisfy {
            $0.utf8.count <= valueLengthMax
        }
    }
}

/// What the rules asked so far have said.
struct Gathering {
    private let asked: [String]
    private var tagRules: [(seq: Int, granted: [String])] = []
    private var deciding: (seq: Int, granted: [String])?
    private var gaveUp: Int?

    init(asked: [String]) { self.asked = asked }

    /// Takes note of a rule's outcome; true when no further rule is to be asked.
    mutating func take(_ rule: CompiledRule, _ outcome: CompiledRule.Outcome) -> Bool {
        switch outcome {
        case .holds:
            deciding = (rule.rule.seq, rule.granted(of: asked))
            return true
        case .mayHold:
            tagRules.append((rule.rule.seq, rule.granted(of: asked)))
            return false
        case .gaveUp, .tagGaveUp:
            gaveUp = rule.rule.seq
            return true
        case .tooEarly, .tooLate, .fails, .tagFails: return false
        }
    }

    var decision: Decision {
        if let gaveUp { return Decision(granted: [], rule: gaveUp) }
        let certain = deciding?.granted ?? []
        guard !tagRules.isEmpty else { return Decision(granted: certain, rule: deciding?.seq) }
        var added: [Int] = []
        var all = Set(certain)
        for rule in tagRules where !rule.granted.allSatisfy(certain.contains) {
            added.append(rule.seq)
            all.formUnion(rule.granted)
        }
        var granted: [String] = []
        for action in asked where all.contains(action) && !granted.contains(action) { granted.append(action) }
        return Decision(granted: granted, rule: deciding?.seq, tagRules: added)
    }
}
