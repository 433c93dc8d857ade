/// Blanks comments and texts out of Swift source, keeping every line where it is.
///
/// What is interpolated into a text is blanked with it.
struct CodeMask {
    private var rest: Substring.UTF8View
    private var result: [UInt8] = []

    static func blank(_ source: String) -> String {
        var mask = CodeMask(rest: source.utf8[...])
        mask.run()
        return String(decoding: mask.result, as: UTF8.self)
    }

    private init(rest: Substring.UTF8View) { self.rest = rest }

    private mutating func run() {
        while let byte = rest.first {
            if starts("//") {
                while let next = rest.first, next != UInt8(ascii: "\n") { blank(1) }
            } else if starts("/*") {
                blankComment()
            } else if let pounds = poundsBeforeQuote() {
                blankText(pounds: pounds)
            } else {
                result.append(byte)
                rest.removeFirst()
            }
        }
    }

    private func starts(_ text: String) -> Bool { rest.starts(with: text.utf8) }

    private mutating func blank(_ count: Int) {
        for byte in rest.prefix(count) {
            result.append(byte == UInt8(ascii: "\n") ? byte : UInt8(ascii: " "))
        }
        rest = rest.dropFirst(count)
    }

    private mutating func blankComment() {
        var depth = 0
        repeat {
            if starts("/*") {
                depth += 1
                blank(2)
            } else if starts("*/") {
                depth -= 1
                blank(2)
            } else {
                blank(1)
            }
        } while depth > 0 && !rest.isEmpty
    }

    /// How many `#` stand before a quote that begins here; nil where no text begins.
    private func poundsBeforeQuote() -> Int? {
        let pounds = rest.prefix { $0 == UInt8(ascii: "#") }.count
        return rest.dropFirst(pounds).first == UInt8(ascii: "\"") ? pounds : nil
    }

    private mutating func blankText(pounds: Int) {
        blank(pounds)
        let quote = starts("\"\"\"") ? "\"\"\"" : "\""
        blank(quote.utf8.count)
        let hashes = String(repeating: "#", count: pounds)
        while !rest.isEmpty {
            if starts(quote + hashes) {
                blank(quote.utf8.count + pounds)
                return
            }
            if starts("\\" + hashes + "(") {
                blank(2 + pounds)
                blankInterpolation()
            } else if starts("\\" + hashes) {
                blank(2 + pounds)
            } else {
                blank(1)
            }
        }
    }

    private mutating func blankInterpolation() {
        var depth = 1
        while depth > 0, let byte = rest.first {
            if let pounds = poundsBeforeQuote() {
                blankText(pounds: pounds)
                continue
            }
            if byte == UInt8(ascii: "(") { depth += 1 }
            if byte == UInt8(ascii: ")") { depth -= 1 }
            blank(1)
        }
    }
}
