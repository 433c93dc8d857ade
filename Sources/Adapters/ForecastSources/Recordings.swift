package import Almanac
package import Weather

/// Answers that were recorded, read without a network.
package enum Recordings {
    /// What recorded answers say, and for where.
    package struct Told: Sendable {
        fileprivate let reading: Reading
        package let source: SourceName

        /// Where the answers say they are for; not all do.
        package var coordinates: (latitude: Double, longitude: Double)? { reading.coordinates }
        /// The zone the answers say the place is in; not all do.
        package var zone: String? { reading.zone }

        package func forecast(for place: Place) -> Forecast { reading.forecast(for: place, source: source) }
    }

    /// Reads the answers of one source: one file, or the several that a source answers with, in any order.
    ///
    /// A file holds a body as the service sent it, or an object with the body in `data` or `response.body`,
    /// as recorders of HTTP write it.
    package static func read(_ source: SourceName, _ files: [[UInt8]]) throws(SourceError) -> Told {
        let reading = try Talk.read(files, as: source.rawValue) { roots throws(AnswerMistake) in
            let answers = try roots.map(body)
            return switch source {
            case .openMeteo: try openMeteo(answers)
            case .metNorway: try MetNorway.read(answers)
            case .brightSky: try BrightSky.read(answers)
            case .openWeatherMap: try OpenWeatherMap.read(answers)
            case .nationalWeatherService: try NationalWeatherService.read(answers)
            case .pirateWeather: try PirateWeather.read(answers)
            case .weatherCompany: try WeatherCompany.read(answers)
            case .weatherUnderground: try WeatherUnderground.read(answers)
            }
        }
        return Told(reading: reading, source: source)
    }

    /// Hours and days may be recorded apart.
    private static func openMeteo(_ answers: [JSONValue]) throws(AnswerMistake) -> Reading {
        let hourly = answers.first { $0["hourly"] != nil } ?? answers.first
        let daily = answers.first { $0["daily"] != nil && $0["hourly"] == nil }
        var reading = try OpenMeteo.read([hourly].compactMap(\.self))
        if let daily, answers.count > 1 {
            let days = try OpenMeteo.read([daily])
            reading.days = days.days
            reading.zone = days.zone ?? reading.zone
        }
        return reading
    }

    /// Warnings as they were recorded: those of DWD, NWS or MET Norway, told apart by their form.
    package static func warnings(_ file: [UInt8]) throws(SourceError) -> [Warning] {
        try Talk.read([file], as: "the recording") { roots throws(AnswerMistake) in
            let root = try body(roots[0])
            if root["alerts"] != nil { return try DWDWarnings.read(root) }
            let isNorwegian = root["features"]?.elements.first?["when"] != nil
            return isNorwegian ? try MetNorwayWarnings.read(root) : try NWSWarnings.read(root)
        }
    }

    /// What the service answered, out of the envelope that recorders put it in.
    private static func body(_ root: JSONValue) throws(AnswerMistake) -> JSONValue {
        if root["status_code"] != nil, let data = root["data"] { return data }
        guard root["request"] != nil, let text = try root["response"]?.string("body") else { return root }
        do {
            return try JSONText(Array(text.utf8)).root
        } catch {
            throw AnswerMistake("the recorded body is not JSON: \(error.what), at byte \(error.at)")
        }
    }
}
