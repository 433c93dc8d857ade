import Almanac
import FoundationEssentials
import Weather

/// Warnings of the National Weather Service of the United States.
struct NWSWarnings: WarningSource {
    let name = "nws"
    let talk: Talk

    func warnings(for place: Place) async throws(SourceError) -> [Warning] {
        // From Guam over Alaska and Hawaii to Puerto Rico; the service refuses points elsewhere.
        let isAmerican = place.longitude <= -64 || place.longitude >= 144
        guard (-15...72).contains(place.latitude), isAmerican else { return [] }
        let point = "\(Decimals.text(place.latitude, places: 4)),\(Decimals.text(place.longitude, places: 4))"
        let answer = try await talk.get("/alerts/active", [("point", point)])
        if answer.status == 400 || answer.status == 404 { return [] }
        guard answer.status == 200 else { throw talk.unexpected(answer) }
        return try talk.read([answer.body]) { answers throws(AnswerMistake) in try Self.read(answers[0]) }
    }

    static func read(_ root: JSONValue) throws(AnswerMistake) -> [Warning] {
        var warnings: [Warning] = []
        for feature in try root.member("features").elements {
            let record = try feature.member("properties")
            // Tests and drills look like warnings and are none.
            guard try record.string("status") ?? "Actual" == "Actual",
                try record.string("messageType") != "Cancel",
                let event = try record.string("event"),
                let start = try record.moment(anyOf: ["onset", "effective"]),
                let end = try record.moment(anyOf: ["ends", "expires"]), end > start
            else { continue }
            warnings.append(
                Warning(
                    id: try lastingID(record) ?? "\(event) \(start)",
                    severity: Severity(word: try record.string("severity") ?? ""), start: Moments.date(start),
                    end: Moments.date(end),
                    text: Warning.Text(
                        event: event, headline: try record.string("headline"),
                        details: try record.string("description"),
                        instruction: try record.string("instruction")),
                    issuer: try record.string("senderName") ?? "National Weather Service",
                    url: (try record.string("web")).flatMap { $0.hasPrefix("https://") ? $0 : nil }))
        }
        return warnings
    }

    /// Every update of a warning is a new message; what stays is the event's number in its VTEC line
    /// (`/O.CON.KPQR.FA.A.0004.000000T0000Z-191222T1800Z/`).
    private static func lastingID(_ record: JSONValue) throws(AnswerMistake) -> String? {
        if let line = try record["parameters"]?["VTEC"]?.elements.first?.string() {
            let parts = line.split(separator: "/").first?.split(separator: ".") ?? []
            if parts.count >= 6 { return parts[2...5].joined(separator: ".") }
        }
        return try record.string("id")
    }
}
