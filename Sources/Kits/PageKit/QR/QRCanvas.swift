/// The square on which a code is drawn: fixed patterns first, then the data, then a mask (6.3, 7.7, 7.8).
struct QRCanvas {
    let version: QRVersion
    let size: Int
    private(set) var modules: [Bool]
    /// Modules that no data and no mask may touch.
    private var isFixed: [Bool]

    init(version: QRVersion) {
        self.version = version
        self.size = version.size
        self.modules = Array(repeating: false, count: size * size)
        self.isFixed = modules
        drawTiming()
        drawFinder(row: 3, column: 3)
        drawFinder(row: 3, column: size - 4)
        drawFinder(row: size - 4, column: 3)
        drawAlignment()
        drawFormat(mask: 0)
        drawVersion()
    }

    private mutating func set(_ row: Int, _ column: Int, _ isDark: Bool) {
        guard (0..<size).contains(row), (0..<size).contains(column) else { return }
        modules[row * size + column] = isDark
        isFixed[row * size + column] = true
    }

    private mutating func drawTiming() {
        for index in 0..<size {
            set(6, index, index % 2 == 0)
            set(index, 6, index % 2 == 0)
        }
    }

    /// A finder pattern with its separator.
    private mutating func drawFinder(row: Int, column: Int) {
        for down in -4...4 {
            for right in -4...4 {
                let distance = max(abs(down), abs(right))
                set(row + down, column + right, distance != 2 && distance != 4)
            }
        }
    }

    private mutating func drawAlignment() {
        let centres = version.alignment
        guard let first = centres.first, let last = centres.last else { return }
        for row in centres {
            for column in centres {
                let isFinder =
                    (row == first && column == first) || (row == first && column == last)
                    || (row == last && column == first)
                if isFinder { continue }
                for down in -2...2 {
                    for right in -2...2 { set(row + down, column + right, max(abs(down), abs(right)) != 1) }
                }
            }
        }
    }

    /// The level and the mask, twice (7.9). Level M is 00.
    private mutating func drawFormat(mask: Int) {
        var remainder = mask
        for _ in 0..<10 { remainder = remainder << 1 ^ (remainder >> 9) * 0x537 }
        let bits = (mask << 10 | remainder) ^ 0x5412
        func bit(_ index: Int) -> Bool { bits >> index & 1 == 1 }
        for index in 0...5 { set(index, 8, bit(index)) }
        set(7, 8, bit(6))
        set(8, 8, bit(7))
        set(8, 7, bit(8))
        for index in 9..<15 { set(8, 14 - index, bit(index)) }
        for index in 0..<8 { set(8, size - 1 - index, bit(index)) }
        for index in 8..<15 { set(size - 15 + index, 8, bit(index)) }
        set(size - 8, 8, true)
    }

    /// The version, twice, from version 7 on (7.10).
    private mutating func drawVersion() {
        guard version.number >= 7 else { return }
        var remainder = version.number
        for _ in 0..<12 { remainder = remainder << 1 ^ (remainder >> 11) * 0x1F25 }
        let bits = version.number << 12 | remainder
        for index in 0..<18 {
            let isDark = bits >> index & 1 == 1
            set(size - 11 + index % 3, index / 3, isDark)
            set(index / 3, size - 11 + index % 3, isDark)
        }
    }

    /// Fills what is free, two columns at a time from the right, up and down in turn.
    mutating func place(_ codewords: [UInt8]) {
        var bit = 0
        var right = size - 1
        while right >= 1 {
            if right == 6 { right = 5 }
            let goesUp = (right + 1) & 2 == 0
            for step in 0..<size {
                let row = goesUp ? size - 1 - step : step
                for column in [right, right - 1] where !isFixed[row * size + column] {
                    guard bit < codewords.count * 8 else { continue }
                    modules[row * size + column] = codewords[bit >> 3] >> UInt8(7 - bit & 7) & 1 == 1
                    bit += 1
                }
            }
            right -= 2
        }
    }

    /// The same with one of the eight masks.
    func masked(_ mask: Int) -> QRCanvas {
        var copy = self
        for row in 0..<size {
            for column in 0..<size where !isFixed[row * size + column] {
                if Self.flips(mask, row, column) { copy.modules[row * size + column].toggle() }
            }
        }
        copy.drawFormat(mask: mask)
        return copy
    }

    private static func flips(_ mask: Int, _ row: Int, _ column: Int) -> Bool {
        switch mask {
        case 0: (row + column) % 2 == 0
        case 1: row % 2 == 0
        case 2: column % 3 == 0
        case 3: (row + column) % 3 == 0
        case 4: (row / 2 + column / 3) % 2 == 0
        case 5: row * column % 2 + row * column % 3 == 0
        case 6: (row * column % 2 + row * column % 3) % 2 == 0
        default: ((row + column) % 2 + row * column % 3) % 2 == 0
        }
    }
}

extension QRCanvas {
    /// How hard the code is to read: long runs, blocks, what looks like a finder pattern, too much of one
    /// colour.
    var penalty: Int {
        let rows = (0..<size).map { row in Array(modules[row * size..<(row + 1) * size]) }
        let columns = (0..<size).map { column in rows.map { $0[column] } }
        let lines = (rows + columns).reduce(0) { $0 + Self.runs($1) + Self.finderLikes($1) }
        return lines + blocks(rows) + balance
    }

    private static func runs(_ line: [Bool]) -> Int {
        var (penalty, length) = (0, 0)
        for (index, module) in line.enumerated() {
            length = index > 0 && module == line[index - 1] ? length + 1 : 1
            if length == 5 { penalty += 3 } else if length > 5 { penalty += 1 }
        }
        return penalty
    }

    private static func finderLikes(_ line: [Bool]) -> Int {
        let core = [true, false, true, true, true, false, true]
        let quiet = [Bool](repeating: false, count: 4)
        var penalty = 0
        for start in 0..<(line.count - 10) {
            let window = Array(line[start..<start + 11])
            if window == core + quiet || window == quiet + core { penalty += 40 }
        }
        return penalty
    }

    private func blocks(_ rows: [[Bool]]) -> Int {
        var penalty = 0
        for row in 1..<size {
            for column in 1..<size {
                let module = rows[row][column]
                if module == rows[row - 1][column], module == rows[row][column - 1],
                    module == rows[row - 1][column - 1]
                {
                    penalty += 3
                }
            }
        }
        return penalty
    }

    private var balance: Int {
        let dark = modules.count { $0 }
        return abs(dark * 20 - modules.count * 10) / modules.count * 10
    }
}
