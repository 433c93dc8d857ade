import Almanac
import ForecastSources
import Foundation
import ICalendar
import TimeKit
import Weather

/// From the bytes of an answer to the bytes of a calendar, again and again on one thread.
struct OneForecast {
    let source: SourceName
    let files: [[UInt8]]
    let zone: String

    private static let warmUp = 50
    private static let rounds = 500

    /// Medians in microseconds of the thread's own time.
    func measured() throws -> String {
        let zone = try ZoneDatabase().zone(zone)
        let place = try place()
        var history = EventHistory()
        var parse: [Double] = []
        var derive: [Double] = []
        var write: [Double] = []
        var size = 0
        var events = 0
        for round in 0..<(Self.warmUp + Self.rounds) {
            let begun = Stopwatch.threadMicroseconds()
            let forecast = try Recordings.read(source, files).forecast(for: place)
            let parsed = Stopwatch.threadMicroseconds()
            let outlook = outlook(forecast, zone, &history)
            let derived = Stopwatch.threadMicroseconds()
            let feed = try feed(outlook)
            let written = Stopwatch.threadMicroseconds()
            (size, events) = (feed.bytes.count, feed.events)
            guard round >= Self.warmUp else { continue }
            parse.append(parsed - begun)
            derive.append(derived - parsed)
            write.append(written - derived)
        }
        let total = zip(zip(parse, derive), write).map { $0.0 + $0.1 + $1 }
        let figures = [("parse", parse), ("derive", derive), ("write", write), ("total", total)].map {
            "\"\($0.0)\":\(Int($0.1.sorted()[$0.1.count / 2]))"
        }
        return
            "{\(figures.joined(separator: ",")),\"best\":\(Int(total.min() ?? 0)),\"events\":\(events),\"bytes\":\(size)}"
    }

    private func place() throws -> Place {
        guard let id = PlaceID("here"),
            let place = Place(id: id, name: "Here", latitude: 40.71, longitude: -74.01, timeZone: zone)
        else { throw Usage() }
        return place
    }

    private func outlook(_ forecast: Forecast, _ zone: ZoneData, _ history: inout EventHistory) -> Outlook {
        let clock = LocalClock(zone, over: forecast.span)
        let now = forecast.hours.start
        let events = forecast.events(
            under: EventRule.standard, options: EventOptions(), clock: clock, now: now)
        let tracked = history.tracking(events, now: now)
        history = tracked.history
        return Outlook(
            forecast: forecast, events: tracked.events, zone: zone, clock: clock, confirmed: now,
            changed: now, failure: nil)
    }

    private func feed(_ outlook: Outlook) throws -> Feed {
        guard let name = CalendarName("here") else { throw Usage() }
        let plan = CalendarPlan(name: name, place: outlook.forecast.place.id, title: "Here")
        let links = FeedLinks(page: "https://weather.example.org/weather/here")
        let document = outlook.document(plan, language: .english, refresh: 3600, links: links)
        return Feed(document, changed: outlook.changed)
    }
}

/// Time that is only counted while it is used here.
enum Stopwatch {
    static func threadMicroseconds() -> Double { microseconds(CLOCK_THREAD_CPUTIME_ID) }
    static func processSeconds() -> Double { microseconds(CLOCK_PROCESS_CPUTIME_ID) / 1e6 }

    private static func microseconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
    }
}
