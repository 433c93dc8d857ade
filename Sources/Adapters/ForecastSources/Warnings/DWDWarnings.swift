import Almanac
import FoundationEssentials
import Weather

/// Warnings of Deutscher Wetterdienst, through Bright Sky.
struct DWDWarnings: WarningSource {
    let name = "dwd"
    let talk: Talk

    func warnings(for place: Place) async throws(SourceError) -> [Warning] {
        // Asking about places elsewhere would only bring refusals.
        guard (47...55.5).contains(place.latitude), (5.5...15.5).contains(place.longitude) else { return [] }
        let answer = try await talk.get(
            "/alerts",
            [
                ("lat", Decimals.text(place.latitude, places: 4)),
                ("lon", Decimals.text(place.longitude, places: 4)), ("tz", "Etc/UTC"),
            ])
        if answer.status == 404 { return [] }
        guard answer.status == 200 else { throw talk.unexpected(answer) }
        return try talk.read([answer.body]) { answers throws(AnswerMistake) in try Self.read(answers[0]) }
    }

    static func read(_ root: JSONValue) throws(AnswerMistake) -> [Warning] {
        var warnings: [Warning] = []
        for record in try root.member("alerts").elements {
            guard (try record.string("status"))?.lowercased() ?? "actual" == "actual",
                let start = try record.moment(anyOf: ["onset", "effective"]),
                let id = try record.string("alert_id")
            else { continue }
            // Some have no end: they are looked at again long before two days are over.
            let end = try record.moment("expires") ?? start + 2 * 86_400
            guard end > start,
                let english = try text(record, "event_en", "headline_en", "description_en", "instruction_en")
            else { continue }
            var translations: [Language: Warning.Text] = [:]
            translations[.german] = try text(
                record, "event_de", "headline_de", "description_de", "instruction_de")
            warnings.append(
                Warning(
                    id: id, severity: Severity(word: try record.string("severity") ?? ""),
                    start: Moments.date(start), end: Moments.date(end), text: english,
                    translations: translations,
                    issuer: "Deutscher Wetterdienst"))
        }
        return warnings
    }

    private static func text(
        _ record: JSONValue, _ event: StaticString, _ headline: StaticString, _ details: StaticString,
        _ instruction: StaticString
    ) throws(AnswerMistake) -> Warning.Text? {
        guard let name = try record.string(event) else { return nil }
        return Warning.Text(
            event: name, headline: try record.string(headline), details: try record.string(details),
            instruction: try record.string(instruction))
    }
}
