/// The rule that a zone follows for ever: the TZ string of POSIX with the extensions of RFC 9636, 3.3.1
/// (`CET-1CEST,M3.5.0,M10.5.0/3`).
struct ZoneRule: Hashable, Sendable {
    /// A day of every year, and the local time on it.
    struct YearlyMoment: Hashable, Sendable {
        enum Day: Hashable, Sendable {
            /// Weekday (0 is Sunday) of a week of a month; week 5 is the last one.
            case weekday(month: Int, week: Int, weekday: Int)
            /// The day of the year from 1, 29 February never counted.
            case withoutLeapDay(Int)
            /// The day of the year from 0, 29 February counted.
            case withLeapDay(Int)
        }

        let day: Day
        /// Seconds after the midnight that begins the day; may be negative or beyond the day.
        let time: Int

        /// The moment in `year`, in seconds since 1970 of the local clock.
        func localSeconds(in year: Int) -> Int {
            dayNumber(in: year) * 86_400 + time
        }

        private func dayNumber(in year: Int) -> Int {
            let newYear = GregorianDay.number(year: year, month: 1, day: 1)
            switch day {
            case .withLeapDay(let day): return newYear + day
            case .withoutLeapDay(let day):
                let isLeap = GregorianDay.number(year: year + 1, month: 1, day: 1) - newYear == 366
                return newYear + day - 1 + (isLeap && day >= 60 ? 1 : 0)
            case .weekday(let month, let week, let weekday):
                let first = GregorianDay.number(year: year, month: month, day: 1)
                let next = GregorianDay.number(
                    year: month == 12 ? year + 1 : year, month: month == 12 ? 1 : month + 1, day: 1)
                let shift = (weekday - GregorianDay.weekday(first) + 7) % 7
                let day = first + shift + (week - 1) * 7
                return day < next ? day : day - 7
            }
        }
    }

    let standard: ZoneData.LocalType
    let daylight: (ZoneData.LocalType)?
    let begins: YearlyMoment?
    let ends: YearlyMoment?

    func type(at moment: Int) -> ZoneData.LocalType {
        guard daylight != nil else { return standard }
        let year = GregorianDay.year(of: floorDivide(moment, 86_400))
        let changes = ((year - 1)...(year + 1)).flatMap { transitions(in: $0) }
        return changes.last { $0.at <= moment }?.after ?? standard
    }

    func transitions(from: Int, to: Int) -> [ZoneData.Transition] {
        guard daylight != nil else { return [] }
        let firstYear = GregorianDay.year(of: floorDivide(from, 86_400)) - 1
        let lastYear = GregorianDay.year(of: floorDivide(to, 86_400)) + 1
        return (firstYear...lastYear).flatMap { transitions(in: $0) }.filter { $0.at >= from && $0.at < to }
    }

    /// The two changes of a year, in order of time.
    private func transitions(in year: Int) -> [ZoneData.Transition] {
        guard let daylight, let begins, let ends else { return [] }
        let on = ZoneData.Transition(
            at: begins.localSeconds(in: year) - standard.offset, before: standard, after: daylight)
        let off = ZoneData.Transition(
            at: ends.localSeconds(in: year) - daylight.offset, before: daylight, after: standard)
        return on.at < off.at ? [on, off] : [off, on]
    }
}

/// Days of the Gregorian calendar by number; day 0 is 1970-01-01.
enum GregorianDay {
    static func number(year: Int, month: Int, day: Int) -> Int {
        // Years begin in March here, so that the leap day is the last of its year.
        let shifted = month <= 2 ? year - 1 : year
        let era = floorDivide(shifted, 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    static func year(of number: Int) -> Int {
        var year = 1970 + floorDivide(number, 366)
        while self.number(year: year + 1, month: 1, day: 1) <= number { year += 1 }
        return year
    }

    /// 0 is Sunday.
    static func weekday(_ number: Int) -> Int { ((number + 4) % 7 + 7) % 7 }
}

/// Division that rounds towards minus infinity.
func floorDivide(_ dividend: Int, _ divisor: Int) -> Int {
    let quotient = dividend / divisor
    return dividend % divisor < 0 ? quotient - 1 : quotient
}
