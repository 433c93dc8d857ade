package import FoundationEssentials

/// An official warning.
package struct Warning: Hashable, Sendable {
    /// The identifier that its issuer gave it, which stays when it is updated where the issuer does so.
    package let id: String
    /// `FROST`, `Flood Watch`.
    package let event: String
    package let severity: Severity
    package let start: Date
    package let end: Date
    package let headline: String?
    package let details: String?
    package let instruction: String?
    /// Who issued it.
    package let issuer: String
    package let url: String?

    package init(
        id: String, event: String, severity: Severity, start: Date, end: Date, headline: String? = nil,
        details: String? = nil, instruction: String? = nil, issuer: String, url: String? = nil
    ) {
        self.id = id
        self.event = event
        self.severity = severity
        self.start = start
        self.end = end
        self.headline = headline
        self.details = details
        self.instruction = instruction
        self.issuer = issuer
        self.url = url
    }
}

/// How bad a warning is (CAP 1.2, `severity`).
package enum Severity: Int, Sendable, CaseIterable, Comparable {
    case unknown, minor, moderate, severe, extreme

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// Reads the word of CAP, in any case.
    package init(word: String) {
        switch word.lowercased() {
        case "minor": self = .minor
        case "moderate": self = .moderate
        case "severe": self = .severe
        case "extreme": self = .extreme
        default: self = .unknown
        }
    }
}
