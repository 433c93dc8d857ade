package import Almanac
package import ServerKit
import Synchronization
package import Weather

/// Forecasts kept in memory; can be told to fail.
package final class InMemoryForecastArchive: ForecastArchive {
    private let kept = Mutex<[PlaceID: [UInt8]]>([:])
    private let failure = Mutex<StoreError?>(nil)

    package init() {}

    /// Every call fails with this until it is nil again.
    package func fail(with error: StoreError?) { failure.withLock { $0 = error } }

    private func check() throws(StoreError) {
        if let error = failure.withLock({ $0 }) { throw error }
    }

    package func bytes(of place: PlaceID) async throws(StoreError) -> [UInt8]? {
        try check()
        return kept.withLock { $0[place] }
    }

    package func keep(_ bytes: [UInt8], of place: PlaceID) async throws(StoreError) {
        try check()
        kept.withLock { $0[place] = bytes }
    }

    package func remove(_ place: PlaceID) async throws(StoreError) {
        try check()
        kept.withLock { $0[place] = nil }
    }
}

/// A source that answers what a test wants.
package final class ScriptedSource: ForecastSource {
    package typealias Answer = @Sendable (Place, SourceMark?) async throws(SourceError) -> SourceAnswer

    package let name: SourceName
    private let answer: Mutex<Answer>
    private let calls = Mutex(0)

    package init(_ name: SourceName, answer: @escaping Answer) {
        self.name = name
        self.answer = Mutex(answer)
    }

    /// How often it has been asked.
    package var asked: Int { calls.withLock { $0 } }

    /// What it answers from now on.
    package func answers(_ answer: @escaping Answer) { self.answer.withLock { $0 = answer } }

    package func forecast(for place: Place, since mark: SourceMark?) async throws(SourceError) -> SourceAnswer
    {
        calls.withLock { $0 += 1 }
        let answer = answer.withLock { $0 }
        return try await answer(place, mark)
    }
}
