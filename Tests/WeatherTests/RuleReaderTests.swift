import Testing

@testable import Weather

@Suite struct RuleReaderTests {
    @Test func aComparisonIsReadWithItsUnit() throws {
        #expect(try Predicate("wind > 23 km/h") == .compare(Comparison(.quantity(.wind), .above, 23 / 3.6)))
        #expect(try Predicate("wind>23") == .compare(Comparison(.quantity(.wind), .above, 23 / 3.6)))
        #expect(
            try Predicate("wind > 8 m/s until 6 m/s")
                == .compare(Comparison(.quantity(.wind), .above, 8, exit: 6)))
        #expect(try Predicate("snow >= 1 cm") == .compare(Comparison(.quantity(.snow), .atLeast, 10)))
        #expect(
            try Predicate("temperature < -10 °C")
                == .compare(Comparison(.quantity(.temperature), .below, -10)))
        #expect(
            try Predicate("temperature > 86°F") == .compare(Comparison(.quantity(.temperature), .above, 30)))
        #expect(try Predicate("dew-point >= 16") == .compare(Comparison(.quantity(.dewPoint), .atLeast, 16)))
        #expect(try Predicate("spread < 3") == .compare(Comparison(.spread, .below, 3)))
    }

    @Test func andBindsCloserThanOr() throws {
        let dry = Predicate.compare(Comparison(.quantity(.rain), .equal, 0))
        let warm = Predicate.compare(Comparison(.quantity(.temperature), .above, 18))
        #expect(
            try Predicate("rain = 0 and temperature > 18 or daylight")
                == .any([.all([dry, warm]), .daylight(true)]))
        #expect(
            try Predicate("rain = 0 and (temperature > 18 or night)")
                == .all([dry, .any([warm, .daylight(false)])]))
        #expect(
            try Predicate("sky heavy-rain and hour 22..2")
                == .all([.sky([.heavyRain]), .hoursOfDay([22, 23, 0, 1])]))
    }

    @Test(arguments: [
        ("wind", "after 'wind' comes one of"), ("wind > ", "a number was expected"),
        ("wind > 23 lightyears", "'lightyears' is not a unit of wind; known are km/h, m/s, mph, kn"),
        ("windy > 3", "'windy' is not a quantity"), ("wind > 23 until 30", "easier to pass"),
        ("(wind > 3", "not closed"), ("wind > 3)", "not expected"),
        ("", "ends where a quantity was expected"),
        ("sky pink", "comes one of clear"), ("hour 7", "two hours of the day"),
    ]) func whatMakesNoSenseIsTold(_ text: String, _ expected: String) {
        let mistake = #expect(throws: Predicate.Mistake.self) { try Predicate(text) }
        #expect(mistake?.description.contains(expected) == true, "\(mistake?.description ?? "")")
    }

    @Test func bracketsDoNotReachTheBottomOfTheStack() {
        let deep = String(repeating: "(", count: 240) + "daylight" + String(repeating: ")", count: 240)
        #expect(throws: Predicate.Mistake.self) { try Predicate(deep) }
    }
}
