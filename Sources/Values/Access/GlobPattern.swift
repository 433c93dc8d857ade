/// What came of holding a pattern against a value.
enum Verdict: Hashable, Sendable {
    case holds
    case fails
    /// The pattern could not be decided within its limits. It counts as not matched, and nothing is granted.
    case gaveUp(String)
}

/// A glob ready to match.
///
/// The matcher keeps the set of places in the text that the elements so far can reach, and each element moves
/// that set on. There is no backtracking, so no pattern and no text is slow. `${labels:NAME}` moves the set
/// by every value of the label at once, which covers all combinations of several labels without building
/// them.
struct GlobPattern: Hashable, Sendable {
    let elements: [GlobElement]
    /// The one text that matches, when there is only one.
    let literal: [UInt8]?
    /// The labels that stand in the pattern, each as often as it does.
    private let labels: [String]
    /// Those that stand in it more than once: all places then mean the same value.
    private let repeatedLabels: [String]

    init(elements: [GlobElement]) {
        self.elements = elements
        if elements.isEmpty {
            self.literal = []
        } else if elements.count == 1, case .literal(let bytes) = elements[0] {
            self.literal = bytes
        } else {
            self.literal = nil
        }
        self.labels = elements.compactMap { element in
            if case .placeholder(.label(let name)) = element { name } else { nil }
        }
        let counts = labels.reduce(into: [:]) { counts, name in counts[name, default: 0] += 1 }
        self.repeatedLabels = counts.filter { $0.value > 1 }.keys.sorted()
    }

    /// Matches a glob that has no placeholders.
    func matches(_ text: [UInt8]) -> Bool {
        if let literal { return literal == text }
        var nobody = RequestValues.none
        return run(text, &nobody, bound: [:])
    }

    /// Where a match that starts with the text, and need not reach its end, can end. Without placeholders.
    func ends(in text: [UInt8]) -> [Int] {
        withPlaces(in: text) { places, _, _ in
            for element in elements { places.move(over: element, in: text) }
            return places.flags.indices.filter { places.flags[$0] }
        }
    }

    func matches(_ text: [UInt8], _ values: inout RequestValues) -> Verdict {
        if let literal { return literal == text ? .holds : .fails }
        if case .literal(let start) = elements[0], !text.has(start, at: 0) { return .fails }
        var work = 0
        for name in labels { work += values.work(ofLabel: name) }
        guard work <= RequestValues.combinationsMax else { return .gaveUp(RequestValues.tooMany) }
        // With every place free to mean any value more texts match than should, never fewer.
        guard run(text, &values, bound: [:]) else { return .fails }
        return repeatedLabels.isEmpty ? .holds : runBound(text, &values)
    }

    /// Tries each choice of one value for every repeated label.
    private func runBound(_ text: [UInt8], _ values: inout RequestValues) -> Verdict {
        let choices = repeatedLabels.map { values.label($0) }
        var work = 1
        for name in labels where !repeatedLabels.contains(name) { work += values.work(ofLabel: name) }
        var total = 1
        for (name, choice) in zip(repeatedLabels, choices) {
            total *= choice.count
            work *= values.work(ofLabel: name)
            guard work <= RequestValues.combinationsMax else { return .gaveUp(RequestValues.tooMany) }
        }
        for number in 0..<total {
            let bound = Self.choice(number, of: choices, for: repeatedLabels)
            if run(text, &values, bound: bound) { return .holds }
        }
        return .fails
    }

    /// One value for each name: the combination with this number.
    static func choice<Value>(_ number: Int, of choices: [[Value]], for names: [String]) -> [String: Value] {
        var remainder = number
        var chosen: [String: Value] = [:]
        for (name, choice) in zip(names, choices) {
            chosen[name] = choice[remainder % choice.count]
            remainder /= choice.count
        }
        return chosen
    }

    private func run(
        _ text: [UInt8], _ values: inout RequestValues, bound: [String: LabelMatcher]
    ) -> Bool {
        withPlaces(in: text) { places, sum, scratch in
            for element in elements {
                switch element {
                case .placeholder(.field(let field)): places.move(over: values[field], in: text)
                case .placeholder(.capture(let field, let group)):
                    places.move(over: values.capture(field, group), in: text)
                case .placeholder(.label(let name)):
                    let matchers = bound[name].map { [$0] } ?? values.label(name)
                    places.move(overAnyOf: matchers, in: text, sum: sum, scratch: scratch)
                default: places.move(over: element, in: text)
                }
                if places.isEmpty { return false }
            }
            return places.flags[text.count]
        }
    }
}

