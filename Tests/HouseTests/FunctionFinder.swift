/// A function, initialiser or property with a body, and how many lines it takes.
struct FoundFunction: Hashable {
    let name: String
    /// Counted from 1.
    let line: Int
    let length: Int
}

/// Finds the functions of a file by their keywords and braces.
enum FunctionFinder {
    private static let keywords: Set<Substring> = ["func", "init", "deinit", "subscript", "var"]

    static func functions(in file: SourceFile) -> [FoundFunction] {
        file.codeLines.indices.compactMap { index in
            guard let name = declaredName(file.codeLines[index]) else { return nil }
            guard let end = endOfBody(file.codeLines, from: index) else { return nil }
            return FoundFunction(name: name, line: index + 1, length: end - index + 1)
        }
    }

    /// The name that a line declares, when it declares something that can have a body.
    private static func declaredName(_ line: Substring) -> String? {
        let words = line.split { " (<?!{:".contains($0) }
        guard let position = words.firstIndex(where: keywords.contains), position <= 5 else { return nil }
        let modifiers = words[..<position]
        guard modifiers.allSatisfy({ $0.first?.isLowercase == true || $0.first == "@" }) else { return nil }
        let keyword = words[position]
        guard keyword == "func" || keyword == "var" else { return String(keyword) }
        return position + 1 < words.count ? String(words[position + 1]) : nil
    }

    /// The line on which the body that begins after `start` ends; nil when there is no body, as in a
    /// protocol.
    private static func endOfBody(_ lines: [Substring], from start: Int) -> Int? {
        var depth = 0
        var round = 0
        var hasBegun = false
        for index in start..<lines.count {
            for byte in lines[index].utf8 {
                switch byte {
                case UInt8(ascii: "("), UInt8(ascii: "["): round += 1
                case UInt8(ascii: ")"), UInt8(ascii: "]"): round -= 1
                case UInt8(ascii: "{") where round == 0 || hasBegun:
                    depth += 1
                    hasBegun = true
                case UInt8(ascii: "}") where hasBegun:
                    depth -= 1
                    if depth == 0 { return index }
                default: break
                }
                if round < 0, !hasBegun { return nil }
            }
            if !hasBegun, round == 0, isOver(lines, after: index) { return nil }
        }
        return nil
    }

    /// Whether a declaration without a body so far ends with this line: the next does not go on with it.
    private static func isOver(_ lines: [Substring], after index: Int) -> Bool {
        guard index + 1 < lines.count else { return true }
        let next = lines[index + 1].drop { $0 == " " }
        return !["{", "->", "throws", "async", "where", ")"].contains { next.hasPrefix($0) }
    }
}
