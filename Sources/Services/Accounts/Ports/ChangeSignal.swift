/// Says when accounts, rules, tokens or keys may have been changed, by this process or by another on the same
/// store.
///
/// Read on every request, so it costs nanoseconds: it is a number that has moved when something changed.
package protocol ChangeSignal: Sendable {
    /// Another number than before when something may have changed since.
    var generation: UInt64 { get }

    /// Whether the store can be asked, as far as that is known without asking.
    var reach: StoreReach { get }
}

extension ChangeSignal {
    package var reach: StoreReach { .certain }
}

/// Where a store is, for those who ask it.
package enum StoreReach: Sendable, Hashable {
    /// On this machine: it can always be asked, or the machine is out of order.
    case certain
    /// Elsewhere, and it answers.
    case there
    /// Elsewhere, and it does not answer. Nobody signs in until it does; what was read before stands for tokens that
    /// were issued before.
    case away
}
