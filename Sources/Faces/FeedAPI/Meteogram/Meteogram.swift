import Almanac
import Foundation
import PageKit
import Weather

/// The coming ten days as one drawing: temperature and dew point, rain and snow, wind, UV, and below them the
/// very events of the calendars.
struct Meteogram {
    let frame: MeteogramFrame
    let place: Place
    let figures: Figures
    let phrases: Phrases
    let words: PageWords
    let now: Date
    private let strips: EventStrips

    private static let temperature = (top: 48.0, bottom: 188.0)
    private static let rain = (top: 204.0, bottom: 264.0)
    private static let wind = (top: 280.0, bottom: 330.0)
    private static let uvIndex = (top: 346.0, bottom: 376.0)
    private static let stripsTop = 392.0

    /// Nil when there are no hours to draw.
    init?(_ subject: WeatherPage.Subject, words: PageWords) {
        let outlook = subject.outlook
        guard let frame = MeteogramFrame(outlook.forecast, clock: outlook.clock, now: subject.now) else {
            return nil
        }
        let options = subject.plan.options
        self.frame = frame
        self.place = outlook.forecast.place
        self.figures = Figures(units: options.units, language: options.language)
        self.phrases = options.language.phrases
        self.words = words
        self.now = subject.now
        self.strips = EventStrips(subject.events, frame: frame, phrases: phrases, top: Self.stripsTop)
    }

    var svg: HTML {
        let height = strips.bottom + 8
        return """
            <svg class="meteogram" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(frame.width) \(height)" \
            width="\(frame.width)" height="\(height)" role="img" aria-labelledby="meteogram-title meteogram-text">
            <title id="meteogram-title">\(words.meteogramTitle) \(place.name)</title>
            <desc id="meteogram-text">\(summary)</desc>
            \(nights)\(heads)\(temperatures)\(falls)\(winds)\(rays)\(strips.drawing)\(present)
            </svg>
            """
    }

    /// The drawing in one sentence, for those who do not see it.
    private var summary: String {
        func reach(_ quantity: Quantity) -> (Double, Double)? {
            let values = frame.indices.compactMap { frame.hours[quantity, $0] }
            guard let low = values.min(), let high = values.max() else { return nil }
            return (low, high)
        }
        var parts: [String] = []
        if let (low, high) = reach(.temperature) {
            parts.append(
                "\(words.temperature): \(figures.temperature(low)) \(words.to) \(figures.temperature(high))")
        }
        for (quantity, name) in [(Quantity.rain, words.rain), (.snow, words.snow)] {
            let sum = frame.indices.compactMap { frame.hours[quantity, $0] }.reduce(0, +)
            if sum > 0 { parts.append("\(name): \(figures.text(sum, of: quantity))") }
        }
        if let (_, high) = reach(.wind) {
            parts.append("\(words.wind): \(words.upTo) \(figures.speed(high))")
        }
        if let (_, high) = reach(.uvIndex) {
            parts.append("\(words.uvIndex): \(words.upTo) \(figures.number(high, places: 0))")
        }
        return parts.joined(separator: ". ") + ". " + words.tableHint
    }
}

extension Meteogram {
    private var nights: HTML {
        let rects = frame.nights(latitude: place.latitude, longitude: place.longitude).map { night -> HTML in
            let x = frame.x(night.lowerBound)
            let height = strips.bottom - MeteogramFrame.headHeight
            return """
                <rect class="night" x="\(x)" y="\(MeteogramFrame.headHeight)" \
                width="\(frame.x(night.upperBound) - x)" height="\(height)"/>
                """
        }
        return .joined(rects)
    }

    /// Names of days, and lines between them.
    private var heads: HTML {
        .joined(
            frame.days.enumerated().map { index, day -> HTML in
                let (left, right) = (frame.x(day.span.lowerBound), frame.x(day.span.upperBound))
                let line: HTML =
                    index == 0 ? "" : "<path class=\"midnight\" d=\"M\(left) 6V\(strips.bottom)\"/>"
                guard right - left >= 40 else { return line }
                let weekday = phrases.weekdays[day.date.weekday - 1]
                // A day that is not whole has no room for its date.
                let name = right - left < 80 ? weekday : "\(weekday) \(words.day(day.date))"
                let middle = (left + right) / 2
                let icon = sky(of: day.span).map { sky -> HTML in
                    "<text class=\"sky\" x=\"\(middle)\" y=\"34\">\(sky.icon)</text>"
                }
                return """
                    \(line)<text class="day" x="\(middle)" y="16">\(name)</text>\(icon ?? .empty)
                    """
            })
    }

