extension ZoneRule {
    /// Reads the TZ string at the end of a TZif file.
    init(_ text: String, zone: String) throws(ZoneDataError) {
        var reader = TZStringReader(zone: zone, rest: Array(text.utf8)[...])
        let standardName = try reader.name()
        let standardOffset = -(try reader.time())
        self.standard = ZoneData.LocalType(
            offset: standardOffset, isDaylight: false, abbreviation: standardName)
        guard !reader.rest.isEmpty else {
            self.daylight = nil
            self.begins = nil
            self.ends = nil
            return
        }
        let daylightName = try reader.name()
        let isComma = reader.rest.first == UInt8(ascii: ",")
        let daylightOffset = isComma ? standardOffset + 3600 : -(try reader.time())
        self.daylight = ZoneData.LocalType(
            offset: daylightOffset, isDaylight: true, abbreviation: daylightName)
        self.begins = try reader.yearlyMoment()
        self.ends = try reader.yearlyMoment()
        guard reader.rest.isEmpty else { throw reader.unreadable }
    }
}

private struct TZStringReader {
    let zone: String
    var rest: ArraySlice<UInt8>

    var unreadable: ZoneDataError {
        ZoneDataError("the rule at the end of the zone data of \(zone) is damaged")
    }

    private mutating func take(_ character: Character) -> Bool {
        guard rest.first == character.asciiValue else { return false }
        rest.removeFirst()
        return true
    }

    /// Letters, or anything in angle brackets.
    mutating func name() throws(ZoneDataError) -> String {
        if take("<") {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { throw unreadable }
            let name = String(decoding: rest[..<end], as: UTF8.self)
            rest = rest[(end + 1)...]
            return name
        }
        let letters = rest.prefix { (65...90).contains($0) || (97...122).contains($0) }
        guard letters.count >= 3 else { throw unreadable }
        rest = rest[letters.endIndex...]
        return String(decoding: letters, as: UTF8.self)
    }

    /// `[+-]hh[:mm[:ss]]`, in seconds.
    mutating func time() throws(ZoneDataError) -> Int {
        let isNegative = take("-")
        if !isNegative { _ = take("+") }
        var seconds = try number(upTo: 167) * 3600
        if take(":") { seconds += try number(upTo: 59) * 60 }
        if take(":") { seconds += try number(upTo: 59) }
        return isNegative ? -seconds : seconds
    }

    private mutating func number(upTo limit: Int) throws(ZoneDataError) -> Int {
        let digits = rest.prefix { (48...57).contains($0) }
        guard !digits.isEmpty, digits.count <= 3 else { throw unreadable }
        rest = rest[digits.endIndex...]
        let value = digits.reduce(0) { $0 * 10 + Int($1) - 48 }
        guard value <= limit else { throw unreadable }
        return value
    }

    /// `,Mm.w.d[/time]`, `,Jn[/time]` or `,n[/time]`.
    mutating func yearlyMoment() throws(ZoneDataError) -> ZoneRule.YearlyMoment {
        guard take(",") else { throw unreadable }
        let day: ZoneRule.YearlyMoment.Day
        if take("M") {
            let month = try number(upTo: 12)
            guard take(".") else { throw unreadable }
            let week = try number(upTo: 5)
            guard take(".") else { throw unreadable }
            guard month >= 1, week >= 1 else { throw unreadable }
            day = .weekday(month: month, week: week, weekday: try number(upTo: 6))
        } else if take("J") {
            day = .withoutLeapDay(try number(upTo: 365))
        } else {
            day = .withLeapDay(try number(upTo: 365))
        }
        return ZoneRule.YearlyMoment(day: day, time: take("/") ? try time() : 2 * 3600)
    }
}
