/// Something that every request must have for which a rule can hold: what the rule is filed under.
enum RuleKey: Hashable, Sendable {
    /// What a name begins with, before the text of a key: nothing, or a value of the request.
    enum Front: Hashable, Sendable {
        case start
        case field(Field)
        case label(String)
    }

    case account([UInt8])
    case type([UInt8])
    case service([UInt8])
    /// The client's address begins with these bits.
    case address(IPRange)
    /// The account has a value for the label.
    case label(String)
    /// The name begins so; or, when `isWhole`, is so.
    case head(Front, [UInt8], isWhole: Bool)
    /// The name holds this text, which has one of `runLengths`.
    case run([UInt8])

    /// The lengths that texts within names are cut to, so that looking for them stays cheap. Cut is the
    /// front, since names that are alike mostly differ in their ends.
    static let runLengths = [3, 4, 5, 6, 8, 12, 16]

    var hash: KeyHash {
        switch self {
        case .account(let bytes): KeyHash(.account, TextHash(bytes).whole, bytes.count)
        case .type(let bytes): KeyHash(.type, TextHash(bytes).whole, bytes.count)
        case .service(let bytes): KeyHash(.service, TextHash(bytes).whole, bytes.count)
        case .address(let range): KeyHash.address(range)
        case .label(let name): KeyHash.label(name)
        case .head(let front, let bytes, let isWhole):
            KeyHash(isWhole ? .whole : .head, TextHash(bytes).whole, bytes.count, after: front)
        case .run(let bytes): KeyHash(.run, TextHash(bytes).whole, bytes.count)
        }
    }

    /// All keys that a rule can be filed under, the most telling kinds first.
    static func keys(of rule: CompiledRule) -> [RuleKey] {
        var keys: [RuleKey] = []
        var labels: [String] = []
        for condition in rule.conditions {
            switch condition {
            case .field(let field, let pattern, _):
                switch field {
                case .name: keys = nameKeys(of: pattern) + keys
                case .account: keys += pattern.literal.map { [.account($0)] } ?? []
                case .type: keys += pattern.literal.map { [.type($0)] } ?? []
                case .service: keys += pattern.literal.map { [.service($0)] } ?? []
                }
                for case .label(let name) in pattern.placeholders { labels.append(name) }
            case .label(let name, _): labels.append(name)
            case .address(let range): keys.append(.address(range))
            }
        }
        return keys + labels.map { .label($0) }
    }

    private static func nameKeys(of pattern: FieldPattern) -> [RuleKey] {
        switch pattern {
        case .glob(let glob): nameKeys(of: glob)
        case .regex(let regex): nameKeys(of: regex)
        case .interpreted(let pattern): pattern.head.map { [.head($0.front, $0.text, isWhole: false)] } ?? []
        }
    }

    private static func nameKeys(of glob: GlobPattern) -> [RuleKey] {
        if let literal = glob.literal { return [.head(.start, literal, isWhole: true)] }
        var keys: [RuleKey] = []
        var elements = glob.elements[...]
        var front: Front? = .start
        if case .placeholder(let placeholder)? = elements.first {
            front = Front(placeholder)
            elements.removeFirst()
        }
        if let front {
            if case .literal(let bytes)? = elements.first {
                keys.append(.head(front, bytes, isWhole: elements.count == 1))
            } else if front != .start {
                keys.append(.head(front, [], isWhole: elements.isEmpty))
            }
        }
        var longest: [UInt8] = []
        for case .literal(let bytes) in glob.elements where bytes.count > longest.count { longest = bytes }
        return keys + run(of: longest)
    }

    private static func nameKeys(of regex: RegexPattern) -> [RuleKey] {
        let outline = regex.outline
        let front = outline.headPlaceholder.map { Front($0) } ?? .start
        var keys: [RuleKey] = []
        let hasHead = outline.headPlaceholder != nil || !outline.head.isEmpty
        if let front, hasHead, regex.isAnchored || outline.startsWithCaret {
            keys.append(.head(front, outline.head, isWhole: false))
        }
        return keys + run(of: outline.longestRun)
    }

    private static func run(of text: [UInt8]) -> [RuleKey] {
        guard let length = runLengths.last(where: { $0 <= text.count }) else { return [] }
        return [.run(Array(text.suffix(length)))]
    }
}

extension RuleKey.Front {
    /// Nil for what is not known before the rule is asked, or says nothing.
    init?(_ placeholder: Placeholder) {
        switch placeholder {
        case .field(.name), .capture: return nil
        case .field(let field): self = .field(field)
        case .label(let name): self = .label(name)
        }
    }
}

extension FieldPattern {
    /// The one value that matches, when there is only one.
    fileprivate var literal: [UInt8]? {
        guard case .glob(let pattern) = self else { return nil }
        return pattern.literal
    }
}

/// Hashes of a text and of all its parts: any part's comes from two additions and one multiplication.
///
/// Somebody can make parts that hash alike; what they get is a rule that is asked in vain.
struct TextHash {
    private static let base: UInt64 = 0x9E37_79B9_7F4A_7C55
    private let prefixes: [UInt64]
    private let powers: [UInt64]

    init(_ text: [UInt8]) {
        var prefixes: [UInt64] = [0]
        var powers: [UInt64] = [1]
        prefixes.reserveCapacity(text.count + 1)
        powers.reserveCapacity(text.count + 1)
        for place in text.indices {
            prefixes.append(prefixes[place] &* Self.base &+ UInt64(text[place]) &+ 1)
            powers.append(powers[place] &* Self.base)
        }
        self.prefixes = prefixes
        self.powers = powers
    }

    var whole: UInt64 { prefixes[prefixes.count - 1] }

    func part(_ range: Range<Int>) -> UInt64 {
        prefixes[range.upperBound] &- prefixes[range.lowerBound] &* powers[range.count]
    }
}

/// The hash of a key, mixed so that its low bits can choose a slot.
struct KeyHash: Hashable, Sendable {
    enum Kind: UInt64 {
        case account = 1
        case type, service, address, label, head, whole, run
    }

    let value: UInt64

    init(_ kind: Kind, _ text: UInt64, _ length: Int, after front: RuleKey.Front = .start) {
        var value = text ^ (kind.rawValue << 56) ^ (UInt64(length) << 40)
        switch front {
        case .start: break
        case .field(let field): value ^= Self.mixed(TextHash(Array(field.rawValue.utf8)).whole &+ 1)
        case .label(let name): value ^= Self.mixed(TextHash(Array(name.utf8)).whole &+ 2)
        }
        // Zero marks an empty slot.
        self.value = max(Self.mixed(value), 1)
    }

    static func label(_ name: String) -> KeyHash {
        KeyHash(.label, TextHash(Array(name.utf8)).whole, name.utf8.count)
    }

    static func address(_ range: IPRange) -> KeyHash {
        let bits =
            UInt64(truncatingIfNeeded: range.head) ^ mixed(UInt64(truncatingIfNeeded: range.head >> 64))
        return KeyHash(.address, mixed(bits &+ (range.isV4 ? 1 : 0)), range.length)
    }

    /// The finaliser of SplitMix64.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
