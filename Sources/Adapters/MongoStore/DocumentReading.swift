import Access
import FoundationEssentials
import ServerKit

/// What is wrong with a document that somebody wrote, in words that name the field.
struct DocumentProblem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    init(_ field: String, _ value: BSON?, expected: String) {
        self.init(
            value.map { "`\(field)` is \($0.kind); expected \(expected)" }
                ?? "`\(field)` is missing; expected \(expected)")
    }
}

/// Fields of documents as Swift's values. Whoever writes documents by hand or from other languages has numbers of
/// other widths, dates as texts and truth values as numbers; what cannot be meant otherwise is taken.
extension BSONDocument {
    func text(_ name: String) throws(DocumentProblem) -> String? {
        switch self[name] {
        case nil: return nil
        case .string(let text)?: return text
        case let other: throw DocumentProblem(name, other, expected: "a text")
        }
    }

    func neededText(_ name: String) throws(DocumentProblem) -> String {
        guard let text = try text(name) else { throw DocumentProblem(name, nil, expected: "a text") }
        return text
    }

    func neededNumber(_ name: String) throws(DocumentProblem) -> Int {
        guard let number = self[name]?.wholeNumber else {
            throw DocumentProblem(name, self[name], expected: "a whole number")
        }
        return Int(number)
    }

    /// False where there is none.
    func flag(_ name: String) throws(DocumentProblem) -> Bool {
        switch self[name] {
        case nil: return false
        case .bool(let flag)?: return flag
        case let other:
            switch other?.wholeNumber {
            case 0: return false
            case 1: return true
            default: throw DocumentProblem(name, other, expected: "true or false")
            }
        }
    }

    /// A date, or a text such as `2027-01-31T12:00:00Z` or `2027-01-31 12:00:00`, which is meant in UTC.
    func date(_ name: String) throws(DocumentProblem) -> Date? {
        switch self[name] {
        case nil: return nil
        case .date(let milliseconds)?: return Date(timeIntervalSince1970: Double(milliseconds) / 1000)
        case .string(let text)?:
            if let date = DateReading.date(text) { return date }
            throw DocumentProblem("`\(name)` is `\(text)`; expected a date")
        case let other: throw DocumentProblem(name, other, expected: "a date")
        }
    }

    func neededDate(_ name: String) throws(DocumentProblem) -> Date {
        guard let date = try date(name) else { throw DocumentProblem(name, nil, expected: "a date") }
        return date
    }

    /// A list of texts, empty where there is none.
    func texts(_ name: String) throws(DocumentProblem) -> [String] {
        switch self[name] {
        case nil: return []
        case .array(let list)?:
            var texts: [String] = []
            for entry in list {
                guard case .string(let text) = entry else {
                    throw DocumentProblem(name, entry, expected: "texts only")
                }
                texts.append(text)
            }
            return texts
        case let other: throw DocumentProblem(name, other, expected: "a list of texts")
        }
    }

    /// A document within this one, empty where there is none.
    func inner(_ name: String) throws(DocumentProblem) -> BSONDocument {
        switch self[name] {
        case nil: return [:]
        case .document(let document)?: return document
        case let other: throw DocumentProblem(name, other, expected: "a document")
        }
    }

    /// The account that something belongs to; an empty name is the anonymous one.
    func accountName(_ name: String) throws(DocumentProblem) -> AccountName {
        let text = try neededText(name)
        if text.isEmpty { return .anonymous }
        do throws(AccessError) {
            return try AccountName(text)
        } catch {
            throw DocumentProblem("`\(name)`: \(error)")
        }
    }

    /// The document's own identifier, in words for a log.
    var identity: String {
        switch self["_id"] {
        case .string(let text)?: text
        case .objectID(let bytes)?:
            bytes.hex
        case let other: other?.wholeNumber.map { "\($0)" } ?? "without an identifier that can be shown"
        }
    }
}

extension StoreError {
    /// What this program wrote itself cannot be read.
    init(_ document: BSONDocument, _ problem: DocumentProblem) {
        self.init(.damaged, "the document \(document.identity) cannot be read: \(problem)")
    }
}

/// Dates that were written as texts.
private enum DateReading {
    static func date(_ text: String) -> Date? {
        let parts = text.split(maxSplits: 1) { $0 == "T" || $0 == " " }
        guard let day = parts.first else { return nil }
        let clock = parts.count > 1 ? parts[1] : "00:00:00Z"
        let time = clock.prefix { $0.isWholeNumber || $0 == ":" }
        var rest = clock.dropFirst(time.count)
        var fraction = 0.0
        if rest.first == "." {
            let digits = rest.dropFirst().prefix { $0.isWholeNumber }
            guard let value = Double("0.\(digits)") else { return nil }
            fraction = value
            rest = rest.dropFirst(digits.count + 1)
        }
        let zone = rest.isEmpty ? "Z" : rest
        return (try? Date("\(day)T\(time)\(zone)", strategy: .iso8601))?.addingTimeInterval(fraction)
    }
}
