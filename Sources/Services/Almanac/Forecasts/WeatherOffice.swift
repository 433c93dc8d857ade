package import FoundationEssentials
import Logging
import ServerKit
import Synchronization
package import TimeKit
package import Weather

/// Keeps the forecasts of all places fresh and ready to be read.
///
/// However many read a place at once, its sources are asked once; they are never asked before they allow it.
/// When they fail, the last good forecast is told and how old it is, also after a restart.
package final class WeatherOffice: Sendable {
    /// What the office needs of the world.
    package struct Surroundings: Sendable {
        package let now: @Sendable () -> Date
        /// A random number from 0 to 1, so that many programs do not ask at once.
        package let chance: @Sendable () -> Double
        /// Waits that long; throws when the program is to stop.
        package let pause: @Sendable (Duration) async throws -> Void

        package init(
            now: @escaping @Sendable () -> Date, chance: @escaping @Sendable () -> Double,
            pause: @escaping @Sendable (Duration) async throws -> Void
        ) {
            self.now = now
            self.chance = chance
            self.pause = pause
        }
    }

    /// So many places are refreshed at once.
    package static let refreshedAtOnce = 4

    let inquiry: Inquiry
    let archive: any ForecastArchive
    let zones: ZoneDatabase
    let world: Surroundings
    let desks: Mutex<Desks>

    /// - Parameter outlooksMax: how many places are held in memory; the others are read from the archive.
    package init(
        places: [PlacePlan], sources: [any ForecastSource], warnings: [any WarningSource] = [],
        archive: any ForecastArchive, zones: ZoneDatabase, world: Surroundings, outlooksMax: Int = 64
    ) {
        self.inquiry = Inquiry(sources: sources, warnings: warnings, world: world)
        self.archive = archive
        self.zones = zones
        self.world = world
        self.desks = Mutex(Desks(places: places, outlooksMax: outlooksMax))
    }

    /// The places, in the order of configuration.
    package var places: [PlacePlan] { desks.withLock { $0.plans } }

    /// What there is to tell about a place: from memory as long as it need not be asked again.
    ///
    /// Throws `OutlookError`.
    package func outlook(of place: PlaceID) async throws -> Outlook {
        let flight = try desks.withLock { desks -> Task<Outlook, any Error> in
            guard let plan = desks.plan(of: place) else {
                throw OutlookError(.unknownPlace, "there is no place '\(place)'")
            }
            if let outlook = desks.readyOutlook(of: place, now: world.now()) { return Task { outlook } }
            if let flight = desks.flights[place] { return flight }
            // A task of its own: the reader who started it may go away, the others still wait for it.
            let flight = Task { try await self.bringUpToDate(plan) }
            desks.flights[place] = flight
            return flight
        }
        return try await flight.value
    }

    /// The outlook in memory, when it is due no refresh; nil means: ask `outlook(of:)`.
    package func readyOutlook(of place: PlaceID) -> Outlook? {
        desks.withLock { $0.readyOutlook(of: place, now: world.now()) }
    }

    /// How every place is doing. Knows of a place what has been read or asked since the program began.
    package func status() -> [PlaceStatus] {
        let now = world.now()
        return desks.withLock { desks in desks.plans.map { desks.status(of: $0, now: now) } }
    }

    /// How one place is doing; nil for a place that is not known.
    package func status(of place: PlaceID) -> PlaceStatus? {
        let now = world.now()
        return desks.withLock { desks in desks.plan(of: place).map { desks.status(of: $0, now: now) } }
    }

    /// Refreshes every place when it is due, until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            await refreshDue()
            let wait = desks.withLock { $0.secondsToNextRefresh(now: world.now()) }
            do {
                try await world.pause(.seconds(min(max(wait, 1), 300)))
            } catch {
                return
            }
        }
    }

    /// Refreshes what is due now.
    package func refreshDue() async {
        let due = desks.withLock { $0.due(now: world.now()) }
        await withTaskGroup { group in
            var waiting = due[...]
            for _ in 0..<Self.refreshedAtOnce {
                guard let place = waiting.popFirst() else { break }
                group.addTask { _ = try? await self.outlook(of: place) }
            }
            while await group.next() != nil {
                guard let place = waiting.popFirst() else { continue }
                group.addTask { _ = try? await self.outlook(of: place) }
            }
        }
    }
}
