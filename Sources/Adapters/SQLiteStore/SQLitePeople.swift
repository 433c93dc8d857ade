package import Access
package import Accounts
import Foundation
import GRDB
package import ServerKit

extension SQLiteStore: PersonStore {
    package func people(after last: AccountName?, limit: Int) async throws(StoreError) -> [Person] {
        try await read("reading people of providers") { database in
            try database.rows(
                """
                SELECT name, provider, subject, labels, sealed_grant, confirmed_at, needs_browser, created_at
                FROM person WHERE name > ? ORDER BY name LIMIT ?
                """, [last?.text ?? "", limit], Self.person)
        }
    }

    package func save(_ person: Person) async throws(StoreError) {
        // Not announced: whoever serves them knows, and nobody else does.
        try await write("saving the person \(person.account)") { database in
            let holder = try database.row(
                "SELECT provider, subject FROM person WHERE name = ?", [person.account.text])
            if let holder {
                let isSame =
                    try holder.value(0, "person.provider") == person.provider
                    && holder.value(1, "person.subject") == person.subject
                guard isSame else { throw StoreError(.conflict, "the name is somebody else's") }
            }
            try database.run(
                "INSERT OR REPLACE INTO person VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    person.account.text, person.provider, person.subject,
                    try json(person.labels.mapValues { $0.map(\.text) }), Data(person.grant),
                    person.confirmedAt.microseconds, person.needsBrowser, person.createdAt.microseconds,
                ])
        }
    }

    package func removePerson(_ name: AccountName) async throws(StoreError) -> Bool {
        try await write("removing the person \(name)") { database in
            try database.run("DELETE FROM person WHERE name = ?", [name.text])
            return database.changesCount > 0
        }
    }

    private static func person(_ row: Row) throws -> Person {
        let labels: [String: [String]] = try row.json(3, "person.labels")
        return Person(
            account: try row.parsed(0, "person.name") { (text: String) in try AccountName(text) },
            provider: try row.value(1, "person.provider"), subject: try row.value(2, "person.subject"),
            // What a provider says of somebody is never a pattern.
            labels: labels.mapValues { $0.map { LabelValue($0, isLiteral: true) } },
            grant: try row.parsed(4, "person.sealed_grant") { (data: Data) in Array(data) },
            confirmedAt: try row.date(5, "person.confirmed_at"),
            needsBrowser: try row.value(6, "person.needs_browser"),
            createdAt: try row.date(7, "person.created_at"))
    }
}
