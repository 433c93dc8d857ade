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
    private let weather: WeatherSettings
    private let places: [PlaceID]
    private let hosts: [HostName]
    private let isAlone: Bool
    private let now: @Sendable () -> Date
    let engines: [Engine]

    /// - Parameters:
    ///   - isAlone: whether the server is there for nothing else.
    ///   - predecessor: the same weather, whose forecasts and calendars are kept.
    init(
        _ stores: Stores, isAlone: Bool, succeeding predecessor: WeatherPart? = nil,
        now: @escaping @Sendable () -> Date
    ) throws {
        let values = stores.values
        if let predecessor {
            self.office = predecessor.office
            self.keeper = predecessor.keeper
            self.engines = predecessor.engines
        } else {
            (self.office, self.keeper, self.engines) = try Self.wired(stores, now: now)
        }
        self.face = FeedFace(
            office: office,
            settings: FeedSettings(
                publicURL: values.calendarURL, calendars: values.weather.feedPlans,
                isFrontPage: isAlone, now: now),
            tokens: stores.accounts.tokens)
        self.weather = values.weather
        self.places = office.places.map(\.place.id)
        self.hosts = values.hosts.calendar
        self.isAlone = isAlone
        self.now = now
    }

    private static func wired(
        _ stores: Stores, now: @escaping @Sendable () -> Date
    ) throws -> (WeatherOffice, CalendarKeeper, [Engine]) {
        let clients = [ForecastServices.makeClient(), CalendarClient.make()]
        do {
            let (office, keeper) = try Self.wired(
                stores, sources: clients[0], calendars: clients[1], now: now)
            var services = [UntilStopped { await office.run() }]
            // A service that ends by itself would end the server.
            if !stores.values.weather.calendars.isEmpty {
                services.append(UntilStopped { await keeper.run() })
            }
            let engine = Engine("weather", services) {
                for client in clients { try await client.shutdown() }
            }
            return (office, keeper, [engine])
        } catch {
            Task { for client in clients { try? await client.shutdown() } }
            throw error
        }
    }

    private static func wired(
        _ stores: Stores, sources: HTTPClient, calendars: HTTPClient, now: @escaping @Sendable () -> Date
    ) throws -> (WeatherOffice, CalendarKeeper) {
        let values = stores.values
        let wiring = WeatherWiring(
            values.weather, client: sources, now: now,
            pause: { try await ContinuousClock().sleep(for: $0) })
        let archive = try FileForecasts(
            folder: WeatherWiring.folder(stores.folder),
            threads: BlockingThreads(count: 2, queueMax: 4096))
        let office: WeatherOffice
        do {
            office = try wiring.office(values.weather.placePlans, archive: archive)
        } catch let error as SourceSettingsError {
            throw CommandFailure.usage(error.description)
        }
        let keeper = CalendarKeeper(
            office: office, calendars: try CalendarWiring(values, client: calendars, now: now).calendars(),
            clock: values.weather.pushClock, world: wiring.world, report: WeatherMetrics.note)
        return (office, keeper)
    }

    var faces: [any Face] { [HostedFace(face, hosts: hosts)] }

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
