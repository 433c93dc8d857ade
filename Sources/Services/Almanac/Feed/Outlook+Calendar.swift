package import FoundationEssentials
package import ICalendar
import TimeKit
package import Weather

extension Outlook {
    /// The calendar of a plan as it is served.
    ///
    /// - Parameter staleSince: since when the forecast counts as old; nil while it does not. Summaries of
    /// days then say so.
    package func document(
        _ plan: CalendarPlan, language: Language, refresh: Int, links: FeedLinks, staleSince: Date? = nil
    ) -> CalendarDocument {
        let events = events(of: plan, links: links, staleNote: staleSince.map { ($0, staleText(language)) })
        // An empty calendar has not changed since it was made, which nobody knows.
        let latest = events.map(\.changed).max() ?? UTCSeconds(changed)
        var document = CalendarDocument(
            product: "-//Homeport//Weather//\(language.rawValue.uppercased())",
            uid: "\(plan.name)@weather.homeport", name: plan.title, zone: zone.name, changed: latest)
        document.description = description(language, isStale: staleSince != nil)
        document.color = plan.color
        document.url = links.page
        document.source = links.source
        document.refreshSeconds = refresh
        document.events = events
        document.publisher = plan.publisher.map(CalendarDocument.Publisher.init(address:))
        if events.contains(where: \.span.isOnClock) {
            document.zones = [zoneDefinition.component(for: events)]
        }
        return document
    }

    /// The events of a plan as a calendar that is written to is to have them: without anything that changes
    /// while the forecast does not.
    package func wantedEvents(_ plan: CalendarPlan, links: FeedLinks) -> [WantedEvent] {
        events(of: plan, links: links, staleNote: nil).map(WantedEvent.init)
    }

    /// The clock of the place as calendars write it, for the years of the forecast.
    package var zoneDefinition: ZoneDefinition {
        // The year before, for what is in force at the start, and two more than a forecast can reach.
        let year = clock.date(at: confirmed).year
        func newYear(_ year: Int) -> Int {
            ICalendar.CivilDate(year: year, month: 1, day: 1).daysSinceEpoch * 86_400
        }
        let (from, to) = (newYear(max(year - 2, 1)), newYear(min(year + 4, 9999)))
        return ZoneDefinition(
            id: zone.name, initial: .init(zone.type(at: from)),
            transitions: zone.transitions(from: from + 1, to: to).map { change in
                .init(at: UTCSeconds(change.at), offset: .init(change.after))
            })
    }

    private func description(_ language: Language, isStale: Bool) -> String {
        let credit = "\(language.phrases.data): \(forecast.licence.text) \(forecast.licence.url)"
        return isStale ? "\(staleText(language))\n\(credit)" : credit
    }

    /// Says how old the forecast is by the moment it was confirmed, so that it stays the same.
    private func staleText(_ language: Language) -> String {
        let time = clock.civil(at: confirmed)
        return "\(language.phrases.oldForecast) \(time.date) \(time.clock)"
    }

    private func events(
        of plan: CalendarPlan, links: FeedLinks, staleNote: (since: Date, text: String)?
    ) -> [ICalendar.Event] {
        events.filter { plan.holds($0.event) }.map { tracked in
            var event = calendarEvent(tracked, links: links)
            if let staleNote, tracked.event.kind == .day {
                event.description = "\(staleNote.text)\n\(event.description)"
                event.changed = max(event.changed, UTCSeconds(staleNote.since))
            }
            return event
        }
    }

    private func calendarEvent(_ tracked: TrackedEvent, links: FeedLinks) -> ICalendar.Event {
        let source = tracked.event
        var event = ICalendar.Event(
            uid: "\(source.seed)@\(forecast.place.id).weather.homeport", span: span(of: source),
            summary: source.title, changed: UTCSeconds(tracked.changed))
        event.sequence = tracked.sequence
        event.description = source.lines.joined(separator: "\n")
        event.location = forecast.place.name
        event.position = .init(latitude: forecast.place.latitude, longitude: forecast.place.longitude)
        event.url = source.url ?? links.page
        event.categories = [source.category]
        event.color = source.color.flatMap { NamedColor($0.rawValue) }
        if let minutes = source.alarmMinutes {
            event.alarms = [.init(secondsBefore: minutes * 60, text: source.title)]
        }
        return event
    }

    private func span(of event: WeatherEvent) -> ICalendar.Event.Span {
        switch event.form {
        case .utc: .moments(start: UTCSeconds(event.start), end: UTCSeconds(event.end))
        case .local: .clock(start: clockTime(event.start), end: clockTime(event.end), zone: zone.name)
        case .allDay(let first, let next):
            .days(
                start: ICalendar.CivilDate(daysSinceEpoch: first.number),
                end: ICalendar.CivilDate(daysSinceEpoch: next.number))
        }
    }

    private func clockTime(_ moment: Date) -> ICalendar.CivilDateTime {
        UTCSeconds(moment).civil(offset: clock.offset(at: moment))
    }
}

extension UTCSeconds {
    /// The second that has begun.
    package init(_ date: Date) { self.init(Int(date.timeIntervalSince1970.rounded(.down))) }
}

extension ZoneDefinition.Offset {
    fileprivate init(_ type: ZoneData.LocalType) {
        self.init(seconds: type.offset, abbreviation: type.abbreviation, isDaylight: type.isDaylight)
    }
}

extension ICalendar.Event.Span {
    fileprivate var isOnClock: Bool { if case .clock = self { true } else { false } }
}
