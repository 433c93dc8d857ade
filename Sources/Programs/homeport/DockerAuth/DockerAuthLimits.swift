internal import ArgumentParser
internal import Audit
internal import Doorkeeper
internal import FoundationEssentials
internal import SQLiteStore
internal import ServerKit

/// What a token server alone puts up with, where docker_auth puts up with everything. Nothing is limited unless the
/// command line says so.
struct DockerAuthLimits: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Ban an address after so many failed sign-ins within ten minutes.", valueName: "count"))
    var banAfter: Int?

    @Option(
        help: ArgumentHelp(
            "How long a first ban lasts; each that follows lasts twice as long, up to a week.",
            valueName: "time"))
    var banTime = "1h"

    @Option(
        help: ArgumentHelp(
            "Who is never banned; can be given more than once. This machine and trusted proxies never are.",
            valueName: "range"))
    var neverBan: [String] = []

    @Option(
        help: ArgumentHelp("How much one address may ask in a minute.", valueName: "count"))
    var requestsPerAddress: Int?

    @Option(
        help: ArgumentHelp("How much one account may ask in a minute.", valueName: "count"))
    var requestsPerAccount: Int?

    @Option(
        help: ArgumentHelp(
            "The folder in which bans are kept, for `homeport ban` and the next start, and the tokens of those who sign in "
                + "by browser; without it these are beside docker_auth's, and bans in memory alone.",
            valueName: "folder"),
        completion: .directory)
    var data: String?

    func validate() throws {
        let counts = [
            ("--ban-after", banAfter), ("--requests-per-address", requestsPerAddress),
            ("--requests-per-account", requestsPerAccount),
        ]
        for (name, count) in counts where !(1...10_000_000).contains(count ?? 1) {
            throw ValidationError("\(name): expected a whole number, 1 to 10000000")
        }
        _ = try firstBan()
        _ = try allowed()
    }

    private func firstBan() throws -> TimeInterval {
        guard let time = DurationText.parse(banTime), time >= .seconds(1) else {
            throw ValidationError("--ban-time: `\(banTime)` is no time; write it like 30m, 12h or 2d")
        }
        return TimeInterval(milliseconds: time)
    }

    private func allowed() throws -> [AddressRange] {
        try neverBan.map { text in
            guard let range = AddressRange(text) else {
                throw ValidationError(
                    "--never-ban: `\(text)` is no address and no range such as 10.0.0.0/8")
            }
            return range
        }
    }

    func settings(proxies: [AddressRange]) throws -> BanList.Settings {
        let first = try firstBan()
        let always = BanSettings().allowed.map(\.range)
        return BanList.Settings(
            failures: banAfter, time: first, timeMax: max(first, 7 * 86_400),
            allowed: try allowed() + always + proxies)
    }
}

/// Who is not served by a token server alone, and what remembers it.
struct DockerAuthDoor: Sendable {
    let bans: BanList
    let doorkeeper: Doorkeeper
    /// Nil where there is no folder.
    let store: SQLiteStore?
    private let lock: FolderLock?

    /// - Parameter folder: where bans, people and their tokens are kept, if anywhere.
    init(
        _ limits: DockerAuthLimits, folder: String?, proxies: [AddressRange],
        now: @escaping @Sendable () -> Date
    ) throws {
        var store: SQLiteStore?
        var lock: FolderLock?
        if let folder {
            let folder = DataFolder(folder)
            try folder.create()
            lock = try folder.lock()
            store = try SQLiteStore(path: folder.database, auditing: [.changes], now: now)
        }
        self.store = store
        self.lock = lock
        bans = BanList(
            store, settings: try limits.settings(proxies: proxies), now: now,
            onBan: { _ in BanMetrics.made() })
        doorkeeper = Doorkeeper(bans: bans, requestsPerMinute: limits.requestsPerAddress)
    }

    func close() async {
        try? await store?.close()
        withExtendedLifetime(lock) {}
    }
}
