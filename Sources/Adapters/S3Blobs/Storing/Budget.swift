import Synchronization

/// How much memory all uploads together hold for what is not worth an object of its own yet.
final class Budget: Sendable {
    private let used = Atomic<Int>(0)
    private let max: Int

    /// - Parameter max: in bytes. One upload that is at work may always go beyond, by a piece.
    init(max: Int = 192 << 20) { self.max = max }

    var isExceeded: Bool { used.load(ordering: .relaxed) > max }

    func take(_ count: Int) { used.add(count, ordering: .relaxed) }
    func give(_ count: Int) { used.subtract(count, ordering: .relaxed) }
}

/// How large the pieces of an upload are, of which S3 takes 10,000 in a blob.
struct PieceSizes: Sendable {
    static let countMax = 10_000

    /// S3 takes no smaller part but the last.
    var partMin: Int64 = 5 << 20
    var first: Int64 = 8 << 20
    var later: Int64 = 32 << 20
    /// How many are of the first size.
    var firstCount = 1000

    func size(of number: Int) -> Int64 { number < firstCount ? first : later }
}
