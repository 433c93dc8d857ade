/// What a look at one thing has found.
struct Finding: Encodable, Hashable, Sendable {
    enum State: String, Encodable {
        case fine, noted, wrong
    }

    /// What was looked at, in a word or two.
    let about: String
    let state: State
    let says: String
    /// How it is mended; nil when all is well.
    let cure: String?

    static func fine(_ about: String, _ says: String) -> Finding {
        Finding(about: about, state: .fine, says: says, cure: nil)
    }

    /// Not wrong, and yet to be known.
    static func noted(_ about: String, _ says: String, cure: String) -> Finding {
        Finding(about: about, state: .noted, says: says, cure: cure)
    }

    static func wrong(_ about: String, _ says: String, cure: String) -> Finding {
        Finding(about: about, state: .wrong, says: says, cure: cure)
    }

    /// For people: a line each, and one more for the cure.
    static func text(_ findings: [Finding]) -> String {
        let width = findings.map(\.about.count).max() ?? 0
        return findings.map { finding in
            let mark =
                switch finding.state {
                case .fine: "  ok   "
                case .noted: "  mind "
                case .wrong: "WRONG  "
                }
            let padding = String(repeating: " ", count: width - finding.about.count)
            let line = "\(mark)\(finding.about)\(padding)  \(printable(finding.says))"
            guard let cure = finding.cure else { return line }
            return line + "\n" + String(repeating: " ", count: width + 9) + "→ " + printable(cure)
        }.joined(separator: "\n")
    }
}
