import FoundationEssentials
import Logging

/// What was cleared away of uploads that nobody went on with.
package struct UploadSweep: Sendable, Hashable {
    /// How many were thrown away for want of progress.
    package var expired = 0
    /// How many had bytes and no row, and were thrown away.
    package var orphaned = 0

    package init() {}
}

extension Registry {
    /// Closes the files of idle uploads, notes that those at work move, and throws away those that nobody has
    /// gone on with for too long. To be called every minute or so.
    package func sweepUploads() async throws -> UploadSweep {
        let date = now()
        uploads.closeIdle(since: date.addingTimeInterval(-limits.uploadIdleTime))
        for id in uploads.busy { try await ledger.touch(id, at: date) }
        var sweep = UploadSweep()
        let deadline = date.addingTimeInterval(-limits.uploadLifetime)
        for record in try await ledger.idle(since: deadline, limit: 1000) {
            if case .busy = uploads.claim(record.id, at: date) { continue }
            defer { uploads.drop(record.id) }
            // Another process may just have gone on with it.
            guard try await ledger.end(record.id, ifIdleSince: deadline) else { continue }
            try await blobs.discardUpload(record.id)
            sweep.expired += 1
        }
        for id in try await orphanedUploads() {
            try await blobs.discardUpload(id)
            sweep.orphaned += 1
        }
        try await blobs.clearLeftovers(before: deadline)
        if sweep != UploadSweep() {
            Logger.current.info(
                "old uploads cleared away",
                metadata: ["expired": "\(sweep.expired)", "orphaned": "\(sweep.orphaned)"])
        }
        return sweep
    }

    /// How many uploads a sweep would throw away.
    func abandonedUploads() async throws -> Int {
        let deadline = now().addingTimeInterval(-limits.uploadLifetime)
        return try await ledger.idle(since: deadline, limit: 100_000).count + orphanedUploads().count
    }

    /// Uploads that have bytes and no row.
    private func orphanedUploads() async throws -> [UploadID] {
        var orphaned: [UploadID] = []
        for id in try await blobs.uploads() where !uploads.contains(id) {
            if try await ledger.upload(id) == nil { orphaned.append(id) }
        }
        return orphaned
    }
}
