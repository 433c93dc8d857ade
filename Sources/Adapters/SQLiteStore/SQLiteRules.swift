package import Access
import Accounts
import Audit
import Foundation
import GRDB
package import ServerKit

extension SQLiteStore: RuleStore {
    package func rules() async throws(StoreError) -> [Rule] {
        try await read("reading the rules") { database in
            try database.rows(
                """
                SELECT seq, account, type, name, service, ip, labels, tag, actions, comment, not_before,
                    not_after
                FROM rule ORDER BY seq
                """, [], Self.rule)
        }
    }

    package func add(_ rule: Rule) async throws(StoreError) {
        let match = rule.match
        try await write("adding rule \(rule.seq)", announcing: .accounts) {
            [trail = trailNote] database in
            try database.run(
                """
                INSERT INTO rule (seq, account, type, name, service, ip, labels, tag, actions, comment,
                    not_before, not_after)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    rule.seq, match.account, match.type, match.name, match.service, match.ip,
                    try json(match.labels), match.tag, try json(rule.actions), rule.comment,
                    rule.notBefore?.microseconds, rule.notAfter?.microseconds,
                ])
            try trail.write(.addRule, of: "\(rule.seq)", rule.words, in: database)
        }
    }

    package func move(_ seq: Int, to target: Int) async throws(StoreError) {
        try await write("moving rule \(seq) to \(target)", announcing: .accounts) {
            [trail = trailNote] database in
            try database.run("UPDATE rule SET seq = ? WHERE seq = ?", [target, seq])
            guard database.changesCount > 0 else { throw StoreError(.missing, "there is none at \(seq)") }
            try trail.write(.moveRule, of: "\(seq)", "to \(target)", in: database)
        }
    }

    package func remove(_ seq: Int) async throws(StoreError) -> Bool {
        try await write("removing rule \(seq)", announcing: .accounts) { [trail = trailNote] database in
            try database.run("DELETE FROM rule WHERE seq = ?", [seq])
            guard database.changesCount > 0 else { return false }
            try trail.write(.removeRule, of: "\(seq)", in: database)
            return true
        }
    }

    private static func rule(_ row: Row) throws -> Rule {
        Rule(
            seq: try row.value(0, "rule.seq"),
            match: Rule.Match(
                account: try row.optional(1, "rule.account"), type: try row.optional(2, "rule.type"),
                name: try row.optional(3, "rule.name"), service: try row.optional(4, "rule.service"),
                ip: try row.optional(5, "rule.ip"), labels: try row.json(6, "rule.labels"),
                tag: try row.optional(7, "rule.tag")),
            actions: try row.json(8, "rule.actions"), comment: try row.optional(9, "rule.comment"),
            notBefore: try row.optionalDate(10, "rule.not_before"),
            notAfter: try row.optionalDate(11, "rule.not_after"))
    }
}
