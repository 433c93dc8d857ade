import FoundationEssentials

/// A value as MongoDB keeps it.
///
/// Documents are built from these and from nothing else: there is no way from a text to an operator, so what
/// somebody types as a name or a password is never more than a string.
enum BSON: Sendable, Hashable {
    case double(Double)
    case string(String)
    case document(BSONDocument)
    case array([BSON])
    case binary([UInt8])
    /// Twelve bytes that name a document.
    case objectID([UInt8])
    case bool(Bool)
    /// Milliseconds since 1970.
    case date(Int64)
    case null
    case int32(Int32)
    case int64(Int64)
    /// A kind that is only ever read, and of which nothing is done but to say that it was there.
    case other(UInt8)

    /// A whole number, in the width that other programs would choose for it.
    static func integer(_ value: Int) -> BSON {
        Int32(exactly: value).map(BSON.int32) ?? .int64(Int64(value))
    }

    /// A moment, to the millisecond.
    static func date(_ date: Date) -> BSON { .date(Int64((date.timeIntervalSince1970 * 1000).rounded())) }

    static func strings(_ texts: [String]) -> BSON { .array(texts.map(BSON.string)) }

    /// What it is, for sentences about what was expected instead.
    var kind: String {
        switch self {
        case .double, .int32, .int64: "a number"
        case .string: "a text"
        case .document: "a document"
        case .array: "a list"
        case .binary: "bytes"
        case .objectID: "an object's identifier"
        case .bool: "a truth value"
        case .date: "a date"
        case .null: "null"
        case .other: "something else"
        }
    }
}

extension BSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    init(stringLiteral text: String) { self = .string(text) }
    init(integerLiteral value: Int32) { self = .int32(value) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension BSON: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    init(arrayLiteral values: BSON...) { self = .array(values) }
    init(dictionaryLiteral pairs: (String, BSON)...) {
        self = .document(BSONDocument(pairs.map { .init(name: $0.0, value: $0.1) }))
    }
}

/// Names and values, in an order that counts: the first name of a command is the command.
struct BSONDocument: Sendable, Hashable {
    struct Field: Sendable, Hashable {
        let name: String
        let value: BSON
    }

    private(set) var fields: [Field]

    init(_ fields: [Field] = []) { self.fields = fields }

    /// The first value of this name; nil too where it is null.
    subscript(name: String) -> BSON? {
        for field in fields where field.name == name { return field.value == .null ? nil : field.value }
        return nil
    }

    mutating func append(_ name: String, _ value: BSON) { fields.append(Field(name: name, value: value)) }

    /// Appends what is there.
    mutating func append(_ name: String, _ value: BSON?) {
        if let value { append(name, value) }
    }
}

extension BSONDocument: ExpressibleByDictionaryLiteral {
    init(dictionaryLiteral pairs: (String, BSON)...) {
        self.init(pairs.map { Field(name: $0.0, value: $0.1) })
    }
}

/// Why bytes are no document, or a document cannot be written.
struct BSONProblem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
