internal import Accounts
internal import Doorkeeper
internal import Edge
internal import FoundationEssentials
internal import HTTPKit
internal import SQLiteStore
internal import ServerKit

/// What one configuration makes of a server: what answers, and what works beside it.
///
/// Another one takes its place while clients are served. Whoever was being answered is answered to the end by the one
/// that began; what has not changed, the next one has from this one.
struct Shift: Sendable {
    let number: Int
    let loaded: LoadedConfiguration
    /// What the configuration says, before places were looked up.
    let written: Configuration
    let stores: Stores
    let engines: [Engine]
    let own: AutomaticCertificates?
    private let doorkeeper: Doorkeeper
    private let registry: RegistryPart?
    private let weather: WeatherPart?
    private let browser: BrowserPart?
    private let building: Building

    /// What stays, whatever the configuration says.
    struct Building: Sendable {
        let door: SecureDoor
        let metrics: PrometheusMetrics
        let state: StateMetrics
        let now: @Sendable () -> Date
    }

    /// The first one.
    init(_ loaded: LoadedConfiguration, written: Configuration, stores: Stores, in building: Building) throws
    {
        try self.init(
            0, loaded, written, stores, own: building.door.automatic(loaded.values),
            hasRegistry: loaded.servesRegistry, after: nil, in: building)
    }

    /// The one that takes its place. Nothing has changed yet, so it may fail.
    ///
    /// - Parameter loaded: its places have been looked up, or are those from before.
    func next(_ loaded: LoadedConfiguration, written: Configuration) throws -> Shift {
        let stores = try stores.succeeded(by: loaded.values, file: loaded.file)
        let own = written.acme == self.written.acme ? self.own : building.door.automatic(loaded.values)
        return try Shift(
            number + 1, loaded, written, stores, own: own, hasRegistry: registry != nil, after: self,
            in: building)
    }

    private init(
        _ number: Int, _ loaded: LoadedConfiguration, _ written: Configuration, _ stores: Stores,
        own: AutomaticCertificates?, hasRegistry: Bool, after last: Shift?, in building: Building
    ) throws {
        self.number = number
        self.loaded = loaded
        self.written = written
        self.stores = stores
        self.own = own
        self.building = building
        doorkeeper = loaded.values.doorkeeper(stores.bans, succeeding: last?.doorkeeper)
        registry = hasRegistry ? try RegistryPart(stores, succeeding: last?.registry) : nil
        let keepsWeather = last.map { Self.hasSameWeather(written, $0.written) } ?? false
        weather =
            loaded.servesWeather
            ? try WeatherPart(
                stores, isAlone: !hasRegistry, succeeding: keepsWeather ? last?.weather : nil,
                now: building.now)
            : nil
        browser = BrowserPart(stores)
        let parts: [(any ServerPart)?] = [registry, weather, browser]
        engines =
            parts.compactMap(\.self).flatMap(\.engines)
            + [own?.engine, stores.sources.engine, stores.authorizers.engine].compactMap(\.self)
    }

    /// Whether forecasts and calendars of one configuration are those of the other.
    static func hasSameWeather(_ one: Configuration, _ other: Configuration) -> Bool {
        one.weather == other.weather && one.publicURL == other.publicURL && one.hosts == other.hosts
    }

    private var parts: [any ServerPart] {
        let parts: [(any ServerPart)?] = [registry, weather, browser]
        return parts.compactMap(\.self)
    }

    /// Whether the registry is served.
    var hasRegistry: Bool { registry != nil }

    /// Sees that it may work on what it is given.
    func claim() async throws { try await registry?.claim() }

    /// Settings of what stays count from now on.
    func begin() {
        stores.bans.use(loaded.values.banSettings)
        stores.sources.begin(loaded.values)
        registry?.begin()
        building.door.sendClients(by: loaded.values)
        ProcessLog.use(loaded.values.log)
    }

    /// How the door stands, and what answers there.
    ///
    /// - Parameter places: where the listeners are, which stays.
    func edge(_ places: [Listener.Place]) -> (configuration: EdgeConfiguration, faces: [any Face]) {
        let values = loaded.values
        let faces = faces
        var configuration = values.edge(building.door.listeners(values, faces: faces, places: places))
        configuration.doorkeeper = doorkeeper
        return (configuration, faces)
    }

    /// Those that say how the server is come before all that may have to wait for others.
    private var faces: [any Face] {
        [health, numbers] + [stores.sharing?.face].compactMap(\.self) + parts.flatMap(\.faces)
    }

    private var health: any Face {
        HealthFace(
            checks: [databaseCheck, diskCheck, stores.sharing?.check].compactMap(\.self)
                + stores.directory.checks + stores.sources.checks + stores.authorizers.checks
                + parts.flatMap(\.checks))
    }

    private var numbers: any Face {
        MetricsFace(readers: loaded.values.metrics.readers.map(\.range)) {
            [building, parts, bans = stores.bans] in
            await building.state.refresh()
            BanMetrics.show(bans.count)
            for part in parts { part.measure() }
            return building.metrics.text()
        }
    }

    private var databaseCheck: HealthFace.Check {
        HealthFace.Check("database") { [database = stores.database] in
            do {
                _ = try await database.accounts(after: nil, limit: 1)
                return nil
            } catch {
                return "cannot be read"
            }
        }
    }

    private var diskCheck: HealthFace.Check {
        HealthFace.Check("disk") { [folder = stores.folder.path, least = stores.values.limits.diskFreeMin] in
            guard let disk = DiskSpace(of: folder), disk.free < least else { return nil }
            return "\(SizeText.rounded(disk.free)) free, less than limits.disk_free_min"
        }
    }
}
