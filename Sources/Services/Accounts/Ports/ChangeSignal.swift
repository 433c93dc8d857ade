/// Says when accounts, rules, tokens or keys may have been changed, by this process or by another on the same
/// store.
///
/// Read on every request, so it costs nanoseconds: it is a number that has moved when something changed.
package protocol ChangeSignal: Sendable {
    /// Another number than before when something may have changed since.
    var generation: UInt64 { get }
}
