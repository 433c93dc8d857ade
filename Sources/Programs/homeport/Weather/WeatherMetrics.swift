internal import Almanac
internal import CoreMetrics
internal import FoundationEssentials
internal import Weather

/// Every number the weather reports, in one place, so that a dashboard can be read off this file. Places and
/// calendars are those of the configuration.
enum WeatherMetrics {
    /// Ages, which are only known when somebody asks.
    static func measure(_ places: [PlaceStatus], calendars: [String: Date], now: Date) {
        for place in places {
            let labels = [("place", place.place.description)]
            // Of a forecast that is not there no age is known, least of all 0.
            if let confirmed = place.confirmed {
                Meter(label: "homeport_forecast_age_seconds", dimensions: labels)
                    .set(max(0, now.timeIntervalSince(confirmed)))
            }
            Meter(label: "homeport_forecast_stale", dimensions: labels).set(place.isStale ? 1 : 0)
        }
        for (name, done) in calendars {
            Meter(label: "homeport_calendar_age_seconds", dimensions: [("calendar", name)])
                .set(max(0, now.timeIntervalSince(done)))
        }
    }

    /// What a run over a calendar on a server did.
    @Sendable static func note(_ run: CalendarKeeper.Run) {
        let labels = [("calendar", run.calendar)]
        Counter(label: "homeport_calendar_writes_total", dimensions: labels).increment(by: run.written)
        Counter(label: "homeport_calendar_failed_runs_total", dimensions: labels)
            .increment(by: run.isDone ? 0 : 1)
    }
}
