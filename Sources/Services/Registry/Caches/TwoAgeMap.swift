/// A dictionary that stays within a cost by forgetting what has not been asked for lately.
///
/// It keeps two dictionaries. When the young one is full it becomes the old one, and what the old one held is
/// forgotten; what is found in the old one becomes young again. So each call takes constant time, and an
/// entry that is in use is never forgotten.
struct TwoAgeMap<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private var young: [Key: (value: Value, cost: Int)] = [:]
    private var old: [Key: (value: Value, cost: Int)] = [:]
    private var youngCost = 0
    private let costMax: Int

    /// - Parameter costMax: what all entries together may cost.
    init(costMax: Int) {
        precondition(costMax > 1)
        self.costMax = costMax
    }

    mutating func value(for key: Key) -> Value? {
        if let found = young[key] { return found.value }
        guard let found = old.removeValue(forKey: key) else { return nil }
        insert(found.value, for: key, cost: found.cost)
        return found.value
    }

    mutating func insert(_ value: Value, for key: Key, cost: Int) {
        guard cost <= costMax / 2 else { return remove(key) }
        remove(key)
        if youngCost + cost > costMax / 2 {
            old = young
            young = [:]
            youngCost = 0
        }
        young[key] = (value, cost)
        youngCost += cost
    }

    mutating func remove(_ key: Key) {
        if let gone = young.removeValue(forKey: key) { youngCost -= gone.cost }
        old.removeValue(forKey: key)
    }

    mutating func removeAll() {
        young = [:]
        old = [:]
        youngCost = 0
    }
}
