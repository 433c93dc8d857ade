import FoundationEssentials
import Weather

/// Writes values as bytes: numbers in eight bytes, least first, texts and lists with their length before
/// them.
struct RecordWriter {
    var bytes: [UInt8] = []

    mutating func add(_ word: UInt64) {
        withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func add(_ number: Int) { add(UInt64(bitPattern: Int64(number))) }
    mutating func add(_ number: Double) { add(number.bitPattern) }
    mutating func add(_ date: Date) { add(date.timeIntervalSince1970) }

    mutating func add(_ text: String) {
        let utf8 = Array(text.utf8)
        add(utf8.count)
        bytes.append(contentsOf: utf8)
    }

    mutating func add<Value>(_ list: [Value], _ each: (inout RecordWriter, Value) -> Void) {
        add(list.count)
        for value in list { each(&self, value) }
    }

    mutating func add<Value>(optional value: Value?, _ some: (inout RecordWriter, Value) -> Void) {
        bytes.append(value == nil ? 0 : 1)
        if let value { some(&self, value) }
    }

    mutating func add(_ forecast: Forecast) {
        add(forecast.place.timeZone ?? "")
        add(forecast.source.rawValue)
        add(optional: forecast.issued) { $0.add($1) }
        add(forecast.hours)
        add(forecast.days) { $0.add($1) }
        add(forecast.warnings) { $0.add($1) }
        add(forecast.licence.text)
        add(forecast.licence.url)
    }

    private mutating func add(_ hours: HourTable) {
        add(hours.start)
        add(hours.count)
        for quantity in Quantity.allCases {
            let column = hours[quantity]
            bytes.append(column.isEmpty ? 0 : 1)
            if !column.isEmpty { for word in column.bitPatterns { add(word) } }
        }
        bytes.append(contentsOf: hours.sky.map { $0?.rawValue ?? 255 })
        bytes.append(contentsOf: hours.blockHours)
    }

    private mutating func add(_ day: DayFigures) {
        add(day.date.number)
        let numbers = [
            day.low, day.high, day.humidity, day.rain, day.snow, day.chance, day.wind, day.gust, day.uvIndex,
        ]
        for number in numbers { add(number ?? .nan) }
        bytes.append(day.sky?.rawValue ?? 255)
        add(optional: day.words) { $0.add($1) }
        add(optional: day.sunrise) { $0.add($1) }
        add(optional: day.sunset) { $0.add($1) }
    }

    private mutating func add(_ warning: Warning) {
        add(warning.id)
        add(warning.severity.rawValue)
        add(warning.start)
        add(warning.end)
        add(warning.text)
        let translations = warning.translations.sorted { $0.key.rawValue < $1.key.rawValue }
        add(translations) { writer, translation in
            writer.add(translation.key.rawValue)
            writer.add(translation.value)
        }
        add(warning.issuer)
        add(optional: warning.url) { $0.add($1) }
    }

    private mutating func add(_ text: Warning.Text) {
        add(text.event)
        for part in [text.headline, text.details, text.instruction] { add(optional: part) { $0.add($1) } }
    }

    mutating func add(_ entry: EventHistory.Entry) {
        add(entry.seed)
        add(entry.rule.description)
        add(entry.start)
        add(entry.end)
        add(entry.fingerprint)
        add(entry.sequence)
        add(entry.created)
        add(entry.changed)
        add(optional: entry.gone) { $0.add($1) }
    }
}
