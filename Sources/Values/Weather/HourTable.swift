package import FoundationEssentials

/// A forecast hour by hour: slots of exactly one hour, one after the other, half open, in UTC.
///
/// Whatever a source calls its values (instants, sums of the hour before, blocks of six hours), here each is
/// that of the hour `[start, start + 1 h)`: instants at its start, sums over it. A sum that a source gives
/// for a longer block is spread evenly over its hours, and `blockHours` says so.
package struct HourTable: Hashable, Sendable {
    /// The most hours a table may have: 31 days.
    package static let hoursMax = 31 * 24
    package static let hour: TimeInterval = 3600

    /// Where the first slot begins. Mostly a full hour of UTC; some zones count their hours from :15, :30 or
    /// :45.
    package let start: Date
    package let count: Int
    private var columns: [Column]
    /// The word of each hour, where known.
    package var sky: [Sky?]
    /// How many hours the source's own step had that this hour comes from: 1, or more where values are
    /// spread.
    package var blockHours: [UInt8]

    /// A table without any value.
    package init(start: Date, count: Int) {
        precondition((0...Self.hoursMax).contains(count))
        self.start = start
        self.count = count
        self.columns = Quantity.allCases.map { _ in Column(count: count) }
        self.sky = Array(repeating: nil, count: count)
        self.blockHours = Array(repeating: 1, count: count)
    }

    package subscript(quantity: Quantity) -> Column {
        get { columns[quantity.rawValue] }
        set {
            precondition(newValue.count == count)
            columns[quantity.rawValue] = newValue
        }
    }

    /// One value, without copying its column.
    package subscript(quantity: Quantity, index: Int) -> Double? {
        get { columns[quantity.rawValue][index] }
        set { columns[quantity.rawValue][index] = newValue }
    }

    package func start(of index: Int) -> Date { start.addingTimeInterval(Double(index) * Self.hour) }
    package func end(of index: Int) -> Date { start(of: index + 1) }
    package var end: Date { start(of: count) }

    /// The hour that holds a moment.
    package func index(at moment: Date) -> Int? {
        let index = Int((moment.timeIntervalSince(start) / Self.hour).rounded(.down))
        return (0..<count).contains(index) ? index : nil
    }

    /// The hours that begin in a stretch of time.
    package func indices(in interval: Range<Date>) -> Range<Int> {
        let first = (interval.lowerBound.timeIntervalSince(start) / Self.hour).rounded(.up)
        let last = (interval.upperBound.timeIntervalSince(start) / Self.hour).rounded(.up)
        let low = Int(min(max(first, 0), Double(count)))
        return low..<max(low, Int(min(max(last, 0), Double(count))))
    }
}

/// What the known hours of a stretch come to. All but the count mean nothing where that is 0.
package struct HourFigures: Hashable, Sendable {
    /// How many hours are known.
    package private(set) var count = 0
    package private(set) var sum = 0.0
    package private(set) var low = Double.infinity
    package private(set) var high = -Double.infinity

    package var mean: Double { sum / Double(count) }

    mutating func add(_ value: Double) {
        count += 1
        sum += value
        low = min(low, value)
        high = max(high, value)
    }
}

extension HourTable {
    package func figures(_ quantity: Quantity, in hours: Range<Int>) -> HourFigures {
        var figures = HourFigures()
        for index in hours { if let value = self[quantity, index] { figures.add(value) } }
        return figures
    }
}
