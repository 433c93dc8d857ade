internal import Accounts
internal import Almanac
internal import AsyncHTTPClient
internal import CalendarServers
internal import Edge
internal import FeedAPI
internal import FileForecasts
internal import ForecastSources
internal import FoundationEssentials
internal import HTTPKit
internal import ServerKit
internal import ServiceLifecycle
internal import TLSKit
internal import Weather

/// The weather: calendars to subscribe to, pages, and calendars that are written to.
struct WeatherPart: ServerPart {
    private let office: WeatherOffice
    private let keeper: CalendarKeeper
    private let face: FeedFace
    private let clients: [HTTPClient]
    private let weather: WeatherSettings
    private let places: [PlaceID]
    private let hosts: [HostName]
    private let isAlone: Bool
    private let now: @Sendable () -> Date

    /// - Parameter isAlone: whether the server is there for nothing else.
    init(_ stores: Stores, isAlone: Bool, now: @escaping @Sendable () -> Date) throws {
        let values = stores.values
        let sources = ForecastServices.makeClient()
        let calendars = CalendarClient.make()
        let wiring = WeatherWiring(
            values.weather, client: sources, now: now,
            pause: { try await ContinuousClock().sleep(for: $0) })
        let archive = try FileForecasts(
            folder: WeatherWiring.folder(stores.folder),
            threads: BlockingThreads(count: 2, queueMax: 4096))
        do {
            self.office = try wiring.office(values.weather.placePlans, archive: archive)
        } catch let error as SourceSettingsError {
            throw CommandFailure.usage(error.description)
        }
        self.keeper = CalendarKeeper(
            office: office, calendars: try CalendarWiring(values, client: calendars, now: now).calendars(),
            clock: values.weather.pushClock, world: wiring.world, report: WeatherMetrics.note)
        self.face = FeedFace(
            office: office,
            settings: FeedSettings(
                publicURL: values.calendarURL, calendars: values.weather.feedPlans,
                isFrontPage: isAlone, now: now),
            tokens: stores.accounts.tokens)
        self.clients = [sources, calendars]
        self.weather = values.weather
        self.places = office.places.map(\.place.id)
        self.hosts = values.hosts.calendar
        self.isAlone = isAlone
        self.now = now
    }

    var faces: [any Face] { [HostedFace(face, hosts: hosts)] }

    var services: [any Service] {
        var services = [UntilStopped { [office] in await office.run() }]
        // A service that ends by itself would end the server.
        if !weather.calendars.isEmpty { services.append(UntilStopped { [keeper] in await keeper.run() }) }
        return services
    }

    /// An old forecast is still told, so it is no reason to send people elsewhere; none at all is one, where
    /// there is nothing else to be had. Everybody may read this: private places are not named, and why a
    /// source fails is for the log.
    var checks: [HealthFace.Check] {
        places.map { place in
            let name = weather.isPrivate(place) ? "of a private place" : place.description
            return HealthFace.Check(name: "forecast \(name)") { [office, isAlone, now] in
                guard let status = office.status(of: place), let confirmed = status.confirmed else {
                    return isAlone ? .failing("there is none yet") : .noted("there is none yet")
                }
                return .noted(Self.told(status, age: now().timeIntervalSince(confirmed)))
            }
        }
    }

    private static func told(_ status: PlaceStatus, age: TimeInterval) -> String {
        let source = status.source.map { ", from \($0.rawValue)" } ?? ""
        let failure = status.failure == nil ? "" : "; no source answers now"
        return "\(AgeText.show(age)) old\(status.isStale ? " (stale)" : "")\(source)\(failure)"
    }

    func measure() { WeatherMetrics.measure(office.status(), calendars: keeper.lastDone, now: now()) }

    func close() async throws {
        for client in clients { try await client.shutdown() }
    }
}

/// Something that runs until it is cancelled, as a service that stops when the server does.
private struct UntilStopped: Service {
    let work: @Sendable () async -> Void

    func run() async throws { await cancelWhenGracefulShutdown { await work() } }
}

/// How long ago something was, for people who watch a server.
enum AgeText {
    static func show(_ seconds: TimeInterval) -> String {
        let minutes = Int(max(0, seconds) / 60)
        switch minutes {
        case ..<1: return "less than a minute"
        case 1: return "1 minute"
        case ..<120: return "\(minutes) minutes"
        case ..<(48 * 60): return "\(minutes / 60) hours"
        default: return "\(minutes / 1440) days"
        }
    }
}

extension WeatherSettings {
    fileprivate var pushClock: PushClock {
        PushClock(
            every: TimeInterval(pushEvery.components.seconds),
            pause: TimeInterval(pushPause.components.seconds))
    }
}
