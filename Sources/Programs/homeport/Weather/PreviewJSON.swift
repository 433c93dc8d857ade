internal import Almanac
internal import FoundationEssentials
internal import TimeKit
internal import Weather

/// The preview for programs.
struct PreviewJSON: Encodable {
    struct Event: Encodable {
        let uid: String
        let kind: String
        let rule: String
        let calendar: String
        let start: Date
        let end: Date
        let allDay: String?
        let title: String
        let lines: [String]
        let severity: String?
        let peak: Double?
        let sum: Double?
    }

    let place: String
    let latitude: Double
    let longitude: Double
    let zone: String
    let source: String
    let issued: Date?
    let confirmed: Date
    let licence: String
    let now: Date
    let events: [Event]

    init(_ answer: WeatherQuestion.Answer) {
        let forecast = answer.outlook.forecast
        place = forecast.place.name
        latitude = forecast.place.latitude
        longitude = forecast.place.longitude
        zone = answer.outlook.zone.name
        source = forecast.source.rawValue
        issued = forecast.issued
        confirmed = answer.outlook.confirmed
        licence = "\(forecast.licence.text) \(forecast.licence.url)"
        now = answer.now
        events = answer.outlook.events.map { tracked in
            let event = tracked.event
            var allDay: String?
            if case .allDay(let date, _) = event.form { allDay = date.description }
            return Event(
                uid: event.seed, kind: event.kind.rawValue, rule: event.rule.description,
                calendar: event.calendar,
                start: event.start, end: event.end, allDay: allDay, title: event.title, lines: event.lines,
                severity: event.severity.map { "\($0)" }, peak: event.peak?.value, sum: event.sum?.value)
        }
    }
}
