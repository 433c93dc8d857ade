import Foundation
import PageKit
import Weather

/// The events of the calendars as strips under the drawing: a lane for each rule, more where events overlap.
struct EventStrips {
    private struct Lane {
        let name: String
        var strips: [(from: Double, to: Double, event: WeatherEvent)] = []
    }

    private let lanes: [Lane]
    private let frame: MeteogramFrame
    private let top: Double

    private static let laneHeight = 20.0
    private static let lanesMax = 24

    init(_ events: [WeatherEvent], frame: MeteogramFrame, phrases: Phrases, top: Double) {
        self.frame = frame
        self.top = top
        var order: [RuleID] = []
        var lanes: [RuleID: [Lane]] = [:]
        for event in events where event.end > frame.span.lowerBound && event.start < frame.span.upperBound {
            guard event.kind != .day, event.kind != .sunrise, event.kind != .sunset else { continue }
            let strip = (from: frame.x(event.start), to: frame.x(event.end), event: event)
            if lanes[event.rule] == nil { order.append(event.rule) }
            var own = lanes[event.rule] ?? []
            if let free = own.firstIndex(where: { ($0.strips.last?.to ?? 0) <= strip.from }) {
                own[free].strips.append(strip)
            } else {
                own.append(
                    Lane(name: own.isEmpty ? phrases.name(of: event.rule.description) : "", strips: [strip]))
            }
            lanes[event.rule] = own
        }
        self.lanes = Array(order.flatMap { lanes[$0] ?? [] }.prefix(Self.lanesMax))
    }

    var bottom: Double { top + Double(lanes.count) * Self.laneHeight }

    var drawing: HTML {
        .joined(
            lanes.enumerated().map { index, lane -> HTML in
                let y = top + Double(index) * Self.laneHeight
                let name = lane.name.count > 10 ? "\(lane.name.prefix(9))…" : lane.name
                let strips = lane.strips.map { strip(from: $0.from, to: $0.to, $0.event, y: y) }
                return "<text class=\"lane\" x=\"2\" y=\"\(y + 14)\">\(name)</text>\(strips)"
            })
    }

    private func strip(from: Double, to: Double, _ event: WeatherEvent, y: Double) -> HTML {
        let width = max(to - from - 1, 3)
        let icon: HTML =
            if let icon = event.icon, width >= 18 {
                "<text class=\"icon\" x=\"\(from + 9)\" y=\"\(y + 14)\">\(icon)</text>"
            } else {
                .empty
            }
        return """
            <a href="#\(event.anchor)"><title>\(event.title)</title><rect class="strip \(event.colorClass)" \
            x="\(from)" y="\(y + 1)" width="\(width)" height="\(Self.laneHeight - 3)" rx="3"/>\(icon)</a>
            """
    }
}

extension WeatherEvent {
    /// Where it stands in the list of events.
    var anchor: String { "event-\(seed)" }

    /// A class of the style sheet.
    var colorClass: String { "color-\(color?.rawValue ?? "none")" }
}
