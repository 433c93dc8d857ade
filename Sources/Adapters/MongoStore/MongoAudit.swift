package import Audit
package import FoundationEssentials
package import ServerKit

extension MongoStore: AuditTrail {
    package func record(_ events: [AuditEvent]) async throws(StoreError) {
        guard !events.isEmpty else { return }
        let names = names
        try await read("writing to the trail") { client in try Self.record(events, client, names) }
    }

    package func entries(_ filter: AuditFilter, after last: AuditEntry?, limit: Int)
        async throws(StoreError) -> [AuditEntry]
    {
        let names = names
        return try await read("reading the trail") { client in
            try client.find(
                names.audit, AuditDocument.filter(filter, after: last), sort: ["at": -1, "_id": -1],
                limit: limit
            ).map(AuditDocument.entry)
        }
    }

    package func forget(before moment: Date, keeping count: Int, limit: Int) async throws(StoreError) -> Int {
        let names = names
        return try await read("forgetting old entries of the trail") { client in
            func remove(_ filter: BSONDocument, _ limit: Int) throws -> Int {
                guard limit > 0 else { return 0 }
                let found = try client.find(names.audit, filter, sort: ["_id": 1], limit: limit)
                guard !found.isEmpty else { return 0 }
                let identities = BSON.array(found.compactMap { $0["_id"] })
                return try client.delete(names.audit, ["_id": ["$in": identities]])
            }
            let old = try remove(["at": ["$lt": .int64(AuditDocument.microseconds(moment))]], limit)
            let newest = try client.find(names.audit, sort: ["_id": -1], limit: 1).first
            guard let last = newest?["_id"]?.wholeNumber else { return old }
            return old + (try remove(["_id": ["$lte": .int64(last - Int64(count))]], limit - old))
        }
    }

    /// Writes events down under numbers of their own.
    static func record(
        _ events: [AuditEvent], _ client: MongoClient, _ names: MongoSettings.Collections
    ) throws {
        let last = try client.count(names.counters, auditName, adding: events.count)
        let first = last - Int64(events.count) + 1
        let documents = events.enumerated().map { AuditDocument.document($1, first + Int64($0)) }
        do {
            try client.insert(names.audit, documents)
        } catch {
            // All or none: what was taken of them goes again, as far as the server lets it.
            _ = try? client.delete(names.audit, ["_id": ["$gte": .int64(first), "$lte": .int64(last)]])
            throw error
        }
    }

    /// What a change writes about itself, to be asked for in the caller's task.
    func trailEvent(_ action: AuditAction, of subject: String) -> AuditEvent {
        AuditEvent(at: now(), account: "", origin: .current, action: action, subject: subject)
    }
}

extension AuditEvent {
    /// The same, with what else is to be known.
    func saying(_ detail: String) -> AuditEvent {
        AuditEvent(
            at: at, account: account, origin: origin, action: action, outcome: outcome, subject: subject,
            detail: detail, count: count)
    }

    /// The same, of something else.
    func about(_ subject: String) -> AuditEvent {
        AuditEvent(
            at: at, account: account, origin: origin, action: action, outcome: outcome, subject: subject,
            detail: detail, count: count)
    }
}

/// An entry of the trail. Moments are numbers, since a date of MongoDB's knows no microseconds.
private enum AuditDocument {
    static func microseconds(_ date: Date) -> Int64 {
        Int64((date.timeIntervalSince1970 * 1_000_000).rounded())
    }

    static func filter(_ filter: AuditFilter, after last: AuditEntry?) -> BSONDocument {
        var conditions: [BSON] = []
        func add(_ name: String, _ value: BSON?) {
            if let value { conditions.append(.document(BSONDocument([.init(name: name, value: value)]))) }
        }
        add("at", filter.until.map { ["$lte": .int64(microseconds($0))] })
        add("at", filter.since.map { ["$gte": .int64(microseconds($0))] })
        add("account", filter.account.map(BSON.string))
        add("subject", filter.subject.map(BSON.string))
        add("action", filter.action.map { .string($0.rawValue) })
        if let last {
            let moment = BSON.int64(microseconds(last.event.at))
            conditions.append([
                "$or": [["at": ["$lt": moment]], ["at": moment, "_id": ["$lt": .int64(last.id)]]]
            ])
        }
        return conditions.isEmpty ? [:] : ["$and": .array(conditions)]
    }

    static func document(_ event: AuditEvent, _ id: Int64) -> BSONDocument {
        let origin = event.origin
        let kind = origin.commandUser != nil ? command : origin.requestID != nil ? "request" : "server"
        var document: BSONDocument = [
            "_id": .int64(id), "at": .int64(microseconds(event.at)),
            "account": .string(origin.commandUser ?? event.account), "origin": .string(kind),
            "action": .string(event.action.rawValue), "outcome": .string(event.outcome.rawValue),
            "subject": .string(event.subject), "count": .integer(event.count),
        ]
        document.append("address", origin.address.map(BSON.string))
        document.append("request", origin.requestID.map(BSON.string))
        document.append("detail", event.detail.isEmpty ? nil : .string(event.detail))
        return document
    }

    static func entry(_ document: BSONDocument) throws -> AuditEntry {
        do throws(DocumentProblem) {
            guard let id = document["_id"]?.wholeNumber, let at = document["at"]?.wholeNumber,
                let action = AuditAction(rawValue: try document.neededText("action")),
                let outcome = AuditOutcome(rawValue: try document.neededText("outcome"))
            else { throw DocumentProblem("it is no entry of the trail") }
            let account = try document.neededText("account")
            let isCommand = try document.neededText("origin") == command
            return AuditEntry(
                id: id,
                event: AuditEvent(
                    at: Date(timeIntervalSince1970: Double(at) / 1_000_000), account: account,
                    origin: RequestOrigin(
                        address: try document.text("address"), requestID: try document.text("request"),
                        commandUser: isCommand ? account : nil),
                    action: action, outcome: outcome, subject: try document.neededText("subject"),
                    detail: try document.text("detail") ?? "", count: try document.neededNumber("count")))
        } catch {
            throw StoreError(document, error)
        }
    }

    private static let command = "command"
}
