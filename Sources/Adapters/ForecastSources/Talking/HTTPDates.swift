import FoundationEssentials
import Weather

/// The dates of HTTP headers (RFC 9110, 5.6.7; only the form that may be sent today).
enum HTTPDates {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Reads `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func date(_ text: String) -> Date? {
        let words = text.split(separator: " ")
        guard
            words.count == 6, words[5] == "GMT", let day = Int(words[1]),
            let month = months.firstIndex(of: String(words[2])),
            let year = Int(words[3]), let date = CivilDate(year: year, month: month + 1, day: day),
            let seconds = Moments.seconds("\(date)T\(words[4])")
        else { return nil }
        return Moments.date(seconds)
    }
}