/// Runs `body` with three sets of places, of which the first holds the beginning of the text.
private func withPlaces<Result>(in text: [UInt8], _ body: (Places, Places, Places) -> Result) -> Result {
    let size = text.count + 1
    return withUnsafeTemporaryAllocation(of: Bool.self, capacity: 3 * size) { memory in
        memory.initialize(repeating: false)
        memory[0] = true
        return body(
            Places(UnsafeMutableBufferPointer(rebasing: memory[0..<size])),
            Places(UnsafeMutableBufferPointer(rebasing: memory[size..<2 * size])),
            Places(UnsafeMutableBufferPointer(rebasing: memory[2 * size..<3 * size])))
    }
}

/// The places in a text that a match has reached: one flag for each byte and one for the end.
private struct Places {
    let flags: UnsafeMutableBufferPointer<Bool>

    init(_ flags: UnsafeMutableBufferPointer<Bool>) { self.flags = flags }

    var isEmpty: Bool { !flags.contains(true) }

    func move(over element: GlobElement, in text: [UInt8]) {
        switch element {
        case .literal(let bytes): move(over: bytes, in: text)
        case .anyInSegment:
            for place in 1..<flags.count where flags[place - 1] && text[place - 1] != .slash {
                flags[place] = true
            }
        case .anything:
            for place in 1..<flags.count where flags[place - 1] { flags[place] = true }
        case .anyCharacter: moveOverCharacter(in: text) { $0 != UInt32(UInt8.slash) }
        case .oneOf(let characters): moveOverCharacter(in: text) { characters.contains($0) }
        case .placeholder: preconditionFailure("placeholders are resolved by the pattern that holds them")
        }
    }

    /// Going backwards, a place is read before it is written.
    func move(over literal: [UInt8], in text: [UInt8]) {
        guard !literal.isEmpty else { return }
        for place in stride(from: flags.count - 1, through: 0, by: -1) {
            let start = place - literal.count
            flags[place] = start >= 0 && flags[start] && text.has(literal, at: start)
        }
    }

    private func moveOverCharacter(in text: [UInt8], where holds: (UInt32) -> Bool) {
        for place in stride(from: flags.count - 1, through: 0, by: -1) {
            var start = place - 1
            while start > 0, text[start].isContinuation { start -= 1 }
            let endsCharacter = place == text.count || !text[place].isContinuation
            flags[place] = start >= 0 && endsCharacter && flags[start] && holds(text.scalar(start..<place))
        }
    }

    func move(overAnyOf matchers: [LabelMatcher], in text: [UInt8], sum: Places, scratch: Places) {
        sum.flags.update(repeating: false)
        for matcher in matchers {
            switch matcher {
            case .literal(let bytes):
                for start in 0..<flags.count where flags[start] && text.has(bytes, at: start) {
                    sum.flags[start + bytes.count] = true
                }
            case .glob(let elements):
                _ = scratch.flags.update(fromContentsOf: flags)
                for element in elements { scratch.move(over: element, in: text) }
                for place in 0..<flags.count where scratch.flags[place] { sum.flags[place] = true }
            }
        }
        _ = flags.update(fromContentsOf: sum.flags)
    }
}

extension [UInt8] {
    /// Whether `part` stands at `start`.
    func has(_ part: [UInt8], at start: Int) -> Bool {
        guard start >= 0, count - start >= part.count else { return false }
        for offset in 0..<part.count where self[start + offset] != part[offset] { return false }
        return true
    }

    /// The character that these bytes of a valid UTF-8 text encode.
    fileprivate func scalar(_ range: Range<Int>) -> UInt32 {
        let first = UInt32(self[range.lowerBound])
        guard range.count > 1 else { return first }
        var value = first & (0xFF >> UInt32(range.count + 1))
        for index in range.dropFirst() { value = value << 6 | UInt32(self[index] & 0x3F) }
        return value
    }
}