    /// What is most worth saying of the sky of a day.
    private func sky(of span: Range<Date>) -> Sky? {
        frame.hours.indices(in: span).compactMap { frame.hours.sky[$0] }.max { $0.weight < $1.weight }
    }

    private var present: HTML {
        guard frame.span.contains(now) else { return .empty }
        return """
            <path class="now" d="M\(frame.x(now)) \(MeteogramFrame.headHeight)V\(strips.bottom)"/>
            """
    }

    /// A name at the left of a part of the drawing, and the lines of its scale.
    private func scale(_ scale: MeteogramScale, name: String, ticks: [(Double, String)]) -> HTML {
        let lines = ticks.map { value, text -> HTML in
            let y = scale.y(value)
            return """
                <path class="grid" d="M\(MeteogramFrame.gutter) \(y)H\(frame.right)"/>\
                <text class="tick" x="\(MeteogramFrame.gutter - 6)" y="\(y + 4)">\(text)</text>
                """
        }
        return "<text class=\"name\" x=\"2\" y=\"\(scale.top - 4)\">\(name)</text>\(lines)"
    }

    private func points(_ quantity: Quantity, _ scale: MeteogramScale) -> [(x: Double, y: Double)?] {
        frame.indices.map { index in
            frame.hours[quantity, index].map { (frame.x(frame.hours.start(of: index)), scale.y($0)) }
        }
    }

    private var temperatures: HTML {
        let values = frame.indices.flatMap { index in
            [frame.hours[.temperature, index], frame.hours[.dewPoint, index]].compactMap { $0 }
        }
        guard let low = values.min(), let high = values.max() else { return .empty }
        let scale = MeteogramScale(
            low: low - 1, high: max(high + 1, low + 5), top: Self.temperature.top,
            bottom: Self.temperature.bottom)
        // Round numbers of the reader's scale, wherever they lie on ours.
        let units = figures.units.temperature
        let shown = MeteogramScale(
            low: units.shown(scale.low), high: units.shown(scale.high), top: 0, bottom: 1)
        let ticks = shown.ticks([1, 2, 5, 10, 20], countMax: 6).map { tick in
            let celsius = units == .celsius ? tick : (tick - 32) * 5 / 9
            return (celsius, "\(figures.number(tick, places: 0))°")
        }
        return """
            \(self.scale(scale, name: "°\(units.letter)", ticks: ticks))\
            <path class="dew" d="\(Drawing.line(points(.dewPoint, scale)))"/>\
            <path class="temperature" d="\(Drawing.line(points(.temperature, scale)))"/>\(extremes(scale))
            """
    }

    /// The lowest and highest temperature of each day, at its place.
    private func extremes(_ scale: MeteogramScale) -> HTML {
        .joined(
            frame.days.flatMap { day -> [HTML] in
                let known = frame.hours.indices(in: day.span).compactMap { index in
                    frame.hours[.temperature, index].map { (index: index, value: $0) }
                }
                guard known.count >= 12, let high = known.max(by: { $0.value < $1.value }),
                    let low = known.min(by: { $0.value < $1.value })
                else { return [] }
                return [(high, -6.0, "high"), (low, 14.0, "low")].map { extreme, shift, kind in
                    let x = frame.x(frame.hours.start(of: extreme.index))
                    let text = figures.number(figures.units.temperature.shown(extreme.value), places: 0)
                    let inside = min(max(x, MeteogramFrame.gutter + 8), frame.right - 8)
                    return
                        "<text class=\"\(kind)\" x=\"\(inside)\" y=\"\(scale.y(extreme.value) + shift)\">\(text)</text>"
                }
            })
    }

