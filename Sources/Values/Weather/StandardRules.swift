extension EventRule {
    /// The rules in force when nobody says otherwise: what the weather does that is worth knowing.
    package static let standard: [EventRule] = [
        make("wind", .compare(Comparison(.quantity(.wind), .above, 23 / 3.6)), .wind) {
            $0.icon = "💨"
            $0.color = .slategray
        },
        make("heat", .compare(Comparison(.quantity(.temperature), .above, 30)), .temperature) {
            $0.icon = "🔥"
            $0.color = .tomato
        },
        make("cold", .compare(Comparison(.quantity(.temperature), .below, -10)), .temperature) {
            $0.icon = "🥶"
            $0.color = .navy
            $0.extreme = .lowest
        },
        make("uv", .compare(Comparison(.quantity(.uvIndex), .above, 4)), .uvIndex) {
            $0.icon = "🕶️"
            $0.color = .orange
        },
        make("rain", .compare(Comparison(.quantity(.rain), .above, 0)), .rain) {
            $0.icon = "🌧️"
            $0.color = .royalblue
        },
        make("snow", .compare(Comparison(.quantity(.snow), .above, 0)), .snow) {
            $0.icon = "❄️"
            $0.color = .lightsteelblue
        },
        make("muggy", .compare(Comparison(.spread, .below, 3)), .humidity) {
            $0.icon = "💧"
            $0.color = .seagreen
        },
    ]

    /// Good hours: in force when asked for.
    package static let windows: [EventRule] = [
        make("dry", dry, .temperature) {
            $0.icon = "🧺"
            $0.color = .khaki
            $0.minimumHours = 3
            $0.horizonDays = 5
            $0.isWindow = true
        },
        make("outdoor", .all([dry, mild, calm]), .temperature) {
            $0.icon = "🚴"
            $0.color = .olivedrab
            $0.minimumHours = 2
            $0.horizonDays = 5
            $0.isWindow = true
        },
    ]

    private static let dry = Predicate.all([
        .daylight(true), .compare(Comparison(.quantity(.precipitation), .atMost, 0)),
        .any([
            .compare(Comparison(.quantity(.chance), .atMost, 25)), .unknown(.chance),
        ]),
    ])
    private static let mild = Predicate.all([
        .compare(Comparison(.quantity(.temperature), .atLeast, 14)),
        .compare(Comparison(.quantity(.temperature), .atMost, 28)),
    ])
    private static let calm = Predicate.compare(Comparison(.quantity(.wind), .below, 25 / 3.6))

    private static func make(
        _ id: StaticString, _ when: Predicate, _ shows: Quantity, _ adjust: (inout EventRule) -> Void
    ) -> EventRule {
        let id = RuleID(standard: id)
        var rule = EventRule(id: id, when: when, shows: shows, category: id.description)
        adjust(&rule)
        return rule
    }
}
