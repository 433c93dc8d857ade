/// Markup that is safe to send: whatever is put into a literal is escaped, unless it is markup itself.
///
///     let item: HTML = "<li title=\"\(name)\">\(name)</li>"
///
/// Attributes are always quoted; addresses go in by `\(link:)`.
package struct HTML: Sendable, Hashable {
    package let markup: String

    private init(markup: String) { self.markup = markup }

    /// Nothing.
    package static let empty = HTML(markup: "")

    /// Text, escaped.
    package init(text: String) { self.init(markup: Self.escaped(text)) }

    /// One after the other.
    package static func joined(_ parts: some Sequence<HTML>) -> HTML {
        var markup = ""
        for part in parts { markup += part.markup }
        return HTML(markup: markup)
    }

    package static func + (left: HTML, right: HTML) -> HTML { HTML(markup: left.markup + right.markup) }

    /// Text as it may stand between tags and in quoted attributes. Characters that HTML and SVG do not allow
    /// are left out.
    static func escaped(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "&") && byte != UInt8(ascii: "<")
                && byte != UInt8(ascii: ">") && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "'")
        }
        if isPlain { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            default:
                let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
                if !isControl { result.unicodeScalars.append(scalar) }
            }
        }
        return result
    }
}

extension HTML: ExpressibleByStringInterpolation {
    package init(stringLiteral value: String) { self.init(markup: value) }

    package init(stringInterpolation: StringInterpolation) { self.init(markup: stringInterpolation.markup) }

    package struct StringInterpolation: StringInterpolationProtocol {
        var markup = ""

        package init(literalCapacity: Int, interpolationCount: Int) {
            markup.reserveCapacity(literalCapacity + interpolationCount * 16)
        }

        package mutating func appendLiteral(_ literal: String) { markup += literal }

        package mutating func appendInterpolation(_ html: HTML) { markup += html.markup }

        package mutating func appendInterpolation(_ parts: [HTML]) {
            for part in parts { markup += part.markup }
        }

        package mutating func appendInterpolation(_ text: String) { markup += HTML.escaped(text) }

        package mutating func appendInterpolation(_ number: Int) { markup += String(number) }

        /// A length in a drawing, to two digits.
        package mutating func appendInterpolation(_ number: Double) { markup += Drawing.number(number) }

        /// An address in an attribute. One that would run as a program, or is of an unknown kind, becomes
        /// `#`.
        package mutating func appendInterpolation(link: String) {
            markup += HTML.isHarmless(link) ? HTML.escaped(link) : "#"
        }
    }

    /// Whether an address leads to a page, a calendar or a letter.
    static func isHarmless(_ link: String) -> Bool {
        guard let colon = link.utf8.firstIndex(of: UInt8(ascii: ":")) else { return true }
        let scheme = link[..<colon]
        // A colon after the path has begun is no end of a scheme.
        if scheme.contains(where: { $0 == "/" || $0 == "?" || $0 == "#" }) { return true }
        return ["https", "http", "webcal", "webcals", "mailto"].contains(scheme.lowercased())
    }
}