    /// Rain from the bottom, snow (as it lies, in tenths) on top of it.
    private var falls: HTML {
        let hours = frame.indices.map { index in
            (index: index, rain: frame.hours[.rain, index] ?? 0, snow: (frame.hours[.snow, index] ?? 0) / 10)
        }
        let most = hours.map { $0.rain + $0.snow }.max() ?? 0
        let scale = MeteogramScale(low: 0, high: max(most, 1), top: Self.rain.top, bottom: Self.rain.bottom)
        let unit = figures.units.depth == .metric ? "mm" : "in"
        let ticks = scale.ticks([0.5, 1, 2, 5, 10, 20, 50], countMax: 3).filter { $0 > 0 }.map {
            ($0, figures.rainNumber($0))
        }
        let bars = hours.map { hour -> HTML in
            let x = frame.x(frame.hours.start(of: hour.index)) + 0.5
            var y = Self.rain.bottom
            return .joined(
                [("rain", hour.rain), ("snow", hour.snow)].map { kind, amount -> HTML in
                    guard amount > 0 else { return .empty }
                    let height = max(Self.rain.bottom - scale.y(amount), 0.8)
                    y -= height
                    return """
                        <rect class="\(kind)" x="\(x)" y="\(y)" width="\(MeteogramFrame.hourWidth - 1)" \
                        height="\(height)"/>
                        """
                })
        }
        return """
            \(self.scale(scale, name: "\(words.rain) \(unit)", ticks: ticks))<path class="base" \
            d="M\(MeteogramFrame.gutter) \(Self.rain.bottom)H\(frame.right)"/>\(bars)
            """
    }

    private var winds: HTML {
        let speeds = figures.units.speed
        let values = frame.indices.flatMap { index in
            [frame.hours[.wind, index], frame.hours[.gust, index]].compactMap { $0 }
        }
        guard let most = values.max() else { return .empty }
        let scale = MeteogramScale(low: 0, high: max(most, 5), top: Self.wind.top, bottom: Self.wind.bottom)
        // What the scale shows at its end tells how its round numbers lie; Beaufort is drawn in its own
        // metre.
        let perUnit = speeds == .beaufort ? 3.6 : max(speeds.shown(1), 0.01)
        let name = speeds == .beaufort ? "km/h" : speeds.symbol
        let shown = MeteogramScale(low: 0, high: scale.high * perUnit, top: 0, bottom: 1)
        let ticks = shown.ticks([5, 10, 20, 50, 100], countMax: 3).filter { $0 > 0 }.map {
            ($0 / perUnit, figures.number($0, places: 0))
        }
        return """
            \(self.scale(scale, name: "\(words.wind) \(name)", ticks: ticks))\
            <path class="gust" d="\(Drawing.line(points(.gust, scale)))"/>\
            <path class="wind" d="\(Drawing.line(points(.wind, scale)))"/>\(arrows)
            """
    }

    /// Every six hours, where the wind blows to.
    private var arrows: HTML {
        .joined(
            frame.indices.filter { ($0 - frame.indices.lowerBound) % 6 == 3 }.map { index -> HTML in
                guard let from = frame.hours[.windDirection, index] else { return .empty }
                let x = frame.x(frame.hours.start(of: index))
                return """
                    <path class="arrow" d="M0 -4V4M-2.5 1.5L0 4.5L2.5 1.5" \
                    transform="translate(\(x) \(Self.wind.bottom + 4)) rotate(\(from))"/>
                    """
            })
    }

    private var rays: HTML {
        guard frame.indices.contains(where: { frame.hours[.uvIndex, $0] != nil }) else { return .empty }
        let scale = MeteogramScale(low: 0, high: 11, top: Self.uvIndex.top, bottom: Self.uvIndex.bottom)
        let bars = frame.indices.map { index -> HTML in
            guard let value = frame.hours[.uvIndex, index], value >= 0.5 else { return .empty }
            let y = scale.y(value)
            return """
                <rect class="\(Self.uvClass(value))" x="\(frame.x(frame.hours.start(of: index)))" y="\(y)" \
                width="\(MeteogramFrame.hourWidth)" height="\(Self.uvIndex.bottom - y)"/>
                """
        }
        return "\(self.scale(scale, name: words.uvIndex, ticks: [(5, "5")]))\(bars)"
    }

    /// The five steps of the index as the WHO names them.
    private static func uvClass(_ value: Double) -> String {
        switch value {
        case ..<3: "uv low-uv"
        case ..<6: "uv moderate-uv"
        case ..<8: "uv high-uv"
        case ..<11: "uv very-high-uv"
        default: "uv extreme-uv"
        }
    }
}
