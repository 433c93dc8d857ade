/// A password, key or token on its way: prints as `***`, so that no log and no error can hold it by accident.
package struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let text: String

    package init(_ text: String) { self.text = text }

    /// The secret itself, at the place where it is used.
    package var revealed: String { text }

    package var description: String { "***" }
    package var debugDescription: String { "***" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension Secret: Equatable {
    /// Takes the same time wherever two of the same length differ.
    package static func == (one: Secret, other: Secret) -> Bool {
        let (one, other) = (Array(one.text.utf8), Array(other.text.utf8))
        guard one.count == other.count else { return false }
        return zip(one, other).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
