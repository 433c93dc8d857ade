package import FoundationEssentials
import Logging
import Synchronization
import Weather

/// Keeps calendars on servers as the forecasts have them, for as long as the program runs: each every few
/// hours, and sooner when its forecast has changed.
package struct CalendarKeeper: Sendable {
    /// What a run did, for numbers.
    package struct Run: Hashable, Sendable {
        package let calendar: String
        /// Writes that succeeded.
        package let written: Int
        /// Whether the calendar is now as it should be.
        package let isDone: Bool
    }

    /// How long it takes at most until a change of a forecast is noticed.
    package static let lookInterval = Duration.seconds(60)

    private let office: WeatherOffice
    private let calendars: [KeptCalendar]
    private let clock: PushClock
    private let world: WeatherOffice.Surroundings
    private let log = Logger(label: "homeport.calendars")
    private let report: @Sendable (Run) -> Void
    private let done = LastRuns()

    /// - Parameters:
    ///   - clock: says when a calendar is due.
    ///   - report: told of every run.
    package init(
        office: WeatherOffice, calendars: [KeptCalendar], clock: PushClock, world: WeatherOffice.Surroundings,
        report: @escaping @Sendable (Run) -> Void = { _ in }
    ) {
        self.office = office
        self.calendars = calendars
        self.clock = clock
        self.world = world
        self.report = report
    }

    /// When each calendar was last brought up to date, by name; those that never were since the program began
    /// are left out.
    package var lastDone: [String: Date] { done.all }

    /// Runs until the task is cancelled. A server that is slow keeps no other waiting.
    package func run() async {
        await withTaskGroup { tasks in
            for calendar in calendars { tasks.addTask { await keep(calendar) } }
        }
    }

    private func keep(_ calendar: KeptCalendar) async {
        var clock = clock
        while !Task.isCancelled {
            await look(after: calendar, &clock)
            do {
                try await world.pause(Self.lookInterval)
            } catch {
                return
            }
        }
    }

    /// Writes when it is time to. What goes wrong is for the log, and for the next time.
    private func look(after calendar: KeptCalendar, _ clock: inout PushClock) async {
        // Why there is no forecast, the office has said.
        guard let outlook = try? await office.outlook(of: calendar.plan.place),
            clock.isDue(at: world.now(), changed: outlook.changed)
        else { return }
        let isDone = await push(calendar, outlook)
        // A run that was cut off by the end of the program is no run.
        guard !Task.isCancelled else { return }
        clock.ran(at: world.now(), changed: outlook.changed, isDone: isDone, chance: world.chance())
    }

    private func push(_ calendar: KeptCalendar, _ outlook: Outlook) async -> Bool {
        do {
            let result = try await calendar.bringUpToDate(outlook, world: world)
            let isDone = result.failures.isEmpty
            if let failure = result.failures.first {
                warn(calendar, "\(result.failures.count) of its events: \(failure)")
            } else if result.written > 0 {
                log.info(
                    "calendar written",
                    metadata: ["calendar": "\(calendar.name)", "changes": "\(result.plan)"])
            }
            if isDone { done.note(calendar.name, at: world.now()) }
            report(Run(calendar: calendar.name, written: result.written, isDone: isDone))
            return isDone
        } catch {
            guard !Task.isCancelled else { return false }
            warn(calendar, "\(error)")
            report(Run(calendar: calendar.name, written: 0, isDone: false))
            return false
        }
    }

    private func warn(_ calendar: KeptCalendar, _ reason: String) {
        log.warning(
            "calendar not written; it is tried again",
            metadata: ["calendar": "\(calendar.name)", "reason": "\(reason)"])
    }
}

/// When calendars were last brought up to date, by name.
private final class LastRuns: Sendable {
    private let times = Mutex<[String: Date]>([:])

    var all: [String: Date] { times.withLock { $0 } }

    func note(_ name: String, at now: Date) { times.withLock { $0[name] = now } }
}
