package import FoundationEssentials
package import TimeKit
package import Weather

extension LocalClock {
    /// The clock of a zone over a stretch of time.
    package init(_ zone: ZoneData, over interval: Range<Date>) {
        let from = Int(interval.lowerBound.timeIntervalSince1970.rounded(.down))
        let to = Int(interval.upperBound.timeIntervalSince1970.rounded(.up))
        let first = zone.type(at: from)
        let changes = zone.transitions(from: from + 1, to: to).map { change in
            Span(
                from: Date(timeIntervalSince1970: Double(change.at)), offset: change.after.offset,
                abbreviation: change.after.abbreviation)
        }
        self.init(
            spans: [Span(from: .distantPast, offset: first.offset, abbreviation: first.abbreviation)]
                + changes)
    }
}

extension Forecast {
    /// The time its hours, days and warnings speak of, with some days on both sides.
    package var span: Range<Date> {
        let noons = days.map { Date(timeIntervalSince1970: (Double($0.date.number) + 0.5) * 86_400) }
        let moments = noons + (hours.count > 0 ? [hours.start, hours.end] : [])
        let from = moments.min() ?? hours.start
        let to = moments.max() ?? hours.end
        return from.addingTimeInterval(-4 * 86_400)..<to.addingTimeInterval(4 * 86_400)
    }

    /// This forecast with the hours and days of an earlier one that it has left behind, back to `moment`, so
    /// that the summary of a day does not shrink while the day passes.
    package func keepingPast(of earlier: Forecast, since moment: Date) -> Forecast {
        let gap = hours.start.timeIntervalSince(earlier.hours.start) / HourTable.hour
        guard
            earlier.place.id == place.id, hours.count > 0, gap > 0, gap == gap.rounded(),
            earlier.hours.end >= hours.start
        else { return self }
        let kept = earlier.hours.indices(in: moment..<hours.start)
        guard !kept.isEmpty, kept.count + hours.count <= HourTable.hoursMax else { return self }

        var table = HourTable(
            start: earlier.hours.start(of: kept.lowerBound), count: kept.count + hours.count)
        for quantity in Quantity.allCases {
            var column = table[quantity]
            for (index, old) in kept.enumerated() { column[index] = earlier.hours[quantity, old] }
            for index in 0..<hours.count { column[kept.count + index] = hours[quantity, index] }
            table[quantity] = column
        }
        table.sky = Array(earlier.hours.sky[kept]) + hours.sky
        table.blockHours = Array(earlier.hours.blockHours[kept]) + hours.blockHours
        return Forecast(
            place: place, source: source, issued: issued, hours: table, days: days, warnings: warnings,
            licence: licence)
    }
}
