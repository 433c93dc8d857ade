import FoundationEssentials
import Weather

/// Reads what `RecordWriter` has written; everything it reads is doubted.
struct RecordReader {
    struct Damaged: Error {}

    var rest: ArraySlice<UInt8>

    private static let textMax = 64 * 1024

    mutating func byte() throws(Damaged) -> UInt8 {
        guard let byte = rest.popFirst() else { throw Damaged() }
        return byte
    }

    mutating func word() throws(Damaged) -> UInt64 {
        guard rest.count >= 8 else { throw Damaged() }
        var word: UInt64 = 0
        for (index, byte) in rest.prefix(8).enumerated() { word |= UInt64(byte) << UInt64(index * 8) }
        rest = rest.dropFirst(8)
        return word
    }

    mutating func integer() throws(Damaged) -> Int { Int(Int64(bitPattern: try word())) }

    mutating func number() throws(Damaged) -> Double? {
        let number = Double(bitPattern: try word())
        return number.isFinite ? number : nil
    }

    mutating func date() throws(Damaged) -> Date {
        guard let seconds = try number(), abs(seconds) < 1e12 else { throw Damaged() }
        return Date(timeIntervalSince1970: seconds)
    }

    mutating func count(max: Int) throws(Damaged) -> Int {
        let count = try integer()
        guard (0...max).contains(count) else { throw Damaged() }
        return count
    }

    mutating func text() throws(Damaged) -> String {
        let count = try count(max: Self.textMax)
        guard rest.count >= count else { throw Damaged() }
        defer { rest = rest.dropFirst(count) }
        return String(decoding: rest.prefix(count), as: UTF8.self)
    }

    mutating func list<Value>(
        max: Int, _ each: (inout RecordReader) throws(Damaged) -> Value
    ) throws(Damaged) -> [Value] {
        var list: [Value] = []
        for _ in 0..<(try count(max: max)) { list.append(try each(&self)) }
        return list
    }

    mutating func optional<Value>(
        _ some: (inout RecordReader) throws(Damaged) -> Value
    ) throws(Damaged) -> Value? {
        try byte() == 0 ? nil : try some(&self)
    }

    mutating func optionalText() throws(Damaged) -> String? {
        try optional { reader throws(Damaged) in try reader.text() }
    }

    mutating func optionalDate() throws(Damaged) -> Date? {
        try optional { reader throws(Damaged) in try reader.date() }
    }

    mutating func forecast(of place: Place) throws(Damaged) -> Forecast {
        let zone = try text()
        guard let source = SourceName(rawValue: try text()) else { throw Damaged() }
        let issued = try optionalDate()
        let hours = try hourTable()
        let days = try list(max: 64) { reader throws(Damaged) in try reader.dayFigures() }
        let warnings = try list(max: 1000) { reader throws(Damaged) in try reader.warning() }
        return Forecast(
            place: place.timeZone == nil && !zone.isEmpty ? place.inZone(zone) : place, source: source,
            issued: issued, hours: hours, days: days, warnings: warnings,
            licence: Licence(text: try text(), url: try text()))
    }

    private mutating func hourTable() throws(Damaged) -> HourTable {
        let start = try date()
        var hours = HourTable(start: start, count: try count(max: HourTable.hoursMax))
        for quantity in Quantity.allCases where try byte() == 1 {
            var column = Column(count: hours.count)
            for index in 0..<hours.count { column[index] = try number() }
            hours[quantity] = column
        }
        for index in 0..<hours.count { hours.sky[index] = Sky(rawValue: try byte()) }
        for index in 0..<hours.count { hours.blockHours[index] = try byte() }
        return hours
    }

    private mutating func dayFigures() throws(Damaged) -> DayFigures {
        let number = try integer()
        guard abs(number) < 1_000_000 else { throw Damaged() }
        var day = DayFigures(date: CivilDate(number: number))
        day.low = try self.number()
        day.high = try self.number()
        day.humidity = try self.number()
        day.rain = try self.number()
        day.snow = try self.number()
        day.chance = try self.number()
        day.wind = try self.number()
        day.gust = try self.number()
        day.uvIndex = try self.number()
        day.sky = Sky(rawValue: try byte())
        day.words = try optionalText()
        day.sunrise = try optionalDate()
        day.sunset = try optionalDate()
        return day
    }

    private mutating func warning() throws(Damaged) -> Warning {
        let id = try text()
        guard let severity = Severity(rawValue: try integer()) else { throw Damaged() }
        let start = try date()
        let end = try date()
        let words = try warningText()
        let translations = try list(max: 8) { reader throws(Damaged) in
            (Language(rawValue: try reader.text()), try reader.warningText())
        }
        var texts: [Language: Warning.Text] = [:]
        for (language, text) in translations { if let language { texts[language] = text } }
        return Warning(
            id: id, severity: severity, start: start, end: end, text: words, translations: texts,
            issuer: try text(), url: try optionalText())
    }

    private mutating func warningText() throws(Damaged) -> Warning.Text {
        Warning.Text(
            event: try text(), headline: try optionalText(), details: try optionalText(),
            instruction: try optionalText())
    }

    mutating func historyEntry() throws(Damaged) -> EventHistory.Entry {
        let seed = try text()
        guard let rule = RuleID(try text()) else { throw Damaged() }
        return EventHistory.Entry(
            seed: seed, rule: rule, start: try date(), end: try date(), fingerprint: try word(),
            sequence: try integer(), created: try date(), changed: try date(), gone: try optionalDate())
    }
}
