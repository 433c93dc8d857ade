import Weather

/// One value in a JSON text.
struct JSONValue: Sendable {
    let text: JSONText
    let index: Int

    private var node: JSONText.Node { text.nodes[index] }

    var kind: JSONText.Kind { node.kind }
    var isNull: Bool { node.kind == .null }

    /// The member of this name, the first of several; nil when there is none or this is no object.
    subscript(name: StaticString) -> JSONValue? {
        guard node.kind == .object else { return nil }
        return text.member(name, from: index + 1, to: Int(node.next)).map { JSONValue(text: text, index: $0) }
    }

    /// The members of an object, for those who ask for many of them in the order in which they come.
    var members: Members {
        let end = node.kind == .object ? Int(node.next) : index + 1
        return Members(text: text, first: index + 1, position: index + 1, end: end)
    }

    /// Looks for each member behind the one that was found last, and only then before it.
    struct Members {
        fileprivate let text: JSONText
        fileprivate let first: Int
        fileprivate var position: Int
        fileprivate let end: Int

        subscript(name: StaticString) -> JSONValue? {
            mutating get {
                let found =
                    text.member(name, from: position, to: end) ?? text.member(name, from: first, to: position)
                guard let found else { return nil }
                position = Int(text.nodes[found].next)
                return JSONValue(text: text, index: found)
            }
        }
    }

    /// The elements of an array; none for anything else.
    var elements: Elements {
        guard node.kind == .array else { return Elements(text: text, position: index, end: index) }
        return Elements(text: text, position: index + 1, end: Int(node.next))
    }

    /// The elements as an array.
    var list: [JSONValue] { Array(elements) }

    struct Elements: Sequence, IteratorProtocol {
        let text: JSONText
        var position: Int
        let end: Int

        var first: JSONValue? { position < end ? JSONValue(text: text, index: position) : nil }

        mutating func next() -> JSONValue? {
            guard position < end else { return nil }
            defer { position = Int(text.nodes[position].next) }
            return JSONValue(text: text, index: position)
        }
    }

    /// The number; nil when it is null. Anything else is a mistake.
    func number() throws(AnswerMistake) -> Double? {
        switch node.kind {
        case .null: return nil
        case .number: return try read(at: Int(node.start), to: Int(node.end))
        default: throw mistake("should be a number")
        }
    }

    /// A number that may come as a string, as some services write them; nil for null, `""`, `NA` and the
    /// like.
    func numberOrText() throws(AnswerMistake) -> Double? {
        guard node.kind == .string else { return try number() }
        let text = self.text.bytes[Int(node.start)..<Int(node.end)]
        let trimmed = text.drop { $0 == 0x20 }
        guard let first = trimmed.first, first == UInt8(ascii: "-") || (48...57).contains(first) else {
            let isNothing =
                trimmed.isEmpty || trimmed.elementsEqual("NA".utf8) || trimmed.elementsEqual("N/A".utf8)
            guard isNothing else { throw mistake("should be a number") }
            return nil
        }
        guard trimmed.count > 1 || first != UInt8(ascii: "-") else { return nil }
        return try read(at: trimmed.startIndex, to: trimmed.endIndex)
    }

    func integer() throws(AnswerMistake) -> Int? {
        guard let number = try numberOrText() else { return nil }
        guard let integer = Int(exactly: number) else { throw mistake("should be a whole number") }
        return integer
    }

    /// The string, its escapes resolved; nil when it is null.
    func string() throws(AnswerMistake) -> String? {
        switch node.kind {
        case .null: return nil
        case .string: return JSONEscapes.resolved(text.bytes[Int(node.start)..<Int(node.end)])
        default: throw mistake("should be a text")
        }
    }

    /// Numbers with up to 15 digits are exact as a quotient or product of two exact doubles; others are left
    /// to the standard library.
    private func read(at start: Int, to end: Int) throws(AnswerMistake) -> Double {
        let stored = text.bytes
        let bytes = stored.span
        var position = start
        let isNegative = bytes[position] == UInt8(ascii: "-")
        if isNegative { position += 1 }
        var mantissa = 0
        var digits = 0
        var decimals = 0
        var seenPoint = false
        while position < end {
            let byte = bytes[position]
            if byte &- 48 < 10 {
                mantissa = mantissa &* 10 &+ Int(byte &- 48)
                digits += 1
                if seenPoint { decimals += 1 }
            } else if byte == UInt8(ascii: "."), !seenPoint {
                seenPoint = true
            } else {
                break
            }
            position += 1
        }
        if position == end, digits > 0, digits <= 15 {
            let value = Double(mantissa) / Self.powers[decimals]
            return isNegative ? -value : value
        }
        let spelled = String(decoding: text.bytes[start..<end], as: UTF8.self)
        guard let value = Double(spelled), value.isFinite else { throw mistake("should be a number") }
        return value
    }

    private static let powers: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ]

    func mistake(_ what: String) -> AnswerMistake { AnswerMistake("\(path) \(what)") }

    /// Where the value stands: `hourly.time[3]`. Only looked for when something is wrong with it.
    var path: String {
        var path = ""
        var current = 0
        while current != index {
            let node = text.nodes[current]
            var child = current + 1
            var count = 0
            while child < Int(node.next) {
                let value = node.kind == .object ? child + 1 : child
                if (value..<Int(text.nodes[value].next)).contains(index) {
                    let name = text.bytes[Int(text.nodes[child].start)..<Int(text.nodes[child].end)]
                    path +=
                        node.kind == .object
                        ? "\(path.isEmpty ? "" : ".")\(String(decoding: name.prefix(60), as: UTF8.self))"
                        : "[\(count)]"
                    current = value
                    break
                }
                child = Int(text.nodes[value].next)
                count += 1
            }
            guard child < Int(node.next) else { return path }
        }
        return path.isEmpty ? "the answer" : path
    }
}

extension JSONText {
    /// The value of the first member of this name among those whose nodes lie in `start..<end`.
    fileprivate func member(_ name: StaticString, from start: Int, to end: Int) -> Int? {
        var position = start
        while position < end {
            let node = nodes[position]
            if Int(node.end &- node.start) == name.utf8CodeUnitCount, holds(name, at: Int(node.start)) {
                return position + 1
            }
            position = Int(nodes[position + 1].next)
        }
        return nil
    }

    private func holds(_ word: StaticString, at start: Int) -> Bool {
        let stored = self.bytes
        let bytes = stored.span
        for offset in 0..<word.utf8CodeUnitCount where bytes[start + offset] != word.utf8Start[offset] {
            return false
        }
        return true
    }
}

/// What is wrong with an answer that is JSON, and where.
struct AnswerMistake: Error, Sendable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension JSONValue {
    /// A member that has to be there.
    func member(_ name: StaticString) throws(AnswerMistake) -> JSONValue {
        guard let member = self[name] else { throw mistake("has no '\(name)'") }
        return member
    }

    func number(_ name: StaticString) throws(AnswerMistake) -> Double? { try self[name]?.number() }
    func string(_ name: StaticString) throws(AnswerMistake) -> String? { try self[name]?.string() }

    /// The first of these members that is there and not null.
    func string(anyOf names: [StaticString]) throws(AnswerMistake) -> String? {
        for name in names { if let text = try string(name) { return text } }
        return nil
    }
}
