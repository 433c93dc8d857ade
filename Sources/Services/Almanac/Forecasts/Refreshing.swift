import FoundationEssentials
import Logging
import ServerKit
import Synchronization
import TimeKit
import Weather

extension WeatherOffice {
    /// What a place has now: asks when it is time to, tells the last good forecast when nobody answers.
    func bringUpToDate(_ plan: PlacePlan) async throws -> Outlook {
        let place = plan.place.id
        defer { desks.withLock { $0.flights[place] = nil } }

        let now = wholeSeconds(world.now())
        let record = await load(plan)
        if let outlook = try await known(plan, record, now: now) { return outlook }
        let (answer, _, failures) = await inquiry.ask(plan, since: record)
        guard let answer else {
            return try fall(back: record, plan, failures: failures, now: now)
        }
        guard let new = try await renewed(plan, record, answer, now: now) else {
            return try fall(
                back: record, plan, failures: ["nothing came, and nothing was known before"], now: now)
        }
        let made = try outlook(plan, new, failure: nil, now: now)
        await keep(made.record, of: place)
        settle(plan, made, now: now, expires: new.expires)
        return made.value
    }

    /// What can be told without asking: it is not yet time to, or the forecast from before a restart is
    /// young.
    private func known(_ plan: PlacePlan, _ record: OutlookRecord?, now: Date) async throws -> Outlook? {
        let desk = desks.withLock { $0[plan.place.id] }
        let waits = desk.due.map { now < $0 } ?? false
        guard let record else {
            guard waits else { return nil }
            let failure = desk.failure ?? "nothing was known before"
            throw OutlookError(.noForecast, "no source has a forecast for \(plan.place.name): \(failure)")
        }
        let age = now.timeIntervalSince(record.confirmed)
        let isYoung =
            plan.sources.contains(record.forecast.source) && age >= 0
            && (age < plan.refresh || record.expires.map { now < $0 } == true)
        guard waits || (desk.due == nil && isYoung) else { return nil }
        let made = try outlook(plan, record, failure: desk.failure, now: now)
        if made.record != record { await keep(made.record, of: plan.place.id) }
        if waits {
            desks.withLock { $0.put(made.value, of: plan.place.id) }
        } else {
            settle(plan, made, now: now, expires: record.expires)
        }
        return made.value
    }

    private func load(_ plan: PlacePlan) async -> OutlookRecord? {
        do {
            guard let bytes = try await archive.bytes(of: plan.place.id) else { return nil }
            return OutlookRecord(bytes, of: plan.place)
        } catch {
            Logger.current.warning(
                "the last forecast could not be read",
                metadata: ["place": "\(plan.place.id)", "error": "\(error)"])
            return nil
        }
    }

    private func keep(_ record: OutlookRecord, of place: PlaceID) async {
        do {
            try await archive.keep(record.bytes, of: place)
        } catch {
            Logger.current.warning(
                "the forecast could not be kept", metadata: ["place": "\(place)", "error": "\(error)"])
        }
    }

    /// The record with what the answer brought; nil when there is nothing to renew.
    private func renewed(
        _ plan: PlacePlan, _ record: OutlookRecord?, _ answer: SourceAnswer, now: Date
    ) async throws -> OutlookRecord? {
        guard var forecast = answer.forecast ?? record?.forecast else { return nil }
        if forecast.place.timeZone == nil, let zone = plan.place.timeZone ?? record?.forecast.place.timeZone {
            forecast.place = forecast.place.inZone(zone)
        }
        if answer.forecast != nil, let before = record?.forecast {
            let clock = try clock(of: forecast).clock
            forecast = forecast.keepingPast(of: before, since: clock.moment(clock.date(at: now)))
        }
        let separate = await inquiry.warnings(for: plan, before: record?.forecast.warnings ?? [])
        let own = answer.forecast?.warnings ?? []
        forecast.warnings = own + separate.filter { warning in !own.contains { $0.id == warning.id } }
        // Summaries of days said how old the forecast was, and say so no more.
        let wasStale = record.map { now.timeIntervalSince($0.confirmed) > plan.staleAfter } ?? false
        let history = record?.history ?? EventHistory()
        return OutlookRecord(
            forecast: forecast, history: wasStale ? history.changing(.day, at: now) : history, confirmed: now,
            changed: wasStale ? now : record?.changed ?? now, expires: answer.expires, mark: answer.mark)
    }

