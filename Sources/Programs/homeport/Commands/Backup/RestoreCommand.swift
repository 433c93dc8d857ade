internal import ArgumentParser
internal import FileBlobs
internal import FoundationEssentials
internal import OCI
internal import SQLiteStore
internal import ServerKit

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Make a data folder out of a backup.",
        discussion: """
            The folder of the data must be empty or not there: nothing is overwritten. The digest of every blob is \
            compared on the way. Stopped in any way, it goes on where it was when it is called again, and no server \
            starts on what is not whole.

            Exit codes: 0 all is there, 1 something is missing in the backup, or the folder is not empty, 3 the \
            backup cannot be read or the folder cannot be written.
            """)

    @Argument(help: "A folder or an archive that `homeport backup` has made.", completion: .file())
    var place: String

    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup var settings: SettingsOptions

    func run() async throws {
        let surroundings = Surroundings.current
        let loaded = try settings.load()
        let backup = DataFolder(place).path
        let folder = DataFolder(loaded.values.data)
        let bucket = loaded.values.s3.isNamed ? loaded.values.s3.words : nil
        let report = try await Progress(terminal: surroundings.terminal).during(
            "Restoring \(backup) to \(folder.path)"
        ) {
            try await BlockingThreads(count: 1, queueMax: 1).run {
                try RestoreRun(folder: folder, bucket: bucket).restore(backup)
            }
        }
        surroundings.terminal.print(json ? try JSON.text(report) : report.text)
        guard report.missing.isEmpty else {
            throw CommandFailure.refused(
                "\(report.missing.count) blobs are missing in the backup; push them again, and `homeport verify` "
                    + "says in which repositories they are missed")
        }
    }
}

/// Makes a data folder out of a backup. Blocks.
struct RestoreRun: Sendable {
    let folder: DataFolder
    /// Where the blobs are, if that is not in the data.
    var bucket: String?

    func restore(_ backup: String) throws -> RestoreReport {
        let reading = try BackupReading(backup)
        try folder.create()
        let lock = try folder.lock(restoring: true)
        defer { withExtendedLifetime(lock) {} }
        do {
            return try fill(from: reading, backup)
        } catch let error as StoreError where error.kind == .conflict {
            throw CommandFailure.refused(error.description)
        }
    }

    private func fill(from reading: BackupReading, _ backup: String) throws -> RestoreReport {
        let target = try RestoreFolder(folder.path)
        var hasDatabase = false
        try reading.items { item, bytes in
            _ = try target.put(item, bytes)
            if item == .database { hasDatabase = true }
        }
        guard hasDatabase else {
            throw StoreError(
                .damaged, "\(backup) holds no whole backup: there is no \(DataFiles.database) in it")
        }
        let snapshot = try DatabaseSnapshot(opening: target.snapshot)
        var report = RestoreReport(from: backup, folder: folder.path)
        var last: Digest?
        while true {
            let page = try snapshot.blobs(after: last, limit: 1000)
            guard let end = page.last else { break }
            for blob in page {
                if try target.has(blob.digest, size: blob.size) {
                    report.blobs += 1
                    report.bytes += blob.size
                } else if blob.isHeld, bucket == nil {
                    report.missing.append(blob.digest.description)
                }
            }
            last = end.digest
        }
        try snapshot.close()
        try target.finish()
        report.bucket = bucket
        return report
    }
}

/// What a restore has done.
struct RestoreReport: Encodable, Sendable {
    let from: String
    let folder: String
    var blobs = 0
    var bytes: Int64 = 0
    /// Digests of blobs that repositories hold and the backup has not.
    var missing: [String] = []
    /// Where the blobs are that are not in the data; nobody has looked whether they are there.
    var bucket: String?

    init(from: String, folder: String) {
        self.from = from
        self.folder = folder
    }

    var text: String {
        var lines = ["restored \(blobs) blobs, \(SizeText.rounded(bytes)), from \(from) to \(folder)"]
        if let bucket {
            lines.append(
                "the other blobs are in the \(bucket); `homeport verify` says whether they are there")
        }
        return (lines + missing.map { "missing: \($0)" }).joined(separator: "\n")
    }
}
