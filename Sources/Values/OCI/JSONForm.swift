import FoundationEssentials

/// Whether a text is JSON to the letter (RFC 8259), and says nothing twice.
///
/// The reader that manifests are read with is lenient where it does not look: it takes control characters and
/// unknown escapes in fields it does not know, and guesses encodings. Clients read with others, which refuse
/// all that; so what is stored as a manifest has to be what all of them take. Of a name that an object has twice,
/// some take the first value and some the last, so that what we hold to be needed would be something else for them.
struct JSONForm {
    /// What keeps a text from being taken.
    enum Fault: Equatable {
        case notJSON
        /// An object has this name twice.
        case twice(String)
    }

    private var rest: ArraySlice<UInt8>
    /// The names of each object that is open; of a list, none.
    private var names: [Set<String>] = []
    private var twin: String?

    /// The deepest nesting of objects and lists. Readers have limits of their own, most of them of a few
    /// hundred.
    static let depthMax = 500

    /// Readers written in Go take these in any case; to them, `Digest` after `digest` is the same name again.
    private static let readInAnyCase: Set = [
        "schemaversion", "mediatype", "artifacttype", "config", "layers", "blobs", "manifests", "subject",
        "digest",
        "size", "urls", "data", "platform", "annotations",
    ]

    private init(rest: ArraySlice<UInt8>) { self.rest = rest }

    /// What keeps `bytes` from being one JSON object in UTF-8, without a byte order mark and with every name once.
    static func fault(of bytes: [UInt8]) -> Fault? {
        guard String(validating: bytes, as: UTF8.self) != nil else { return .notJSON }
        var form = JSONForm(rest: bytes[...])
        form.skipBlanks()
        guard form.rest.first == UInt8(ascii: "{"), form.skipValue() else {
            return form.twin.map { .twice($0) } ?? .notJSON
        }
        form.skipBlanks()
        return form.rest.isEmpty ? nil : .notJSON
    }

    /// Goes over a value with all that is in it; false when it is none. A stack and no recursion, because how
    /// deep it goes is the client's choice.
    private mutating func skipValue() -> Bool {
        /// What ends the objects and lists that are open.
        var open: [UInt8] = []
        repeat {
            skipBlanks()
            switch rest.first {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard open.count < Self.depthMax else { return false }
                let isObject = take(UInt8(ascii: "{"))
                if !isObject { rest.removeFirst() }
                let end = UInt8(ascii: isObject ? "}" : "]")
                skipBlanks()
                if take(end) { break }
                open.append(end)
                names.append([])
                if isObject, !skipName() { return false }
                continue
            case UInt8(ascii: "\""): guard skipString() else { return false }
            case UInt8(ascii: "t"): guard skip("true") else { return false }
            case UInt8(ascii: "f"): guard skip("false") else { return false }
            case UInt8(ascii: "n"): guard skip("null") else { return false }
            default: guard skipNumber() else { return false }
            }
            guard skipEnds(&open) else { return false }
        } while !open.isEmpty
        return true
    }

    /// After a value: the ends of what it closes, or the comma before the next one.
    private mutating func skipEnds(_ open: inout [UInt8]) -> Bool {
        while let end = open.last {
            skipBlanks()
            if take(UInt8(ascii: ",")) {
                guard end == UInt8(ascii: "}") else { return true }
                skipBlanks()
                return skipName()
            }
            guard take(end) else { return false }
            open.removeLast()
            names.removeLast()
        }
        return true
    }

    private mutating func skipName() -> Bool {
        let start = rest.startIndex
        let text = rest
        guard rest.first == UInt8(ascii: "\""), skipString() else { return false }
        guard let name = Self.string(text[start..<rest.startIndex]) else { return false }
        // Go also takes a long s for an s.
        let folded = String(name.lowercased().map { $0 == "ſ" ? "s" : $0 })
        let said = Self.readInAnyCase.contains(folded) ? folded : name
        guard names[names.count - 1].insert(said).inserted else {
            twin = name
            return false
        }
        skipBlanks()
        return take(UInt8(ascii: ":"))
    }

    /// What stands in quotes, without its escapes; nil for half a surrogate pair.
    private static func string(_ quoted: ArraySlice<UInt8>) -> String? {
        guard quoted.contains(UInt8(ascii: "\\")) else {
            return String(validating: quoted.dropFirst().dropLast(), as: UTF8.self)
        }
        return try? JSONDecoder().decode(String.self, from: Data(quoted))
    }

    private mutating func skipString() -> Bool {
        rest.removeFirst()
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return true
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return false }
                if escaped == UInt8(ascii: "u") {
                    guard skipCodeUnits() else { return false }
                } else {
                    guard #""\/bfnrt"#.utf8.contains(escaped) else { return false }
                }
            case 0..<0x20: return false
            default: break
            }
        }
        return false
    }

    /// After `\u`: one UTF-16 code unit, or with `\u` between them the two of a pair. Half a pair is no character, and
    /// each reader makes something else of it (RFC 8259, 8.2).
    private mutating func skipCodeUnits() -> Bool {
        guard let first = takeCodeUnit() else { return false }
        guard UTF16.isSurrogate(first) else { return true }
        guard UTF16.isLeadSurrogate(first), skip("\\u"), let second = takeCodeUnit() else { return false }
        return UTF16.isTrailSurrogate(second)
    }

    private mutating func takeCodeUnit() -> UInt16? {
        let digits = rest.prefix(4)
        guard digits.count == 4, digits.allSatisfy(\.isHexDigit) else { return nil }
        rest = rest.dropFirst(4)
        return UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
    private mutating func skipNumber() -> Bool {
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { guard skipDigits() else { return false } }
        if take(UInt8(ascii: ".")) { guard skipDigits() else { return false } }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            return skipDigits()
        }
        return true
    }

    private mutating func skipDigits() -> Bool {
        let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        rest = rest.dropFirst(digits.count)
        return !digits.isEmpty
    }

    private mutating func skip(_ word: String) -> Bool {
        guard rest.starts(with: word.utf8) else { return false }
        rest = rest.dropFirst(word.utf8.count)
        return true
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard rest.first == byte else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func skipBlanks() {
        rest = rest.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
    }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}
