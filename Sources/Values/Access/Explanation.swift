package import FoundationEssentials

/// Why a policy decides as it does: every rule that was asked, in order, and what came of it.
package struct Explanation: Hashable, Sendable {
    /// One rule that was asked.
    package struct Step: Hashable, Sendable {
        package let seq: Int
        package let comment: String?
        package let outcome: Outcome
    }

    /// What came of asking a rule.
    package enum Outcome: Hashable, Sendable {
        /// The rule counts only from this moment on.
        case notYet(Date)
        /// The rule counted until this moment.
        case over(Date)
        case mismatch(Mismatch)
        /// The account has no value for a label that the field's pattern needs.
        case labelMissing(field: String, label: String)
        /// All but the tag matches, and which tag is meant is not known yet. For tags that match, the actions
        /// are granted.
        case dependsOnTag(pattern: String, granted: [String])
        /// The field could not be decided within its limits: nothing is granted, and no later rule is asked.
        case gaveUp(field: String, why: String)
        /// The rule matches and grants these of the asked actions.
        case decides(granted: [String])
    }

    /// A condition that does not hold.
    package struct Mismatch: Hashable, Sendable {
        /// The field of the rule, `name` or `labels.group`.
        package let field: String
        /// The pattern as the rule has it.
        package let written: String
        /// The pattern with the values of the request in it; several values of a label stand as `{a,b}`.
        package let pattern: String
        /// What the request has there; nil when it has nothing, as an address that is not known.
        package let value: String?
    }

    package let request: AccessRequest
    package let steps: [Step]
    package let decision: Decision
}

extension Policy {
    /// Decides as `decide(_:at:)` does, and says why. Asks every rule up to the deciding one, so it takes
    /// longer.
    package func explain(_ request: AccessRequest, at date: Date) -> Explanation {
        var steps: [Explanation.Step] = []
        var gathered = Gathering(asked: request.actions)
        guard Self.isDecidable(request) else {
            return Explanation(request: request, steps: [], decision: gathered.decision)
        }
        var values = RequestValues(request, style.globs)
        var candidates = index.candidates(&values)
        var candidate = candidates.next()
        for (place, rule) in rules.enumerated() {
            var outcome = rule.outcome(for: &values, tag: request.tag, at: date)
            if place == candidate {
                candidate = candidates.next()
            } else if case .gaveUp(let condition, _) = outcome {
                // The index rules it out for certain where the condition alone could not.
                outcome = .fails(condition)
            }
            let isLast = gathered.take(rule, outcome)
            let words = rule.explain(outcome, request, values)
            steps.append(Explanation.Step(seq: rule.rule.seq, comment: rule.rule.comment, outcome: words))
            if isLast { break }
        }
        return Explanation(request: request, steps: steps, decision: gathered.decision)
    }
}

extension CompiledRule {
    fileprivate func explain(
        _ outcome: Outcome, _ request: AccessRequest, _ values: RequestValues
    ) -> Explanation.Outcome {
        switch outcome {
        case .tooEarly: .notYet(rule.notBefore ?? .distantPast)
        case .tooLate: .over(rule.notAfter ?? .distantFuture)
        case .holds: .decides(granted: granted(of: request.actions))
        case .mayHold:
            .dependsOnTag(
                pattern: Self.substituted(rule.match.tag ?? "", values), granted: granted(of: request.actions)
            )
        case .fails(let place): mismatch(conditions[place], request, values)
        case .tagFails: mismatch("tag", rule.match.tag, in: tag, Self.list(request.tag.names), values)
        case .gaveUp(let place, let why): .gaveUp(field: fieldName(conditions[place]), why: why)
        case .tagGaveUp(let why): .gaveUp(field: "tag", why: why)
        }
    }

    private func fieldName(_ condition: Condition) -> String {
        switch condition {
        case .field(let field, _, _): field.rawValue
        case .address: "ip"
        case .label(let name, _): "labels.\(name)"
        }
    }

    private func mismatch(
        _ condition: Condition, _ request: AccessRequest, _ values: RequestValues
    ) -> Explanation.Outcome {
        let name = fieldName(condition)
        switch condition {
        case .field(let field, let pattern, _):
            let value = String(decoding: values[field], as: UTF8.self)
            return mismatch(name, rule.match.text(of: field), in: pattern, value, values)
        case .address:
            let range = rule.match.ip ?? ""
            return .mismatch(
                Explanation.Mismatch(field: name, written: range, pattern: range, value: request.ip))
        case .label(let label, let pattern):
            let texts = values.labelTexts(label).map(\.text)
            guard !texts.isEmpty else { return .labelMissing(field: name, label: label) }
            return mismatch(name, rule.match.labels[label], in: pattern, Self.list(texts), values)
        }
    }

    private func mismatch(
        _ field: String, _ written: String?, in pattern: FieldPattern?, _ value: String?,
        _ values: RequestValues
    ) -> Explanation.Outcome {
        for case .label(let label) in pattern?.placeholders ?? [] where values.labelTexts(label).isEmpty {
            return .labelMissing(field: field, label: label)
        }
        let written = written ?? ""
        return .mismatch(
            Explanation.Mismatch(
                field: field, written: written, pattern: Self.substituted(written, values), value: value))
    }

    private static func substituted(_ pattern: String, _ values: RequestValues) -> String {
        // The pattern has been cut once before, when the rule was compiled.
        let pieces = (try? TextPiece.cut(pattern)) ?? [.text(pattern)]
        return pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .placeholder(.field(let field)): String(decoding: values[field], as: UTF8.self)
            case .placeholder(.capture(let field, let group)):
                String(decoding: values.capture(field, group), as: UTF8.self)
            case .placeholder(.label(let name)): list(values.labelTexts(name).map(\.text)) ?? ""
            }
        }.joined()
    }

    /// Several texts as `{a,b}`, of very many the first; nil for none.
    private static func list(_ texts: [String]) -> String? {
        guard texts.count > 1 else { return texts.first }
        let shown = texts.prefix(20) + (texts.count > 20 ? ["…"] : [])
        return "{\(shown.joined(separator: ","))}"
    }
}

extension TagContext {
    fileprivate var names: [String] {
        switch self {
        case .unknown: []
        case .known(let names): names
        }
    }
}

extension Rule.Match {
    fileprivate func text(of field: Field) -> String? {
        switch field {
        case .account: account
        case .type: type
        case .name: name
        case .service: service
        }
    }
}