    private func fall(
        back record: OutlookRecord?, _ plan: PlacePlan, failures: [String], now: Date
    ) throws -> Outlook {
        let failure = failures.joined(separator: "; ")
        Logger.current.warning(
            "no source has a forecast", metadata: ["place": "\(plan.place.id)", "failures": "\(failure)"])
        guard let record else {
            desks.withLock { desks in
                desks[plan.place.id].failures += 1
                desks[plan.place.id].failure = failure
                desks[plan.place.id].due = now.addingTimeInterval(retryDelay(desks[plan.place.id].failures))
            }
            throw OutlookError(.noForecast, "no source has a forecast for \(plan.place.name): \(failure)")
        }
        let made = try outlook(plan, record, failure: failure, now: now)
        desks.withLock { desks in
            var desk = desks[plan.place.id]
            desk.failures += 1
            desk.failure = failure
            desk.confirmed = record.confirmed
            desk.source = record.forecast.source
            desk.due = now.addingTimeInterval(retryDelay(desk.failures))
            desks[plan.place.id] = desk
            desks.put(made.value, of: plan.place.id)
        }
        return made.value
    }

    /// Half a minute after the first failure, twice as long after each further one, up to a quarter of an
    /// hour.
    private func retryDelay(_ failures: Int) -> TimeInterval {
        let delay = min(30 * Double(1 << min(failures - 1, 10)), 900)
        return delay * (0.75 + world.chance() / 2)
    }

    /// Notes that a place is up to date, and when to ask again: after its time, never before the source
    /// allows.
    private func settle(
        _ plan: PlacePlan, _ made: (value: Outlook, record: OutlookRecord), now: Date, expires: Date?
    ) {
        let confirmed = made.record.confirmed
        let interval = plan.refresh * (0.95 + world.chance() / 10)
        let usual = confirmed.addingTimeInterval(interval)
        // A source that expires its answers at full hours would be asked by everybody at once.
        let allowed = expires.map { $0.addingTimeInterval(1 + world.chance() * 60) } ?? usual
        desks.withLock { desks in
            desks[plan.place.id] = Desks.Desk(
                due: max(usual, allowed, now), confirmed: confirmed, source: made.record.forecast.source,
                failure: nil, failures: 0)
            desks.put(made.value, of: plan.place.id)
        }
    }

    private func clock(of forecast: Forecast) throws -> (zone: ZoneData, clock: LocalClock) {
        guard let name = forecast.place.timeZone else {
            throw OutlookError(
                .noZone,
                "\(forecast.source.rawValue) does not say in which time zone \(forecast.place.name) is: name it"
            )
        }
        do {
            let zone = try zones.zone(name)
            return (zone, LocalClock(zone, over: forecast.span))
        } catch {
            throw OutlookError(.noZone, error.description)
        }
    }

    /// Makes the events and pairs them with what was told before.
    private func outlook(
        _ plan: PlacePlan, _ record: OutlookRecord, failure: String?, now: Date
    ) throws -> (value: Outlook, record: OutlookRecord) {
        let (zone, clock) = try clock(of: record.forecast)
        let events = record.forecast.events(
            under: plan.rules, options: plan.options, clock: clock, now: now)
        let (tracked, history) = record.history.tracking(events, now: now)
        let isSame = record.history.tellsTheSame(as: history)
        let changed = isSame ? record.changed : now
        let new = OutlookRecord(
            forecast: record.forecast, history: history, confirmed: record.confirmed, changed: changed,
            expires: record.expires, mark: record.mark)
        let outlook = Outlook(
            forecast: record.forecast, events: tracked, zone: zone, clock: clock,
            confirmed: record.confirmed, changed: changed, failure: failure)
        return (outlook, new)
    }

    private func wholeSeconds(_ date: Date) -> Date {
        Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down))
    }
}

extension EventHistory {
    /// Whether two say the same to a reader, whatever else they remember.
    fileprivate func tellsTheSame(as other: EventHistory) -> Bool {
        let mine = entries.lazy.filter { $0.gone == nil }
        let theirs = other.entries.lazy.filter { $0.gone == nil }
        return mine.elementsEqual(theirs) { $0.seed == $1.seed && $0.fingerprint == $1.fingerprint }
    }
}
