import Almanac
import FoundationEssentials
import Weather

/// MET Norway's MetAlerts 2.0, for Norway and its seas.
struct MetNorwayWarnings: WarningSource {
    let name = "met-norway"
    let talk: Talk

    func warnings(for place: Place) async throws(SourceError) -> [Warning] {
        guard (56...82).contains(place.latitude), (-12...36).contains(place.longitude) else { return [] }
        let query = [
            ("lat", Decimals.text(place.latitude, places: 4)),
            ("lon", Decimals.text(place.longitude, places: 4)),
            ("lang", "en"),
        ]
        let answer = try await talk.get("/metalerts/2.0/current.json", query)
        if answer.status == 404 || answer.status == 422 { return [] }
        guard answer.status == 200 else { throw talk.unexpected(answer) }
        return try talk.read([answer.body]) { answers throws(AnswerMistake) in try Self.read(answers[0]) }
    }

    static func read(_ root: JSONValue) throws(AnswerMistake) -> [Warning] {
        var warnings: [Warning] = []
        for feature in try root.member("features").elements {
            let record = try feature.member("properties")
            let interval = feature["when"]?["interval"]?.list ?? []
            guard (try record.string("status") ?? "Actual") == "Actual", let id = try record.string("id"),
                interval.count == 2, let start = try interval[0].moment(), let end = try interval[1].moment(),
                end > start
            else { continue }
            let event = try record.string(anyOf: ["eventAwarenessName", "event"]) ?? "warning"
            let url = try record.string("web")?.split(whereSeparator: \.isWhitespace).first.map(String.init)
            warnings.append(
                Warning(
                    id: id, severity: Severity(word: try record.string("severity") ?? ""),
                    start: Moments.date(start), end: Moments.date(end),
                    text: Warning.Text(
                        event: event, headline: try record.string("title").map(trimmed),
                        details: try record.string("description"),
                        instruction: try record.string("instruction")),
                    issuer: "MET Norway", url: url.flatMap { $0.hasPrefix("https://") ? $0 : nil }))
        }
        return warnings
    }

    private static func trimmed(_ text: String) -> String {
        String(text.reversed().drop { $0.isWhitespace }.reversed())
    }
}
