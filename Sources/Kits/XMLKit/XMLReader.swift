/// Reads the XML that servers answer with: elements, namespaces, text, CDATA, comments.
///
/// A document with a DOCTYPE is refused: no entity but the five of XML is ever expanded, so nothing is
/// fetched and nothing grows. Depth and count of elements have limits.
package struct XMLReader {
    static let depthMax = 32
    static let elementsMax = 200_000

    private let bytes: [UInt8]
    private var position = 0
    private var elements = 0

    /// The root element of a document in UTF-8.
    package static func root(of bytes: [UInt8]) throws(XMLProblem) -> XMLElement {
        var reader = XMLReader(bytes: bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes[3...]) : bytes)
        return try reader.document()
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func document() throws(XMLProblem) -> XMLElement {
        try skipProlog()
        guard !atEnd, bytes[position] == UInt8(ascii: "<") else { throw XMLProblem("there is no element") }
        let root = try tree()
        try skipProlog()
        guard atEnd else { throw XMLProblem("something follows the root element") }
        return root
    }

    private var atEnd: Bool { position >= bytes.count }

    private func starts(with text: StaticString) -> Bool {
        text.withUTF8Buffer { bytes[position...].starts(with: $0) }
    }

    /// White space, comments and processing instructions, before and after the root.
    private mutating func skipProlog() throws(XMLProblem) {
        while !atEnd {
            if bytes[position].isSpace {
                position += 1
            } else if starts(with: "<?") {
                _ = try through("?>", from: 2)
            } else if starts(with: "<!--") {
                _ = try through("-->", from: 4)
            } else if starts(with: "<!") {
                throw XMLProblem("a document type is not allowed")
            } else {
                return
            }
        }
    }

    /// Moves behind the next `end`, and returns what stood before it.
    private mutating func through(_ end: StaticString, from skip: Int) throws(XMLProblem) -> ArraySlice<UInt8>
    {
        let start = position + skip
        position = start
        while !atEnd {
            if starts(with: end) {
                defer { position += end.utf8CodeUnitCount }
                return bytes[start..<position]
            }
            position += 1
        }
        throw XMLProblem("the document ends too early")
    }

    /// An element that has been opened: what closes it, and the names of namespaces inside it.
    private struct Open {
        var element: XMLElement
        let tag: ArraySlice<UInt8>
        let namespaces: [String: String]
    }

    private mutating func tree() throws(XMLProblem) -> XMLElement {
        var stack: [Open] = []
        while true {
            guard !atEnd else { throw XMLProblem("the document ends too early") }
            if bytes[position] != UInt8(ascii: "<") {
                stack[stack.count - 1].element.text += try text()
            } else if starts(with: "<!--") {
                _ = try through("-->", from: 4)
            } else if starts(with: "<![CDATA[") {
                stack[stack.count - 1].element.text += try utf8(through("]]>", from: 9))
            } else if starts(with: "<?") {
                _ = try through("?>", from: 2)
            } else if starts(with: "<!") {
                throw XMLProblem("a declaration is not allowed")
            } else if starts(with: "</") {
                if let root = try close(&stack) { return root }
            } else {
                if let root = try open(&stack) { return root }
            }
        }
    }

    /// A start tag. Returns the element when it is the root and empty.
    private mutating func open(_ stack: inout [Open]) throws(XMLProblem) -> XMLElement? {
        elements += 1
        guard stack.count < Self.depthMax, elements <= Self.elementsMax else {
            throw XMLProblem("the document is too deep or too long")
        }
        position += 1
        let tag = try name()
        var namespaces = stack.last?.namespaces ?? ["xml": "http://www.w3.org/XML/1998/namespace"]
        let isEmpty = try attributes(&namespaces)
        let opened = Open(
            element: XMLElement(try resolve(tag, namespaces)), tag: tag, namespaces: namespaces)
        stack.append(opened)
        return isEmpty ? Self.pop(&stack) : nil
    }

    /// An end tag. Returns the element when it is the root.
    private mutating func close(_ stack: inout [Open]) throws(XMLProblem) -> XMLElement? {
        position += 2
        let tag = try name()
        skipSpace()
        guard !atEnd, bytes[position] == UInt8(ascii: ">"), tag == stack.last?.tag else {
            throw XMLProblem("an end tag does not fit")
        }
        position += 1
        return Self.pop(&stack)
    }

    private static func pop(_ stack: inout [Open]) -> XMLElement? {
        let done = stack.removeLast().element
        guard !stack.isEmpty else { return done }
        stack[stack.count - 1].element.children.append(done)
        return nil
    }

    /// The attributes of a start tag and its end. Returns whether the element is empty, `<a/>`.
    private mutating func attributes(_ namespaces: inout [String: String]) throws(XMLProblem) -> Bool {
        while true {
            skipSpace()
            guard !atEnd else { throw XMLProblem("the document ends inside a tag") }
            if starts(with: "/>") {
                position += 2
                return true
            }
            if bytes[position] == UInt8(ascii: ">") {
                position += 1
                return false
            }
            let attribute = try utf8(name())
            skipSpace()
            guard !atEnd, bytes[position] == UInt8(ascii: "=") else {
                throw XMLProblem("an attribute has no value")
            }
            position += 1
            skipSpace()
            let value = try quoted()
            if attribute == "xmlns" { namespaces[""] = value }
            if attribute.hasPrefix("xmlns:") { namespaces[String(attribute.dropFirst(6))] = value }
        }
    }

    private mutating func quoted() throws(XMLProblem) -> String {
        guard !atEnd, bytes[position] == UInt8(ascii: "\"") || bytes[position] == UInt8(ascii: "'") else {
            throw XMLProblem("an attribute is not quoted")
        }
        let mark = bytes[position]
        position += 1
        let start = position
        while !atEnd, bytes[position] != mark { position += 1 }
        guard !atEnd else { throw XMLProblem("the document ends inside a tag") }
        defer { position += 1 }
        return try expanded(bytes[start..<position])
    }

    private mutating func name() throws(XMLProblem) -> ArraySlice<UInt8> {
        let start = position
        while !atEnd, !bytes[position].endsName { position += 1 }
        guard position > start, position - start <= 256 else {
            throw XMLProblem("a name is missing or too long")
        }
        return bytes[start..<position]
    }

    private mutating func skipSpace() {
        while !atEnd, bytes[position].isSpace { position += 1 }
    }

    private mutating func text() throws(XMLProblem) -> String {
        let start = position
        while !atEnd, bytes[position] != UInt8(ascii: "<") { position += 1 }
        return try expanded(bytes[start..<position])
    }

    private func resolve(_ tag: ArraySlice<UInt8>, _ namespaces: [String: String]) throws(XMLProblem)
        -> XMLElement.Name
    {
        let parts = tag.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        let prefix = try parts.count == 2 ? utf8(parts[0]) : ""
        guard let namespace = namespaces[prefix] ?? (prefix.isEmpty ? "" : nil) else {
            throw XMLProblem("a prefix has no namespace")
        }
        return XMLElement.Name(namespace: namespace, local: try utf8(parts[parts.count - 1]))
    }

    private func utf8(_ slice: ArraySlice<UInt8>) throws(XMLProblem) -> String {
        guard let text = String(validating: slice, as: UTF8.self) else {
            throw XMLProblem("text is not UTF-8")
        }
        return text
    }

    /// Replaces `&lt;`, `&#10;` and the like.
    private func expanded(_ slice: ArraySlice<UInt8>) throws(XMLProblem) -> String {
        guard slice.contains(UInt8(ascii: "&")) else { return try utf8(slice) }
        var result = ""
        for (index, piece) in slice.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
            .enumerated()
        {
            guard index > 0 else {
                result += try utf8(piece)
                continue
            }
            guard let end = piece.firstIndex(of: UInt8(ascii: ";")), end - piece.startIndex <= 10 else {
                throw XMLProblem("an ampersand begins no reference")
            }
            result.unicodeScalars.append(try reference(utf8(piece[..<end])))
            result += try utf8(piece[(end + 1)...])
        }
        return result
    }

    private func reference(_ name: String) throws(XMLProblem) -> Unicode.Scalar {
        switch name {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        case "apos": return "'"
        default:
            let number =
                if name.hasPrefix("#x") { UInt32(name.dropFirst(2), radix: 16) } else if name.hasPrefix("#") {
                    UInt32(name.dropFirst())
                } else { UInt32?.none }
            guard let scalar = number.flatMap(Unicode.Scalar.init) else {
                throw XMLProblem("an entity is not known")
            }
            return scalar
        }
    }
}

extension UInt8 {
    fileprivate var isSpace: Bool { self == 0x20 || self == 0x09 || self == 0x0A || self == 0x0D }

    fileprivate var endsName: Bool {
        isSpace || self == UInt8(ascii: ">") || self == UInt8(ascii: "/") || self == UInt8(ascii: "=")
            || self == UInt8(ascii: "<") || self == UInt8(ascii: "\"")
    }
}
