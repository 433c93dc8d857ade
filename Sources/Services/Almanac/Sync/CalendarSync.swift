package import ICalendar

/// Brings a calendar on a server to hold the wanted events, with as few writes as can be.
///
/// Each round lists what is there, plans, and writes. A run that was cut off anywhere leaves nothing that a
/// later one does not find and finish: the state is what the server holds.
package struct CalendarSync: Sendable {
    /// What a run did.
    package struct Report: Hashable, Sendable {
        /// The plan of the first round: what there was to do.
        package let plan: SyncPlan
        /// How many writes succeeded.
        package let written: Int
        /// Writes that did not succeed in any round.
        package let failures: [CalendarServerError]
    }

    /// How often a run starts over before it leaves the rest to the next.
    package static let roundsMax = 4

    private let server: any CalendarServer
    private let pause: @Sendable (Duration) async throws -> Void
    private let chance: @Sendable () -> Double

    /// - Parameters:
    ///   - pause: waits that long; throws when the program is to stop.
    ///   - chance: a random number from 0 to 1, so that many programs do not come back at once.
    package init(
        server: any CalendarServer, pause: @escaping @Sendable (Duration) async throws -> Void,
        chance: @escaping @Sendable () -> Double
    ) {
        self.server = server
        self.pause = pause
        self.chance = chance
    }

    /// What a run would do; nothing is written, not even a calendar made.
    package func plan(_ wanted: [WantedEvent], keepingBefore moment: UTCSeconds? = nil) async throws
        -> SyncPlan
    {
        let existing = try await patiently { try await server.ownEvents() }
        return SyncPlan.make(wanted: wanted, existing: existing ?? [], keepingBefore: moment)
    }

    /// Carries out what the plan says. Throws when the server cannot be listed or the calendar not be made.
    package func run(_ wanted: [WantedEvent], keepingBefore moment: UTCSeconds? = nil) async throws -> Report
    {
        var first: SyncPlan?
        var written = 0
        var failures: [CalendarServerError] = []
        for round in 0..<Self.roundsMax {
            let plan = try await roundPlan(wanted, keepingBefore: moment)
            if first == nil { first = plan }
            let outcomes = try await write(plan.changes)
            failures = outcomes.compactMap { outcome in
                if case .failed(let error) = outcome { error } else { nil }
            }
            written += outcomes.count - failures.count
            let again = failures.filter { $0.kind == .unavailable || $0.kind == .conflict }
            guard !again.isEmpty, round + 1 < Self.roundsMax else { break }
            if again.contains(where: { $0.kind == .unavailable }) {
                try await pause(delay(round: round, asked: again.compactMap(\.retryAfter).max()))
            }
        }
        return Report(plan: first ?? SyncPlan(), written: written, failures: failures)
    }

    private func roundPlan(_ wanted: [WantedEvent], keepingBefore moment: UTCSeconds?) async throws
        -> SyncPlan
    {
        var existing = try await patiently { try await server.ownEvents() }
        if existing == nil {
            try await patiently { try await server.makeCalendar() }
            existing = []
        }
        return SyncPlan.make(wanted: wanted, existing: existing ?? [], keepingBefore: moment)
    }

    /// Sends the changes in portions. When the server stops answering, the rest counts as not done.
    private func write(_ changes: [SyncChange]) async throws -> [SyncOutcome] {
        var outcomes: [SyncOutcome] = []
        while outcomes.count < changes.count {
            try Task.checkCancellation()
            let portion = Array(changes[outcomes.count...].prefix(server.changesMax))
            do {
                let answers = try await server.apply(portion)
                precondition(answers.count == portion.count, "every change has an outcome")
                outcomes += answers
            } catch {
                let left = changes.count - outcomes.count
                outcomes += Array(repeating: .failed(error), count: left)
            }
        }
        return outcomes
    }

    /// Repeats a call that failed for now.
    private func patiently<Value: Sendable>(
        _ call: () async throws -> Value
    ) async throws -> Value {
        for round in 0..<Self.roundsMax - 1 {
            do {
                return try await call()
            } catch let error as CalendarServerError where error.kind == .unavailable {
                try await pause(delay(round: round, asked: error.retryAfter))
            }
        }
        return try await call()
    }

    /// One, two, four seconds and so on, half of it left to chance; as long as the server asks, up to five
    /// minutes.
    private func delay(round: Int, asked: Int?) -> Duration {
        let base = Double(1 << min(round, 8))
        let wait = max(base / 2 + base / 2 * chance(), Double(asked ?? 0))
        return .milliseconds(Int64(min(wait, 300) * 1000))
    }
}
