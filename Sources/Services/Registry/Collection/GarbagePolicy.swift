package import FoundationEssentials

/// What a collection may take, and how.
package struct GarbagePolicy: Sendable, Hashable {
    /// For how many seconds what nothing needs any more is kept.
    package var graceTime: TimeInterval
    /// Whether a manifest without a tag stays.
    package var keepsUntagged: Bool
    /// For how many seconds a line of a tag's history is kept.
    package var historyTime: TimeInterval
    /// How many lines of all histories together are kept.
    package var historyCountMax: Int
    /// Whether all files are looked at for those that no row knows: what a crash may leave behind.
    package var looksForStrays: Bool

    package init(
        graceTime: TimeInterval = 24 * 3600, keepsUntagged: Bool = false,
        historyTime: TimeInterval = 365 * 24 * 3600, historyCountMax: Int = 1_000_000,
        looksForStrays: Bool = true
    ) {
        self.graceTime = graceTime
        self.keepsUntagged = keepsUntagged
        self.historyTime = historyTime
        self.historyCountMax = historyCountMax
        self.looksForStrays = looksForStrays
    }
}

/// What a collection freed, or would free.
package struct GarbageReport: Sendable, Hashable {
    package var manifests = 0
    package var blobs = 0
    /// Those of the manifests and the blobs.
    package var bytes: Int64 = 0
    /// Abandoned ones, and what is left of some.
    package var uploads = 0
    package var repositories = 0
    /// Lines of tags' histories.
    package var historyLines = 0

    package init() {}
}

/// How a collection takes turns with everybody else who writes.
package struct GarbagePace: Sendable {
    /// Called after each step with the time it took.
    package let rest: @Sendable (Duration) async throws -> Void

    package init(rest: @Sendable @escaping (Duration) async throws -> Void) { self.rest = rest }

    /// Leaves the store to others for most of the time: also another process, which waits for its turn by
    /// looking now and then, finds it free.
    package static let gentle = GarbagePace { taken in
        try await ContinuousClock().sleep(for: max(.milliseconds(10), taken * 3))
    }

    /// Does not rest.
    package static let hasty = GarbagePace { _ in }
}
