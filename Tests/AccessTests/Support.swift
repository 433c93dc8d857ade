import Access
import FoundationEssentials
import Testing

/// A moment that rules without dates do not care about.
let noon = Date(timeIntervalSince1970: 1_800_000_000)

/// A request with everything that a test does not care about filled in.
func request(
    _ account: String = "alice", labels: Labels = [:], ip: String? = nil, service: String = "registry",
    type: String = "repository", name: String = "team/app", actions: [String] = ["pull", "push"],
    tag: TagContext = .unknown
) throws -> AccessRequest {
    AccessRequest(
        account: account.isEmpty ? .anonymous : try AccountName(account), labels: labels, ip: ip,
        service: service, type: type, name: name, actions: actions, tag: tag)
}

extension Policy {
    /// Decides, after making sure that the explanation, which uses no index, comes to the same.
    func checked(
        _ request: AccessRequest, at date: Date = noon, sourceLocation: SourceLocation = #_sourceLocation
    ) -> Decision {
        let decision = decide(request, at: date)
        #expect(explain(request, at: date).decision == decision, sourceLocation: sourceLocation)
        return decision
    }
}

/// Whether one rule with these conditions holds.
func holds(
    _ match: Rule.Match, _ request: AccessRequest, style: PolicyStyle = .homeport,
    sourceLocation: SourceLocation = #_sourceLocation
) throws -> Bool {
    let policy = try Policy(rules: [Rule(seq: 1, match: match, actions: ["*"])], style: style)
    return policy.checked(request, sourceLocation: sourceLocation).rule == 1
}

/// The words in which a list of rules is refused.
func refusal(_ rules: [Rule], style: PolicyStyle = .homeport) -> String? {
    do throws(AccessError) {
        _ = try Policy(rules: rules, style: style)
        return nil
    } catch {
        return error.description
    }
}

/// Numbers that look random and are the same in every run.
struct Dice {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    mutating func roll(_ sides: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(sides))
    }

    mutating func pick<Value>(_ values: [Value]) -> Value { values[roll(values.count)] }

    /// A text of up to `length` of the given characters.
    mutating func text(of characters: String, atMost length: Int) -> String {
        let characters = Array(characters)
        return String((0..<roll(length + 1)).map { _ in pick(characters) })
    }
}
