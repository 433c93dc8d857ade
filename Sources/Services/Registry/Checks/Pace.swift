/// Keeps work to so many bytes a second, so that it leaves the disk to others.
struct Pace: Sendable {
    /// Nil for as fast as can be.
    private let bytesPerSecond: Int?
    private var due = ContinuousClock.now

    init(bytesPerSecond: Int?) { self.bytesPerSecond = bytesPerSecond }

    /// Returns when it is time to go on after `count` bytes. A slow moment is not made up for by haste.
    mutating func spend(_ count: Int) async throws {
        guard let bytesPerSecond else { return try Task.checkCancellation() }
        let clock = ContinuousClock()
        due = max(due, clock.now) + .nanoseconds(Int64(Double(count) / Double(bytesPerSecond) * 1e9))
        try await clock.sleep(until: due)
    }
}
