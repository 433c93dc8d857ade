/// The values of one request in the form that patterns are held against, worked out once for all rules.
struct RequestValues {
    let account: [UInt8]
    let type: [UInt8]
    let name: [UInt8]
    let service: [UInt8]
    let address: IPAddress?
    private let labels: Labels
    private let dialect: GlobDialect
    private var matchers: [String: (list: [LabelMatcher], work: Int)] = [:]
    /// What the groups of the rule now being asked have matched.
    var captures: [Field: [[UInt8]]] = [:]

    /// Most values, or combinations of values where a label stands twice, that one pattern is tried with. A
    /// glob counts as often as it has elements.
    static let combinationsMax = 10_000
    static let tooMany = "the account's labels have more than \(combinationsMax) values or combinations here"

    static var none: RequestValues {
        RequestValues(AccessRequest(account: .anonymous, type: "", name: "", actions: []), .homeport)
    }

    init(_ request: AccessRequest, _ dialect: GlobDialect) {
        self.account = Array(request.account.text.utf8)
        self.type = Array(request.type.utf8)
        self.name = Array(request.name.utf8)
        self.service = Array(request.service.utf8)
        self.address = request.ip.flatMap { IPAddress($0) }
        self.labels = request.labels
        self.dialect = dialect
    }

    subscript(field: Field) -> [UInt8] {
        switch field {
        case .account: account
        case .type: type
        case .name: name
        case .service: service
        }
    }

    func capture(_ field: Field, _ group: Int) -> [UInt8] {
        guard let groups = captures[field], group < groups.count else { return [] }
        return groups[group]
    }

    var labelNames: Dictionary<String, [LabelValue]>.Keys { labels.keys }

    /// The values of a label as they are written; empty when the account has none.
    func labelTexts(_ name: String) -> [LabelValue] { labels[name] ?? [] }

    /// The values of a label, ready to match. One that is a malformed glob matches nothing and is left out.
    mutating func label(_ name: String) -> [LabelMatcher] { prepared(name).list }

    /// How much it is to match all values of a label, where one text is 1.
    mutating func work(ofLabel name: String) -> Int { prepared(name).work }

    private mutating func prepared(_ name: String) -> (list: [LabelMatcher], work: Int) {
        if let known = matchers[name] { return known }
        let list = labelTexts(name).compactMap { LabelMatcher($0, dialect) }
        let made = (list, list.reduce(0) { $0 + $1.work })
        matchers[name] = made
        return made
    }
}

/// A label's value, ready to match.
enum LabelMatcher: Hashable, Sendable {
    case literal([UInt8])
    case glob([GlobElement])

    /// How much it is to match, where a text is 1.
    var work: Int {
        switch self {
        case .literal: 1
        case .glob(let elements): elements.count
        }
    }

    init?(_ value: LabelValue, _ dialect: GlobDialect) {
        let bytes = Array(value.text.utf8)
        if value.isLiteral || !bytes.contains(where: \.isSpecialInGlobs) {
            self = .literal(bytes)
        } else if let elements = try? GlobParser.elements(of: value.text, in: dialect) {
            self = .glob(elements)
        } else {
            return nil
        }
    }
}

extension UInt8 {
    fileprivate var isSpecialInGlobs: Bool {
        switch self {
        case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "["), .backslash: true
        default: false
        }
    }
}
