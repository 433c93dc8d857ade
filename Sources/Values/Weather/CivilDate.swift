/// A day of the Gregorian calendar, without a place: when it begins depends on the clock of the place.
package struct CivilDate: Hashable, Sendable, Comparable {
    package let year: Int
    /// 1 to 12.
    package let month: Int
    /// 1 to 31.
    package let day: Int

    /// The date, or nil when the calendar has no such day.
    package init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), (1...31).contains(day) else { return nil }
        let date = CivilDate(number: Self.number(year: year, month: month, day: day))
        guard date.month == month else { return nil }
        self = date
    }

    /// The day with this number; day 0 is 1970-01-01.
    package init(number: Int) {
        // Years begin in March here, so that the leap day is the last of its year.
        let shifted = number + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        self.day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        self.month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        self.year = yearOfEra + era * 400 + (shiftedMonth < 10 ? 0 : 1)
    }

    /// Reads `2026-03-29`.
    package init?(_ text: Substring) { self.init(Array(text.utf8)[...]) }

    /// Reads the bytes of `2026-03-29`.
    package init?(_ bytes: ArraySlice<UInt8>) {
        let start = bytes.startIndex
        let dash = UInt8(ascii: "-")
        guard
            bytes.count == 10, bytes[start + 4] == dash, bytes[start + 7] == dash,
            let year = Self.number(bytes[start..<(start + 4)]),
            let month = Self.number(bytes[(start + 5)..<(start + 7)]),
            let day = Self.number(bytes[(start + 8)...])
        else { return nil }
        self.init(year: year, month: month, day: day)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var number = 0
        for byte in digits {
            guard byte &- 48 < 10 else { return nil }
            number = number * 10 + Int(byte &- 48)
        }
        return number
    }

    /// Days since 1970-01-01.
    package var number: Int { Self.number(year: year, month: month, day: day) }

    /// 1 is Monday, 7 is Sunday (ISO 8601).
    package var weekday: Int { ((number + 3) % 7 + 7) % 7 + 1 }

    package func adding(days: Int) -> CivilDate { CivilDate(number: number + days) }

    package static func < (left: Self, right: Self) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }

    private static func number(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

extension CivilDate: CustomStringConvertible {
    /// `2026-03-29`.
    package var description: String {
        "\(Decimals.padded(year, 4))-\(Decimals.padded(month, 2))-\(Decimals.padded(day, 2))"
    }

    /// `20260329`.
    package var compact: String { Decimals.padded(year, 4) + Decimals.padded(month * 100 + day, 4) }
}

/// What a clock on the wall shows: a date and the minute of its day.
package struct CivilTime: Hashable, Sendable, Comparable {
    package let date: CivilDate
    /// 0 to 1439.
    package let minuteOfDay: Int

    package init(date: CivilDate, minuteOfDay: Int) {
        self.date = date
        self.minuteOfDay = minuteOfDay
    }

    package var hour: Int { minuteOfDay / 60 }
    package var minute: Int { minuteOfDay % 60 }

    /// `15:00`.
    package var clock: String { Decimals.padded(hour, 2) + ":" + Decimals.padded(minute, 2) }

    package static func < (left: Self, right: Self) -> Bool {
        (left.date, left.minuteOfDay) < (right.date, right.minuteOfDay)
    }
}
