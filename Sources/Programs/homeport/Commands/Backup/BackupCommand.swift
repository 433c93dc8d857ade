internal import ArgumentParser
internal import Audit
internal import FileBlobs
internal import FoundationEssentials
internal import SQLiteStore
internal import ServerKit

struct BackupCommand: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy everything to a folder or into an archive, also while a server runs.",
        discussion: """
            A name that ends in .tar is an archive, which is never overwritten. Any other is a folder, which holds \
            what a data folder holds and is brought up to date when it is named again: what is new comes, then what \
            is no longer needed goes. Until the new backup is whole, the one before is. `rsync` carries it elsewhere.

            On the disk of the data, blobs get one more name in the folder and take no room; that helps against \
            mistakes, not against a broken disk. On another disk they are copied, and their digests compared.

            What is kept in a MongoDB or in a bucket of S3 is not in it; it says so.

            A backup holds all secrets: keep it as you keep the data. `homeport restore` puts it back. Uploads that \
            are under way stay behind.

            Exit codes: 0 all is there, 1 something damaged is missing in it, 3 it could not be written.
            """)

    @Argument(help: "A folder, or an archive whose name ends in .tar.", completion: .file())
    var place: String

    @Flag(help: "Copy blobs also where one more name would do.")
    var copy = false

    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let data = stores.folder.path
        let path = DataFolder(place).path
        guard path != data, !path.hasPrefix(data + "/"), !data.hasPrefix(path + "/") else {
            throw CommandFailure.usage("\(path) and the data in \(data) must not lie in each other")
        }
        let (copies, now, database) = (copy, Surroundings.current.now, stores.database)
        let (elsewhere, hasBlobs) = (stores.values.notInBackups, !stores.values.s3.isNamed)
        let report = try await Progress(terminal: terminal).during("Copying \(data) to \(path)") {
            try await BlockingThreads(count: 1, queueMax: 1).run {
                try BackupRun(
                    data: data, database: database, now: now, elsewhere: elsewhere, hasBlobs: hasBlobs
                )
                .write(to: path, copying: copies)
            }
        }
        try await stores.note(.backup, by: "", of: path, report.words)
        terminal.print(json ? try JSON.text(report) : report.text)
        guard report.damaged.isEmpty else {
            throw CommandFailure.refused(
                "\(report.damaged.count) damaged blobs are not in the backup; `homeport verify` says what to do"
            )
        }
    }
}

extension Configuration {
    /// What a backup does not hold because it is kept elsewhere; nil when it holds everything.
    fileprivate var notInBackups: String? {
        let words = [
            mongodb.isNamed ? mongodb.notInBackups : nil, s3.isNamed ? s3.notInBackups : nil,
        ].compactMap(\.self)
        return words.isEmpty ? nil : words.joined(separator: "\n")
    }
}

/// What a backup has done, and what it says of itself.
struct BackupReport: Codable, Sendable {
    var place: String
    var at: Date
    var version: String
    var blobs = 0
    var bytes: Int64 = 0
    var linked = 0
    var copied = 0
    var removed = 0
    /// Digests of those that could not be taken.
    var damaged: [String] = []
    /// What is kept elsewhere, and so is not in it.
    var elsewhere: String?
    /// Nil in reports from when every backup held them.
    var holdsBlobs: Bool?

    private var hasBlobs: Bool { holdsBlobs ?? true }

    var words: String { "\(blobs) blobs with \(bytes) bytes, \(linked) linked and \(copied) copied now" }

    var text: String {
        var lines = [
            "backed up to \(place) at \(DateText.show(at))",
            hasBlobs
                ? "\(blobs) blobs, \(SizeText.rounded(bytes)): \(linked) linked, \(copied) copied, the others were there"
                : nil,
        ].compactMap(\.self)
        if removed > 0 { lines.append("\(removed) blobs that are not needed any more were removed") }
        lines += damaged.map { "damaged: \($0)" }
        if let elsewhere { lines.append(elsewhere) }
        return lines.joined(separator: "\n")
    }
}

/// The last backup of a data folder, as far as it knows.
enum LastBackup {
    static func read(in folder: String) -> BackupReport? {
        guard let content = try? Data(contentsOf: URL(filePath: path(folder))) else { return nil }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return try? decoder.decode(BackupReport.self, from: content)
    }

    static func write(_ report: BackupReport, in folder: String) throws {
        try Data(JSON.text(report).utf8).write(to: URL(filePath: path(folder)), options: .atomic)
    }

    private static func path(_ folder: String) -> String { "\(folder)/\(DataFiles.lastBackup)" }
}
