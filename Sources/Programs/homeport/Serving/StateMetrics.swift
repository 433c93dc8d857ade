internal import Audit
internal import CoreMetrics
internal import Edge
internal import FoundationEssentials
internal import Glibc
internal import Logging
internal import Registry
internal import RegistryAPI
internal import SQLiteStore
internal import TokenAPI

/// What the server is in, as numbers that are looked up when somebody reads them.
struct StateMetrics: Sendable {
    private let database: SQLiteStore
    private let folder: String
    private let gauges = Gauges()

    /// - Parameter folder: the one everything lies in.
    init(database: SQLiteStore, folder: String, now: Date) {
        self.database = database
        self.folder = folder
        gauges.started.set(now.timeIntervalSince1970)
        Meter(label: "homeport_build_info", dimensions: [("version", Version.current)]).set(1)
        EdgeMetrics.begin()
        RegistryMetrics.begin()
        TokenMetrics.begin()
        SignInMetrics.begin()
        BanMetrics.begin()
        AuditMetrics.begin()
        DatabaseMetrics.begin()
        UpkeepMetrics.begin()
        CheckMetrics.begin()
        ReloadMetrics.begin(at: now)
    }

    /// Looks everything up.
    func refresh() async {
        gauges.waitingChanges.set(database.waitingChanges)
        if let disk = DiskSpace(of: folder) {
            gauges.diskFree.set(disk.free)
            gauges.diskSize.set(disk.size)
        }
        if let last = LastBackup.read(in: folder) { gauges.lastBackup.set(last.at.timeIntervalSince1970) }
        if let process = ProcessFacts() {
            gauges.residentMemory.set(process.residentBytes)
            gauges.openFiles.set(process.openFiles)
            gauges.cpuTime.set(process.cpuSeconds)
        }
        do {
            gauges.show(try await database.totals())
        } catch {
            Logger(label: "homeport.metrics").warning(
                "what the registry holds could not be counted", metadata: ["error": "\(error)"])
        }
    }
}

/// The numbers that go up and down.
private struct Gauges: Sendable {
    let blobs = Meter(label: "homeport_stored_blobs")
    let blobBytes = Meter(label: "homeport_stored_bytes")
    let repositories = Meter(label: "homeport_repositories")
    let uploads = Meter(label: "homeport_uploads_in_progress")
    let diskFree = Meter(label: "homeport_disk_free_bytes")
    let diskSize = Meter(label: "homeport_disk_size_bytes")
    let lastBackup = Meter(label: "homeport_backup_last_end_timestamp_seconds")
    let waitingChanges = Meter(label: "homeport_database_waiting_changes")
    let started = Meter(label: "process_start_time_seconds")
    let residentMemory = Meter(label: "process_resident_memory_bytes")
    let openFiles = Meter(label: "process_open_fds")
    let cpuTime = Meter(label: "process_cpu_seconds_total")

    func show(_ totals: RegistryTotals) {
        blobs.set(totals.blobs)
        blobBytes.set(totals.blobBytes)
        repositories.set(totals.repositories)
        uploads.set(totals.uploads)
    }
}

/// What the system says about this process.
private struct ProcessFacts {
    let residentBytes: Int64
    let openFiles: Int
    let cpuSeconds: Double

    /// Nil where there is no `/proc`.
    init?() {
        guard let pages = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let resident = pages.split(separator: " ").dropFirst().first.flatMap({ Int64($0) }),
            let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        else { return nil }
        residentBytes = resident * Int64(sysconf(CInt(_SC_PAGESIZE)))
        openFiles = files.count
        cpuSeconds = Double(clock()) / Double(CLOCKS_PER_SEC)
    }
}

/// When what the server does by itself last ended, and how.
enum UpkeepMetrics {
    enum Task: String, CaseIterable {
        case retention
    }

    private static let endMoments: [Task: Meter] = table("homeport_upkeep_last_end_timestamp_seconds") {
        Meter(label: $0, dimensions: $1)
    }
    private static let failures: [Task: Counter] = table("homeport_upkeep_failures_total") {
        Counter(label: $0, dimensions: $1)
    }
    private static let removedTags = Counter(label: "homeport_retention_removed_tags_total")

    /// Has every number shown from the beginning.
    static func begin() { _ = (endMoments, failures, removedTags) }

    static func ended(_ task: Task, at date: Date) { endMoments[task]?.set(date.timeIntervalSince1970) }
    static func failed(_ task: Task) { failures[task]?.increment() }
    static func retired(_ count: Int) { removedTags.increment(by: count) }

    private static func table<Metric>(
        _ label: String, _ make: (String, [(String, String)]) -> Metric
    ) -> [Task: Metric] {
        Dictionary(uniqueKeysWithValues: Task.allCases.map { ($0, make(label, [("task", $0.rawValue)])) })
    }
}
