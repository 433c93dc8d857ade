package import FoundationEssentials
package import Weather

/// A service that foretells the weather.
///
/// An implementation obeys the rules of its service, waits a limited time and reads a limited body. It does
/// not retry: when to ask again, and whom, is for the caller.
package protocol ForecastSource: Sendable {
    var name: SourceName { get }

    /// Asks for a place.
    ///
    /// - Parameter mark: what came with the last answer this source gave for the place, so that it can say
    /// that nothing has changed.
    func forecast(for place: Place, since mark: SourceMark?) async throws(SourceError) -> SourceAnswer
}

/// A service that knows official warnings.
package protocol WarningSource: Sendable {
    /// `dwd`, `nws`, `met-norway`.
    var name: String { get }

    /// The warnings in force or foreseen for a place; none when it is not responsible for it.
    func warnings(for place: Place) async throws(SourceError) -> [Warning]
}

/// A service that knows where places are.
package protocol PlaceFinder: Sendable {
    /// Places of a name, the likeliest first, at most ten.
    func places(named name: String, language: Language) async throws(SourceError) -> [FoundPlace]
}

/// A place somebody may have meant.
package struct FoundPlace: Hashable, Sendable {
    package let name: String
    /// `Berlin, Germany`: enough to tell it from others of the name.
    package let region: String
    package let latitude: Double
    package let longitude: Double
    package let timeZone: String?

    package init(name: String, region: String, latitude: Double, longitude: Double, timeZone: String?) {
        self.name = name
        self.region = region
        self.latitude = latitude
        self.longitude = longitude
        self.timeZone = timeZone
    }
}

/// What a source answered.
package struct SourceAnswer: Sendable {
    /// Nil when nothing has changed since the mark.
    package let forecast: Forecast?
    package let mark: SourceMark?
    /// The source asks not to be asked again before.
    package let expires: Date?

    package init(forecast: Forecast?, mark: SourceMark? = nil, expires: Date? = nil) {
        self.forecast = forecast
        self.mark = mark
        self.expires = expires
    }
}

/// What a source wants to be told when it is asked again, such as its own `Last-Modified`. Only it
/// understands it.
package struct SourceMark: Hashable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }
}

/// Why a source had no answer. What it says is for the operator and holds no key.
package struct SourceError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        /// It cannot be reached, is not well or has been asked too often: the same call may succeed later.
        case unavailable
        /// It does not know the place, or is not responsible for it.
        case unknownPlace
        /// It will not answer: a key is missing or wrong, or its rules are not kept. A person has to act.
        case refused
        /// The answer cannot be understood.
        case misunderstood
    }

    package let kind: Kind
    package let description: String
    /// How many seconds the source asks to wait.
    package let retryAfter: Int?

    package init(_ kind: Kind, _ description: String, retryAfter: Int? = nil) {
        self.kind = kind
        self.description = description
        self.retryAfter = retryAfter
    }
}
