import Metrics

/// How often one cache knew the answer.
struct CacheMetrics: Sendable {
    private let hits: Counter
    private let misses: Counter

    /// - Parameter cache: one of the few there are.
    init(_ cache: String) {
        func counter(_ result: String) -> Counter {
            Counter(
                label: "homeport_registry_cache_lookups_total",
                dimensions: [("cache", cache), ("result", result)])
        }
        hits = counter("hit")
        misses = counter("miss")
    }

    func count(isHit: Bool) { isHit ? hits.increment() : misses.increment() }
}
