import Access

extension Property {
    /// The matcher agrees with the meaning of a glob, written down step by step and at any cost; and it is
    /// quick where that is not. The first line is the pattern, the second the text.
    static let globs = Property("globs") { input in
        let (pattern, text) = input.halves
        guard let glob = try? Glob(pattern) else { return }
        let matches = try requireQuick("matching") { glob.matches(text) }
        if glob.isLiteral {
            try requireEqual(
                matches, Array(text.utf8) == Array(glob.literalPrefix.utf8), "a pattern without wildcards")
        }
        if matches {
            try require(text.utf8.starts(with: glob.literalPrefix.utf8), "\(text) lacks its prefix")
        }
        let (scalars, targets) = (Array(pattern.unicodeScalars), Array(text.unicodeScalars))
        guard scalars.count <= 24, targets.count <= 24 else { return }
        var meaning = GlobMeaning(pattern: scalars, text: targets)
        try requireEqual(matches, meaning.matches(0, 0), "whether \(pattern) matches \(text)")
    }
}

/// What a glob means, one character of the pattern after the other.
private struct GlobMeaning {
    let pattern: [Unicode.Scalar]
    let text: [Unicode.Scalar]
    /// What was worked out before, so that a test ends.
    private var known: [Int: Bool] = [:]

    init(pattern: [Unicode.Scalar], text: [Unicode.Scalar]) {
        self.pattern = pattern
        self.text = text
    }

    /// Whether the pattern from one place on matches the text from another on.
    mutating func matches(_ place: Int, _ position: Int) -> Bool {
        let key = place * 1000 + position
        if let answer = known[key] { return answer }
        let answer = work(place, position)
        known[key] = answer
        return answer
    }

    private mutating func work(_ place: Int, _ position: Int) -> Bool {
        guard place < pattern.count else { return position == text.count }
        switch pattern[place] {
        case "*":
            let stars = pattern[place...].prefix { $0 == "*" }.count
            for end in position...text.count {
                if stars == 1, text[position..<end].contains("/") { return false }
                if matches(place + stars, end) { return true }
            }
            return false
        case "?":
            return position < text.count && text[position] != "/" && matches(place + 1, position + 1)
        case "[":
            let (end, holds) = readClass(place, position < text.count ? text[position] : nil)
            return holds && matches(end, position + 1)
        case "\\":
            return position < text.count && text[position] == pattern[place + 1]
                && matches(place + 2, position + 1)
        default:
            return position < text.count && text[position] == pattern[place]
                && matches(place + 1, position + 1)
        }
    }

    /// Where a class ends, and whether it holds this character.
    private func readClass(_ start: Int, _ scalar: Unicode.Scalar?) -> (end: Int, holds: Bool) {
        var place = start + 1
        let isNegated = pattern[place] == "^" || pattern[place] == "!"
        if isNegated { place += 1 }
        var isListed = false
        func member() -> Unicode.Scalar {
            if pattern[place] == "\\" { place += 1 }
            defer { place += 1 }
            return pattern[place]
        }
        while pattern[place] != "]" {
            let low = member()
            var high = low
            if pattern[place] == "-" {
                place += 1
                high = member()
            }
            if let scalar, (low...high).contains(scalar) { isListed = true }
        }
        guard let scalar, scalar != "/" else { return (place + 1, false) }
        return (place + 1, isListed != isNegated)
    }
}
