package import FoundationEssentials

/// When a certificate is renewed, and how long is waited when that did not work.
package enum RenewalPlan {
    /// At two thirds of its life; or where the authority has named a time, at a moment of it.
    ///
    /// - Parameter lot: 0 to 1, chosen once for each certificate, so that not everybody comes at once.
    package static func time(begins: Date, ends: Date, window: ClosedRange<Date>?, lot: Double) -> Date {
        if let window {
            let length = window.upperBound.timeIntervalSince(window.lowerBound)
            return min(window.lowerBound.addingTimeInterval(length * lot), ends)
        }
        return begins.addingTimeInterval(ends.timeIntervalSince(begins) * 2 / 3)
    }

    private static let first: TimeInterval = 60
    private static let longest: TimeInterval = 6 * 3600

    /// How long after so many failures in a row the next attempt is made: a minute, then twice as long each
    /// time, up to six hours; never before the authority has said, and a little later for each lot.
    package static func next(failures: Int, error: AuthorityError, now: Date, lot: Double) -> Date {
        let doubled = first * Double(1 << min(max(failures, 1) - 1, 20))
        let patient =
            switch error.kind {
            // A person has to do something first.
            case .account: longest
            case .tooMany(until: nil): max(doubled, 3600)
            default: min(doubled, longest)
            }
        let own = now.addingTimeInterval(patient * (1 + lot / 4))
        if case .tooMany(let until?) = error.kind { return max(own, until.addingTimeInterval(lot * 60)) }
        return own
    }
}
