import Almanac
import Foundation
import HTTPKit
import Synchronization

/// Answers that have been made, each until what it tells has changed.
final class AnswerCache<Key: Hashable & Sendable>: Sendable {
    /// What an answer depends on, besides the configuration.
    struct Version: Hashable, Sendable {
        let changed: Date
        /// When the forecast was confirmed, where the answer says so.
        var confirmed: Date?
        /// Counts up where an answer tells the time that has passed.
        var period = 0
    }

    private struct Entry {
        let version: Version
        let answer: PreparedAnswer
    }

    private let entries = Mutex<[Key: Entry]>([:])
    private let countMax: Int

    init(countMax: Int) { self.countMax = countMax }

    /// The answer of this version; made when there is none yet.
    func answer(for key: Key, _ version: Version, make: () -> PreparedAnswer) -> PreparedAnswer {
        let known = entries.withLock { $0[key] }
        if let known, known.version == version { return known.answer }
        let answer = make()
        entries.withLock { entries in
            if entries.count >= countMax { entries.removeAll() }
            entries[key] = Entry(version: version, answer: answer)
        }
        return answer
    }

    /// The answer of whatever version was made last.
    func last(for key: Key) -> PreparedAnswer? { entries.withLock { $0[key]?.answer } }
}
