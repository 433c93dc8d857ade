package import FoundationEssentials
import Synchronization

/// A time of day that a contract sets, for stores that note when something happened.
package final class ContractClock: Sendable {
    private let date = Mutex(Samples.date)

    package init() {}

    package var now: Date { date.withLock(\.self) }

    /// Lets time pass, and returns the time from then on.
    @discardableResult
    package func advance(_ seconds: TimeInterval) -> Date {
        date.withLock { date in
            date += seconds
            return date
        }
    }
}
