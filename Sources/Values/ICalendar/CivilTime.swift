/// A moment: whole seconds since 1970-01-01 00:00 UTC.
package struct UTCSeconds: Hashable, Comparable, Sendable {
    package let sinceEpoch: Int

    package init(_ sinceEpoch: Int) { self.sinceEpoch = sinceEpoch }

    package static func < (left: Self, right: Self) -> Bool { left.sinceEpoch < right.sinceEpoch }

    /// What a clock shows at this moment, `offset` seconds east of Greenwich.
    package func civil(offset: Int) -> CivilDateTime {
        let local = sinceEpoch + offset
        let days = local.floorDivided(by: 86_400)
        return CivilDateTime(date: CivilDate(daysSinceEpoch: days), secondOfDay: local - days * 86_400)
    }
}

/// A day of the Gregorian calendar, of no particular place.
package struct CivilDate: Hashable, Comparable, Sendable {
    package let year: Int
    package let month: Int
    package let day: Int

    /// - Precondition: a year from 1 to 9999, a month from 1 to 12 and a day from 1 to 31.
    package init(year: Int, month: Int, day: Int) {
        precondition((1...9999).contains(year) && (1...12).contains(month) && (1...31).contains(day))
        self.year = year
        self.month = month
        self.day = day
    }

    /// The day that many days after 1970-01-01. Days counted in eras of 400 years from a first of March, so
    /// that the leap day is the last of its year.
    package init(daysSinceEpoch: Int) {
        let shifted = daysSinceEpoch + 719_468
        let era = shifted.floorDivided(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        self.init(
            year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month: month,
            day: dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    /// How many days after 1970-01-01 this is.
    package var daysSinceEpoch: Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear.floorDivided(by: 400)
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }
}

/// What a calendar and a clock on some wall show.
package struct CivilDateTime: Hashable, Sendable {
    package let date: CivilDate
    /// From 0 to 86,399.
    package let secondOfDay: Int

    package init(date: CivilDate, secondOfDay: Int) {
        precondition((0..<86_400).contains(secondOfDay))
        self.date = date
        self.secondOfDay = secondOfDay
    }
}

extension Int {
    /// Division that rounds towards minus infinity, as calendars need before 1970.
    fileprivate func floorDivided(by divisor: Int) -> Int {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
