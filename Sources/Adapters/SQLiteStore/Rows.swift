import Foundation
import GRDB
import ServerKit

extension Database {
    /// Runs a statement that returns nothing.
    func run(_ sql: String, _ arguments: StatementArguments = []) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }

    /// The first row, or nil.
    func row(_ sql: String, _ arguments: StatementArguments = []) throws -> Row? {
        try Row.fetchOne(cachedStatement(sql: sql), arguments: arguments)
    }

    /// All rows, each turned into a value.
    func rows<Value>(
        _ sql: String, _ arguments: StatementArguments = [], _ value: (Row) throws -> Value
    ) throws -> [Value] {
        var values: [Value] = []
        let cursor = try Row.fetchCursor(cachedStatement(sql: sql), arguments: arguments)
        while let row = try cursor.next() { values.append(try value(row)) }
        return values
    }

    /// Whether there is a row.
    func has(_ sql: String, _ arguments: StatementArguments) throws -> Bool {
        try row(sql, arguments) != nil
    }
}

extension Row {
    /// The column at `index`. Throws `.damaged` when what is stored is of another kind.
    func value<Value: DatabaseValueConvertible>(_ index: Int, _ name: String) throws -> Value {
        guard let value = try optional(index, name) as Value? else {
            throw StoreError(.damaged, "column \(name) is empty")
        }
        return value
    }

    /// The column at `index`, or nil where it is NULL.
    func optional<Value: DatabaseValueConvertible>(_ index: Int, _ name: String) throws -> Value? {
        let stored: DatabaseValue = self[index]
        guard !stored.isNull else { return nil }
        guard let value = Value.fromDatabaseValue(stored) else {
            throw StoreError(.damaged, "column \(name) holds something else")
        }
        return value
    }

    /// The column at `index`, read by an initialiser that may refuse it.
    func parsed<Stored: DatabaseValueConvertible, Value>(
        _ index: Int, _ name: String, _ parse: (Stored) throws -> Value?
    ) throws -> Value {
        let stored: Stored = try value(index, name)
        do {
            if let value = try parse(stored) { return value }
        } catch {
            throw StoreError(.damaged, "column \(name) cannot be read", cause: error)
        }
        throw StoreError(.damaged, "column \(name) cannot be read")
    }

    func date(_ index: Int, _ name: String) throws -> Date {
        try parsed(index, name) { (stored: Int64) in Date(microseconds: stored) }
    }

    func optionalDate(_ index: Int, _ name: String) throws -> Date? {
        (try optional(index, name) as Int64?).map { Date(microseconds: $0) }
    }

    func json<Value: Decodable>(_ index: Int, _ name: String) throws -> Value {
        try parsed(index, name) { (text: String) in
            try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        }
    }
}

extension Date {
    /// Microseconds since 1970, as dates are stored.
    var microseconds: Int64 {
        let exact = (timeIntervalSince1970 * 1_000_000).rounded()
        return Int64(exactly: exact) ?? (exact > 0 ? .max : .min)
    }

    init(microseconds: Int64) { self.init(timeIntervalSince1970: Double(microseconds) / 1_000_000) }
}

/// The text of a column that holds JSON: the same for the same value, whichever process writes it.
func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}
