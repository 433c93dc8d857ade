internal import CoreMetrics
internal import FoundationEssentials
internal import Glibc
internal import Logging

/// How the last reading of the configuration went, beside the data, for whoever asked for it.
struct ReloadNote: Codable, Sendable {
    /// The server that read it.
    let process: Int
    /// The how manieth time, counted by that server.
    let count: Int
    /// What is wrong; then nothing has changed.
    var problems: [String] = []
    /// Keys that count after a restart.
    var waiting: [String] = []
    private var path = ""

    private enum CodingKeys: String, CodingKey { case process, count, problems, waiting }

    private static func path(in folder: DataFolder) -> String { folder.path + "/reload.json" }

    /// The next one of this process.
    init(folder: DataFolder) {
        process = Int(getpid())
        let last = Self.read(in: folder)
        count = last?.process == process ? (last?.count ?? 0) + 1 : 1
        path = Self.path(in: folder)
    }

    /// Nil where none has been written.
    static func read(in folder: DataFolder) -> ReloadNote? {
        (try? Data(contentsOf: URL(filePath: path(in: folder)))).flatMap {
            try? JSONDecoder().decode(ReloadNote.self, from: $0)
        }
    }

    func write() {
        do {
            try JSONEncoder().encode(self).write(to: URL(filePath: path), options: .atomic)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        } catch {
            Logger(label: "homeport.reload").warning(
                "how the configuration was read cannot be written down",
                metadata: ["file": "\(path)", "error": "\(error)"])
        }
    }
}

/// Every number about reading the configuration again, in one place, so that a dashboard can be read off this file.
enum ReloadMetrics {
    private static let isTaken = Meter(label: "homeport_config_last_reload_successful")
    private static let lastTaken = Meter(label: "homeport_config_last_reload_success_timestamp_seconds")
    private static let results = ["taken", "refused"].map { result in
        Counter(label: "homeport_config_reloads_total", dimensions: [("result", result)])
    }
    private static let configurations = Meter(label: "homeport_config_in_use")

    /// The program has started by a configuration that is right.
    static func begin(at date: Date) {
        _ = results
        isTaken.set(1)
        lastTaken.set(date.timeIntervalSince1970)
        configurations.set(1)
    }

    static func taken(at date: Date) {
        isTaken.set(1)
        lastTaken.set(date.timeIntervalSince1970)
        results[0].increment()
    }

    static func refused() {
        isTaken.set(0)
        results[1].increment()
    }

    /// By how many configurations somebody is still answered.
    static func inUse(_ count: Int) { configurations.set(count) }
}
