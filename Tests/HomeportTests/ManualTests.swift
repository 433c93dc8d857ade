import Foundation
import Testing

@testable import homeport

/// The manual of all keys says what the program reads, key by key, with the defaults it has.
@Suite struct ManualTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The rows of the tables: key and default.
    private func rows() throws -> [(key: String, builtIn: String)] {
        let page = try String(contentsOf: Self.root.appending(path: "docs/configure.md"), encoding: .utf8)
        return page.matches(of: /(?m)^\| `([a-zA-Z0-9_.\[\]]+)` \| (?:`([^`]*)`)? ?\|/).map { match in
            (String(match.1), match.2.map(String.init) ?? "")
        }
    }

    @Test func everyKeyIsInTheManualAndNoOther() throws {
        let keys = Configuration.leaves().map(\.path)
        let written = try rows().map(\.key)
        #expect(Set(written).count == written.count, "a key stands twice")
        #expect(Set(keys).subtracting(written).sorted() == [], "these are not in docs/configure.md")
        #expect(Set(written).subtracting(keys).sorted() == [], "these do not exist")
    }

    @Test func theManualHasTheRealDefaults() throws {
        let defaults = Configuration()
        let shown = Dictionary(
            uniqueKeysWithValues: Configuration.leaves().map { ($0.path, $0.show(defaults)) })
        for (key, builtIn) in try rows() { #expect(shown[key] == builtIn, "\(key)") }
    }
}
