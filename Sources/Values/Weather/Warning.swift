package import FoundationEssentials

/// An official warning.
package struct Warning: Hashable, Sendable {
    /// What it says, in one language; of each text the first 4,000 characters.
    package struct Text: Hashable, Sendable {
        /// `frost`, `Flood Watch`; one line.
        package let event: String
        package let headline: String?
        package let details: String?
        package let instruction: String?

        private static let lengthMax = 4000

        package init(
            event: String, headline: String? = nil, details: String? = nil, instruction: String? = nil
        ) {
            self.event = String(event.prefix(Self.lengthMax)).onOneLine
            self.headline = headline.map { String($0.prefix(Self.lengthMax)) }
            self.details = details.map { String($0.prefix(Self.lengthMax)) }
            self.instruction = instruction.map { String($0.prefix(Self.lengthMax)) }
        }
    }

    /// The identifier that its issuer gave it, which stays when it is updated where the issuer does so.
    package let id: String
    package let severity: Severity
    package let start: Date
    /// After `start`.
    package let end: Date
    /// In the issuer's main language.
    package let text: Text
    /// In other languages, where the issuer gives them.
    package let translations: [Language: Text]
    /// Who issued it.
    package let issuer: String
    package let url: String?

    package init(
        id: String, severity: Severity, start: Date, end: Date, text: Text,
        translations: [Language: Text] = [:], issuer: String, url: String? = nil
    ) {
        self.id = id
        self.severity = severity
        self.start = start
        self.end = end
        self.text = text
        self.translations = translations
        self.issuer = issuer
        self.url = url
    }

    package func text(in language: Language) -> Text { translations[language] ?? text }
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
