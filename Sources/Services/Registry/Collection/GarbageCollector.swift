import FoundationEssentials
import Logging
import OCI
import ServerKit
import Synchronization

/// Frees what nothing needs any more, in steps of a few milliseconds, each durable for itself: whatever is
/// pushed between two of them counts at the next, and whoever is killed between two leaves only less to do.
///
/// docs/decisions/0016-garbage.md says what is garbage and why. Several may run at once.
package struct GarbageCollector: Sendable {
    let registry: Registry
    let garbage: any GarbageStore
    let policy: GarbagePolicy
    let pace: GarbagePace

    package init(
        _ registry: Registry, garbage: any GarbageStore, policy: GarbagePolicy,
        pace: GarbagePace = .gentle
    ) {
        self.registry = registry
        self.garbage = garbage
        self.policy = policy
        self.pace = pace
    }

    /// Collects everything that is garbage now and says what that was.
    package func collect() async throws -> GarbageReport {
        var report = GarbageReport()
        report.uploads += try await sweepUploads()
        try await collect(.manifests, into: &report)
        try await collect(.repositories, into: &report)
        try await collect(.links, into: &report)
        try await collectBlobs(into: &report)
        if policy.looksForStrays { try await collectStrays(into: &report) }
        // Those that hold nothing since their links went.
        try await collect(.repositories, into: &report)
        report.historyLines = try await trimHistory()
        if report != GarbageReport() {
            Logger.current.info(
                "garbage collected",
                metadata: [
                    "manifests": "\(report.manifests)", "blobs": "\(report.blobs)",
                    "bytes": "\(report.bytes)", "uploads": "\(report.uploads)",
                    "repositories": "\(report.repositories)", "history": "\(report.historyLines)",
                ])
        }
        return report
    }

    /// Counts what `collect` would free, without changing anything. What becomes garbage only by the
    /// collection itself, which without a grace time is the blobs of its manifests, is not foreseen.
    package func forecast() async throws -> GarbageReport {
        var report = GarbageReport()
        report.uploads = try await registry.abandonedUploads()
        for kind in [GarbageKind.manifests, .repositories] {
            try await forEachPage(of: kind) { items in
                report.manifests += items.reduce(0) { $0 + $1.manifests }
                report.bytes += items.reduce(0) { $0 + $1.size }
                if kind == .repositories { report.repositories += items.count }
            }
        }
        try await forEachPage(of: .blobs) { items in
            report.blobs += items.count
            report.bytes += items.reduce(0) { $0 + $1.size }
        }
        if policy.looksForStrays {
            try await forEachStrays { strays in
                report.blobs += strays.count
                report.bytes += strays.values.reduce(0, +)
            }
        }
        return report
    }

    /// How many are looked at in one go.
    private static let pageSize = 100
    private static let walkSize = 500
}

extension GarbageCollector {
    private var restingSince: Date { registry.now().addingTimeInterval(-policy.graceTime) }

    private var rule: GarbageRule {
        GarbageRule(restingSince: restingSince, keepsUntagged: policy.keepsUntagged)
    }

    /// Runs one step that writes, and then lets others.
    private func step<Value>(_ body: () async throws -> Value) async throws -> Value {
        try Task.checkCancellation()
        let start = ContinuousClock.now
        let value = try await body()
        try await pace.rest(ContinuousClock.now - start)
        return value
    }

    private func forEachPage(of kind: GarbageKind, _ body: ([Garbage]) async throws -> Void) async throws {
        let rule = rule
        var mark: String?
        repeat {
            try Task.checkCancellation()
            let page = try await garbage.garbage(of: kind, by: rule, after: mark, limit: Self.pageSize)
            try await body(page.items)
            mark = page.next
        } while mark != nil
    }

    private func collect(_ kind: GarbageKind, into report: inout GarbageReport) async throws {
        let rule = rule
        var found = report
        try await forEachPage(of: kind) { items in
            var rest = items[...]
            while !rest.isEmpty {
                let removal = try await step {
                    let removal = try await garbage.remove(Array(rest), of: kind, by: rule)
                    registry.caches.forgetWhatIsHeld()
                    return removal
                }
                rest = rest.dropFirst(removal.done)
                found.manifests += removal.manifests
                found.repositories += removal.repositories
                found.bytes += removal.size
            }
        }
        report = found
    }

    private func collectBlobs(into report: inout GarbageReport) async throws {
        while true {
            let taken = TakenBytes()
            let forgotten = try await step {
                try await registry.links.collect(unheldSince: registry.now(), limit: Self.pageSize) {
                    [blobs = registry.blobs] digest in
                    taken.note(try blobs.takeAway(digest))
                }
            }
            guard !forgotten.isEmpty else { return }
            registry.caches.forgetWhatIsHeld()
            try await free(taken)
            report.blobs += forgotten.count
            report.bytes += forgotten.values.reduce(0, +)
        }
    }

    private func collectStrays(into report: inout GarbageReport) async throws {
        var found = report
        try await forEachStrays { strays in
            let taken = TakenBytes()
            let gone = try await step {
                try await garbage.strays(among: Array(strays.keys)) { [blobs = registry.blobs] digest in
                    taken.note(try blobs.takeAway(digest))
                }
            }
            try await free(taken)
            found.blobs += gone.count
            found.bytes += gone.reduce(0) { $0 + (strays[$1] ?? 0) }
        }
        report = found
    }

    /// Walks the files that no row knows and that have been there long enough.
    private func forEachStrays(_ body: ([Digest: Int64]) async throws -> Void) async throws {
        let restingSince = restingSince
        var last: Digest?
        repeat {
            try Task.checkCancellation()
            let page = try await registry.blobs.digests(after: last, limit: Self.walkSize)
            let unknown = try await garbage.strays(among: page, remove: nil)
            let strays = try await registry.blobs.settled(before: restingSince, among: unknown)
            if !strays.isEmpty { try await body(strays) }
            last = page.count == Self.walkSize ? page.last : nil
        } while last != nil
    }

    /// Gives the room of removed blobs back, which may take a while, outside of every transaction.
    private func free(_ taken: TakenBytes) async throws {
        for id in taken.uploads { try await registry.blobs.discardUpload(id) }
    }

    private func sweepUploads() async throws -> Int {
        var count = 0
        while true {
            let sweep = try await step { try await registry.sweepUploads() }
            count += sweep.expired + sweep.orphaned
            guard sweep.expired > 0 else { return count }
        }
    }

    private func trimHistory() async throws -> Int {
        let moment = registry.now().addingTimeInterval(-policy.historyTime)
        var count = 0
        while true {
            let trimmed = try await step {
                try await garbage.trimHistory(
                    before: moment, countMax: policy.historyCountMax, limit: Self.pageSize)
            }
            count += trimmed
            guard trimmed > 0 else { return count }
        }
    }
}

/// Uploads that hold the bytes of blobs that were removed, noted by a thread that is not the collector's.
private final class TakenBytes: Sendable {
    private let noted = Mutex<[UploadID]>([])

    var uploads: [UploadID] { noted.withLock(\.self) }

    func note(_ id: UploadID?) {
        if let id { noted.withLock { $0.append(id) } }
    }
}
