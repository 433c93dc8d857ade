internal import FileBlobs
internal import FoundationEssentials
internal import OCI
internal import SQLiteStore
internal import ServerKit

/// Writes one backup, while others read and write. Blocks.
struct BackupRun: Sendable {
    let data: String
    let database: SQLiteStore
    let now: @Sendable () -> Date
    /// What is kept elsewhere, in words.
    var elsewhere: String?
    /// Whether the blobs are in the data, rather than in a bucket.
    var hasBlobs = true

    /// How often it begins anew because something was collected between the snapshot and its turn.
    private static let roundsMax = 20
    private static let pageSize = 1000

    func write(to path: String, copying copies: Bool) throws -> BackupReport {
        var report: BackupReport
        if path.hasSuffix(".tar") {
            let archive = try BackupArchive(path, of: data)
            defer { archive.discard() }
            report = try write(to: archive, path)
        } else {
            let folder = try BackupFolder(path, of: data, copies: copies)
            report = try write(to: folder, path)
            let snapshot = try DatabaseSnapshot(opening: folder.database)
            report.removed = try folder.prune { try snapshot.known(among: $0) }
            try snapshot.close()
        }
        try LastBackup.write(report, in: data)
        return report
    }

    private func write(to place: any BackupPlace, _ path: String) throws -> BackupReport {
        var report = BackupReport(place: path, at: now(), version: Version.current)
        report.elsewhere = elsewhere
        report.holdsBlobs = hasBlobs
        for name in try DataFiles.list(in: data) { try place.take(file: name) }
        for round in 1... {
            report.at = now()
            let snapshot = try DatabaseSnapshot.make(of: database, at: place.snapshot)
            let isWhole =
                try !hasBlobs || takeBlobs(of: snapshot, to: place, isLast: round == Self.roundsMax, &report)
            try snapshot.close()
            if isWhole { break }
        }
        try place.finish(note: Array(JSON.text(report).utf8))
        return report
    }

    /// False when a blob that the snapshot needs was collected before its turn: then a new snapshot does not need
    /// it.
    private func takeBlobs(
        of snapshot: DatabaseSnapshot, to place: any BackupPlace, isLast: Bool, _ report: inout BackupReport
    ) throws -> Bool {
        report.blobs = 0
        report.bytes = 0
        report.damaged = []
        var last: Digest?
        while true {
            let page = try snapshot.blobs(after: last, limit: Self.pageSize)
            guard let end = page.last else { return true }
            for blob in page {
                switch try place.take(blob.digest, size: blob.size) {
                case .there: break
                case .linked: report.linked += 1
                case .copied: report.copied += 1
                case .gone where !blob.isHeld: continue
                case .gone where !isLast: return false
                case .gone, .damaged:
                    report.damaged.append(blob.digest.description)
                    continue
                }
                report.blobs += 1
                report.bytes += blob.size
            }
            last = end.digest
        }
    }
}
