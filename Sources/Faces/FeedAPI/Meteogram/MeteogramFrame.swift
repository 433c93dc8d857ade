import Foundation
import Weather

/// Where things are in the drawing: a unit is about a pixel.
struct MeteogramFrame {
    /// From the start of today to the end of the forecast, at most ten days from now.
    let span: Range<Date>
    let hours: HourTable
    let clock: LocalClock
    /// Room at the left, for scales and names.
    static let gutter = 80.0
    static let margin = 12.0
    static let hourWidth = 4.0
    static let daysMax = 10
    static let headHeight = 40.0

    let indices: Range<Int>

    /// Nil when there is nothing to draw.
    init?(_ forecast: Forecast, clock: LocalClock, now: Date) {
        let today = clock.date(at: now)
        let start = max(clock.moment(today), forecast.hours.start)
        let end = min(now.addingTimeInterval(Double(Self.daysMax) * 86_400), forecast.hours.end)
        guard start < end else { return nil }
        self.span = start..<end
        self.hours = forecast.hours
        self.clock = clock
        self.indices = forecast.hours.indices(in: span)
    }

    var plotWidth: Double { span.upperBound.timeIntervalSince(span.lowerBound) / 3600 * Self.hourWidth }
    var width: Double { Self.gutter + plotWidth + Self.margin }
    var right: Double { Self.gutter + plotWidth }

    /// The place of a moment, kept inside the plot.
    func x(_ moment: Date) -> Double {
        let hour = moment.timeIntervalSince(span.lowerBound) / 3600
        return Self.gutter + min(max(hour * Self.hourWidth, 0), plotWidth)
    }

    /// The days that are drawn, with what is seen of each.
    var days: [(date: CivilDate, span: Range<Date>)] {
        let first = clock.date(at: span.lowerBound).number
        let last = clock.date(at: span.upperBound.addingTimeInterval(-1)).number
        return (first...last).map { number in
            let date = CivilDate(number: number)
            return (date, clock.interval(of: date).clamped(to: span))
        }
    }

    /// The nights: from each sunset to the next sunrise.
    func nights(latitude: Double, longitude: Double) -> [Range<Date>] {
        let sun = SunTimes(latitude: latitude, longitude: longitude)
        var nights: [Range<Date>] = []
        var dark = span.lowerBound
        var isDark = !sun.isUp(at: span.lowerBound)
        func fall(at moment: Date) {
            if !isDark { (dark, isDark) = (moment, true) }
        }
        func rise(at moment: Date) {
            if isDark, moment > dark { nights.append(dark..<moment) }
            isDark = false
        }
        for day in days {
            let noon = clock.moment(day.date, minuteOfDay: 720)
            switch sun.day(around: noon) {
            case .upAllDay: rise(at: max(day.span.lowerBound, span.lowerBound))
            case .downAllDay: fall(at: max(day.span.lowerBound, span.lowerBound))
            case .risesAndSets(let sunrise, let sunset):
                if sunrise > span.lowerBound { rise(at: min(sunrise, span.upperBound)) }
                if sunset < span.upperBound, sunset > span.lowerBound { fall(at: sunset) }
            }
        }
        if isDark, dark < span.upperBound { nights.append(dark..<span.upperBound) }
        return nights
    }
}

/// A scale from values to heights.
struct MeteogramScale {
    let low: Double
    let high: Double
    let top: Double
    let bottom: Double

    func y(_ value: Double) -> Double {
        bottom - (min(max(value, low), high) - low) / (high - low) * (bottom - top)
    }

    /// Round steps of which at most `countMax` lie within the scale.
    func ticks(_ steps: [Double], countMax: Int) -> [Double] {
        let step = steps.first { (high - low) / $0 <= Double(countMax) } ?? steps[steps.count - 1]
        var ticks: [Double] = []
        var tick = (low / step).rounded(.up) * step
        while tick <= high + 1e-9, ticks.count < 50 {
            ticks.append(tick)
            tick += step
        }
        return ticks
    }
}
