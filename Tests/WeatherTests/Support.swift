import FoundationEssentials

@testable import Weather

/// A moment of UTC: `utc("2026-03-29T15:00")`.
func utc(_ text: String) -> Date {
    let date = CivilDate(text.prefix(10))
    let parts = text.dropFirst(11).split(separator: ":").compactMap { Int($0) }
    let seconds =
        (date?.number ?? 0) * 86_400 + (parts.first ?? 0) * 3600 + (parts.dropFirst().first ?? 0) * 60
    return Date(timeIntervalSince1970: Double(seconds))
}

func day(_ text: String) -> CivilDate { CivilDate(text[...]) ?? CivilDate(number: 0) }

/// The clock of Berlin in 2026.
let berlin = LocalClock(spans: [
    .init(from: .distantPast, offset: 3600, abbreviation: "CET"),
    .init(from: utc("2026-03-29T01:00"), offset: 7200, abbreviation: "CEST"),
    .init(from: utc("2026-10-25T01:00"), offset: 3600, abbreviation: "CET"),
])

/// A forecast of hours that are all alike but for what a test changes.
func forecast(
    from start: String, hours count: Int, days: [DayFigures] = [],
    _ change: (inout HourTable) -> Void = { _ in }
) throws -> Forecast {
    var hours = HourTable(start: utc(start), count: count)
    for index in 0..<count {
        hours[.temperature, index] = 15
        hours[.dewPoint, index] = 5
        hours[.humidity, index] = 51
        hours[.wind, index] = 2
        hours[.rain, index] = 0
        hours[.precipitation, index] = 0
        hours[.snow, index] = 0
        hours[.uvIndex, index] = 0
    }
    change(&hours)
    return try forecast(hours, days: days)
}

func forecast(_ hours: HourTable, days: [DayFigures] = []) throws -> Forecast {
    struct NoPlace: Error {}
    guard let id = PlaceID("berlin"),
        let place = Place(
            id: id, name: "Berlin", latitude: 52.52, longitude: 13.41, timeZone: "Europe/Berlin")
    else { throw NoPlace() }
    return Forecast(
        place: place, source: .openMeteo, issued: nil, hours: hours, days: days,
        licence: Licence(text: "test data", url: "https://example.org/"))
}

/// Only the events of hours.
func plain(_ change: (inout EventOptions) -> Void = { _ in }) -> EventOptions {
    var options = EventOptions()
    options.day = .none
    options.icons = false
    change(&options)
    return options
}
