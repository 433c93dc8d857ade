import Almanac
import FoundationEssentials

/// Remembers which calendars the program has made, by owner, in a file beside the token.
struct GoogleState: Sendable {
    let file: PrivateFile

    func calendar(of owner: String) async throws(CalendarServerError) -> String? {
        try await calendars()[owner]
    }

    /// - Parameter calendar: nil to forget it.
    func remember(_ calendar: String?, for owner: String) async throws(CalendarServerError) {
        var all = try await calendars()
        guard all[owner] != calendar else { return }
        all[owner] = calendar
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
            try await file.write(Array(try encoder.encode(all)) + [0x0A])
        } catch {
            throw CalendarServerError(.refused, "google: \(error)")
        }
    }

    private func calendars() async throws(CalendarServerError) -> [String: String] {
        do {
            guard let bytes = try await file.read() else { return [:] }
            return try JSONDecoder().decode([String: String].self, from: Data(bytes))
        } catch {
            throw CalendarServerError(.refused, "google: \(file.path) cannot be used: \(error)")
        }
    }
}
