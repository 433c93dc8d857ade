package import Access
import Accounts
import Audit
import Logging
package import ServerKit
import Synchronization

extension MongoStore: RuleStore {
    /// All rules that can be read, in order. While the database is away, as they were last.
    package func rules() async throws(StoreError) -> [Rule] {
        let generation = generation
        let kept = state.withLock(\.rules)
        if let kept, kept.generation == generation { return kept.rules }
        do throws(StoreError) {
            let rules = try await readRules()
            keep(rules, at: generation)
            return rules
        } catch {
            guard let kept, error.kind == .unavailable else { throw error }
            return kept.rules
        }
    }

    package func add(_ rule: Rule) async throws(StoreError) {
        let names = names
        let event = trailEvent(.addRule, of: "\(rule.seq)").saying(rule.words)
        try await change("adding rule \(rule.seq)", in: names.rules, trail: { event }) { client in
            guard try client.find(names.rules, ["seq": .integer(rule.seq)], limit: 1).isEmpty else {
                throw StoreError(.conflict, "there is one already")
            }
            try client.insert(names.rules, [RuleDocument.document(rule)])
        }
    }

    package func move(_ seq: Int, to target: Int) async throws(StoreError) {
        let names = names
        let event = trailEvent(.moveRule, of: "\(seq)").saying("to \(target)")
        try await change("moving rule \(seq) to \(target)", in: names.rules, trail: { event }) { client in
            let (from, to): (BSONDocument, BSONDocument) = (["seq": .integer(seq)], ["seq": .integer(target)])
            guard try !client.find(names.rules, from, limit: 1).isEmpty else {
                throw StoreError(.missing, "there is none at \(seq)")
            }
            guard seq != target else { return }
            guard try client.find(names.rules, to, limit: 1).isEmpty else {
                throw StoreError(.conflict, "there is one already")
            }
            guard try client.update(names.rules, from, ["$set": .document(to)]) else {
                throw StoreError(.missing, "there is none at \(seq)")
            }
        }
    }

    package func remove(_ seq: Int) async throws(StoreError) -> Bool {
        let names = names
        let event = trailEvent(.removeRule, of: "\(seq)")
        return try await change("removing rule \(seq)", in: names.rules, trail: { $0 ? event : nil }) {
            client in
            try client.delete(names.rules, ["seq": .integer(seq)], onlyOne: true) > 0
        }
    }

    /// Remembers rules that were read when the generation was this one, unless newer ones are remembered.
    func keep(_ rules: [Rule], at generation: UInt64) {
        state.withLock { state in
            guard state.rules.map({ $0.generation <= generation }) ?? true else { return }
            state.rules = KeptRules(generation: generation, rules: rules)
        }
    }

    /// Reads all rules, and tells of documents that are none.
    func readRules() async throws(StoreError) -> [Rule] {
        let names = names
        let documents = try await read("reading the rules") { client in try client.find(names.rules) }
        let (reading, skipped) = state.withLock { state in
            let reading = state.shelf.read(documents, style: style)
            return (reading, state.shelf.skippedCount)
        }
        MongoMetrics.skipped(skipped)
        for problem in reading.problems {
            log.error(
                "a rule's document is passed over",
                metadata: [
                    "collection": "\(names.rules)", "document": "\(problem.identity)",
                    "problem": "\(problem.words)",
                ])
        }
        return reading.rules
    }
}
