import Foundation

/// Lines of a configuration with one place, New York, told by a service on this machine.
func weatherSettings(_ source: String, place: String = "", more: String = "") -> String {
    """
    weather:
      warnings: off
      places:
        - name: york
          title: New York
          at: 40.71,-74.01
          zone: America/New_York
    \(place.isEmpty ? "" : "      \(place)\n")  sources:
        - name: open-meteo
          url: \(source)
    \(more)
    """
}

/// An event as a calendar tells it.
struct ToldEvent: Hashable, Decodable {
    let uid: String
    let summary: String
}

/// The events of a calendar in the form of RFC 5545: just enough of a reader to name them.
func toldEvents(_ calendar: String) -> Set<ToldEvent> {
    let unfolded = calendar.replacing("\r\n ", with: "").split(separator: "\r\n")
    var events: Set<ToldEvent> = []
    var uid = ""
    var isInEvent = false
    for line in unfolded {
        if line == "BEGIN:VEVENT" { isInEvent = true }
        if line == "END:VEVENT" { isInEvent = false }
        guard isInEvent else { continue }
        if line.hasPrefix("UID:") { uid = String(line.dropFirst(4)) }
        if line.hasPrefix("SUMMARY:") {
            let text = line.dropFirst(8).replacing("\\,", with: ",").replacing("\\;", with: ";")
            events.insert(ToldEvent(uid: uid, summary: String(text)))
        }
    }
    return events
}
