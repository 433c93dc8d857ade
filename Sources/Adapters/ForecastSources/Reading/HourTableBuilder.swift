import FoundationEssentials
import Weather

/// Puts what a source says at its times into hours of UTC.
struct HourTableBuilder {
    /// When a value holds, seen from the time it is stamped with.
    enum Standing {
        /// At that moment, or in the hour that begins with it.
        case forward
        /// In the hour that ends with it.
        case preceding
    }

    private(set) var table: HourTable
    private let start: Int

    /// - Parameter times: seconds since 1970, in order; hours before the first and beyond the last are not
    /// kept.
    init(from times: [Int], lastHours: Int = 1) throws(AnswerMistake) {
        guard let first = times.first, let last = times.last else {
            throw AnswerMistake("the answer has no hours")
        }
        guard zip(times, times.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw AnswerMistake("the hours of the answer are not in order")
        }
        let count = (last - first) / 3600 + lastHours
        guard first > -1_000_000_000, last < 7_000_000_000 else {
            throw AnswerMistake("the times make no sense")
        }
        self.start = first
        self.table = HourTable(
            start: Date(timeIntervalSince1970: Double(first)), count: min(count, HourTable.hoursMax))
    }

    /// A table without hours, for answers that only know days.
    init(emptyAt moment: Int) {
        self.start = moment
        self.table = HourTable(start: Moments.date(moment), count: 0)
    }

    func index(_ time: Int, _ standing: Standing = .forward) -> Int? {
        let offset = time - start - (standing == .preceding ? 3600 : 0)
        guard offset >= 0, offset % 3600 == 0, offset / 3600 < table.count else { return nil }
        return offset / 3600
    }

    mutating func set(_ quantity: Quantity, _ time: Int, _ value: Double?, _ standing: Standing = .forward) {
        guard let index = index(time, standing) else { return }
        table[quantity, index] = Plausible.value(value, of: quantity)
    }

    /// A value for a block of hours: a sum is spread over them, anything else holds in each.
    mutating func fill(_ quantity: Quantity, from time: Int, hours: Int, _ value: Double?) {
        guard let value, hours > 0 else { return }
        let each = quantity.isSum ? value / Double(hours) : value
        for hour in 0..<hours {
            guard let index = index(time + hour * 3600) else { continue }
            table[quantity, index] = Plausible.value(each, of: quantity)
        }
    }

    mutating func setSky(_ time: Int, _ sky: Sky?, _ standing: Standing = .forward, hours: Int = 1) {
        for hour in 0..<hours {
            guard let index = index(time + hour * 3600, standing) else { continue }
            table.sky[index] = sky
        }
    }

    /// For what needs the whole table.
    mutating func modify(_ change: (inout HourTable) -> Void) { change(&table) }

    mutating func setBlock(_ time: Int, hours: Int) {
        for hour in 0..<hours {
            guard let index = index(time + hour * 3600) else { continue }
            table.blockHours[index] = UInt8(clamping: hours)
        }
    }
}

/// What is left of a number when it means something.
enum Plausible {
    static func value(_ value: Double?, of quantity: Quantity) -> Double? {
        guard let value, quantity.bounds.contains(value) else { return nil }
        return value
    }

    static func longitude(_ value: Double?) -> Double {
        value.flatMap { (-180...180).contains($0) ? $0 : nil } ?? 0
    }
}
