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
    /// Closes the files of idle uploads, and throws away those that nobody has gone on with for too long. To
    /// be called every minute or so.
    package func sweepUploads() async throws -> UploadSweep {
        let date = now()
        uploads.closeIdle(since: date.addingTimeInterval(-limits.uploadIdleTime))
        var sweep = UploadSweep()
        let deadline = date.addingTimeInterval(-limits.uploadLifetime)
        for record in try await ledger.idle(since: deadline, limit: 1000) {
            guard case .notOpen = uploads.claim(record.id, at: date) else { continue }
            defer { uploads.drop(record.id) }
            try await blobs.discardUpload(record.id)
            try await ledger.end(record.id)
            sweep.expired += 1
        }
        for id in try await blobs.uploads() where !uploads.contains(id) {
            guard try await ledger.upload(id) == nil else { continue }
            try await blobs.discardUpload(id)
            sweep.orphaned += 1
        }
        if sweep != UploadSweep() {
            Logger.current.info(
                "old uploads cleared away",
                metadata: ["expired": "\(sweep.expired)", "orphaned": "\(sweep.orphaned)"])
        }
        return sweep
    }
}
