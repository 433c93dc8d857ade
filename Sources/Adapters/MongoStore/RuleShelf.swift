import Access

/// Rules by the documents they were read from, so that a document is looked at again only when it has changed, and
/// one that was spoiled leaves in force what it said before.
struct RuleShelf: Sendable {
    struct Reading: Sendable {
        var rules: [Rule] = []
        /// Of documents that are new or have changed.
        var problems: [Problem] = []
    }

    struct Problem: Sendable {
        let identity: String
        let words: String
    }

    private struct Entry {
        let document: BSONDocument
        /// What it says, or what it last said when it could be read; nil for nothing.
        var rule: Rule?
        var isSkipped = false
    }

    private var entries: [BSON: Entry] = [:]

    /// How many documents there are that cannot be read.
    var skippedCount: Int { entries.values.count { $0.isSkipped } }

    /// Reads the documents of a collection, all there are.
    mutating func read(_ documents: [BSONDocument], style: PolicyStyle) -> Reading {
        var reading = Reading()
        var next: [BSON: Entry] = [:]
        var places: [Int: String] = [:]
        for document in documents {
            let key = document["_id"] ?? .document(document)
            var entry = entries[key]
            if entry?.document != document {
                entry = Self.entry(document, before: entry?.rule, style: style, &reading.problems)
            }
            if let rule = entry?.rule {
                if let other = places[rule.seq] {
                    if entries[key]?.isSkipped != true {
                        reading.problems.append(
                            Problem(
                                identity: document.identity,
                                words: "`seq` is \(rule.seq), as in the document \(other)"))
                    }
                    entry?.isSkipped = true
                } else {
                    places[rule.seq] = document.identity
                    reading.rules.append(rule)
                }
            }
            next[key] = entry
        }
        entries = next
        // By number, whatever their order in the collection.
        reading.rules.sort { $0.seq < $1.seq }
        return reading
    }

    private static func entry(
        _ document: BSONDocument, before: Rule?, style: PolicyStyle, _ problems: inout [Problem]
    ) -> Entry {
        do {
            guard let rule = try RuleDocument.rule(document) else {
                return Entry(document: document, rule: nil)
            }
            _ = try Policy(rules: [rule], style: style)
            return Entry(document: document, rule: rule)
        } catch {
            let rest = before == nil ? "" : "; what it said before stands"
            problems.append(Problem(identity: document.identity, words: "\(error)\(rest)"))
            return Entry(document: document, rule: before, isSkipped: true)
        }
    }
}

/// A rule as docker_auth keeps one, `{seq, match, actions, comment}`, with `not_before`, `expires` and `disabled`.
enum RuleDocument {
    static func document(_ rule: Rule) -> BSONDocument {
        var match: BSONDocument = [:]
        for (name, value) in [
            ("account", rule.match.account), ("type", rule.match.type), ("name", rule.match.name),
            ("service", rule.match.service), ("ip", rule.match.ip), ("tag", rule.match.tag),
        ] {
            match.append(name, value.map(BSON.string))
        }
        if !rule.match.labels.isEmpty {
            let labels = rule.match.labels.sorted { $0.key < $1.key }.map {
                BSONDocument.Field(name: $0.key, value: .string($0.value))
            }
            match.append("labels", .document(BSONDocument(labels)))
        }
        var document: BSONDocument = [
            "_id": AccountDocument.newIdentity(), "seq": .integer(rule.seq), "match": .document(match),
            "actions": .strings(rule.actions),
        ]
        document.append("comment", rule.comment.map(BSON.string))
        document.append("not_before", rule.notBefore.map(BSON.date))
        document.append("expires", rule.notAfter.map(BSON.date))
        return document
    }

    /// Nil for a rule that is switched off.
    static func rule(_ document: BSONDocument) throws(DocumentProblem) -> Rule? {
        guard try !document.flag("disabled") else { return nil }
        let match = try document.inner("match")
        // A condition that is not understood must not be one that is not there.
        for field in match.fields where !conditions.contains(field.name) {
            throw DocumentProblem("`match.\(field.name)` is no condition")
        }
        guard document["actions"] != nil else {
            throw DocumentProblem("actions", nil, expected: "a list of texts")
        }
        var labels: [String: String] = [:]
        for field in try match.inner("labels").fields {
            guard case .string(let pattern) = field.value else {
                throw DocumentProblem("match.labels.\(field.name)", field.value, expected: "a text")
            }
            labels[field.name] = pattern
        }
        return Rule(
            seq: try document.neededNumber("seq"),
            match: Rule.Match(
                account: try match.text("account"), type: try match.text("type"),
                name: try match.text("name"),
                service: try match.text("service"), ip: try match.text("ip"), labels: labels,
                tag: try match.text("tag")),
            actions: try document.texts("actions"), comment: try document.text("comment"),
            notBefore: try document.date("not_before"), notAfter: try document.date("expires"))
    }

    private static let conditions: Set<String> = [
        "account", "type", "name", "service", "ip", "labels", "tag",
    ]
}
