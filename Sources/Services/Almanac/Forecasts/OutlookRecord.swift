package import FoundationEssentials
package import Weather

/// What is kept of a place from one run of the program to the next.
package struct OutlookRecord: Hashable, Sendable {
    package let forecast: Forecast
    package let history: EventHistory
    package let confirmed: Date
    package let changed: Date
    package let expires: Date?
    package let mark: SourceMark?

    package init(
        forecast: Forecast, history: EventHistory, confirmed: Date, changed: Date, expires: Date?,
        mark: SourceMark?
    ) {
        self.forecast = forecast
        self.history = history
        self.confirmed = confirmed
        self.changed = changed
        self.expires = expires
        self.mark = mark
    }

    /// What a file of this form begins with; the number moves with the form.
    private static let signature = Array("homeport forecast 1\n".utf8)

    /// The record as bytes: a signature, the values one after the other, and a checksum.
    package var bytes: [UInt8] {
        var writer = RecordWriter()
        writer.bytes = Self.signature
        writer.add(forecast)
        writer.add(history.entries) { $0.add($1) }
        writer.add(confirmed)
        writer.add(changed)
        writer.add(optional: expires) { $0.add($1) }
        writer.add(optional: mark?.text) { $0.add($1) }
        writer.add(Checksum.of(writer.bytes[...]))
        return writer.bytes
    }

    /// Reads it back; nil for what is damaged or of another form, which is then as if it were not there.
    ///
    /// - Parameter place: as it is configured today.
    package init?(_ bytes: [UInt8], of place: Place) {
        guard bytes.count > 8, bytes.starts(with: Self.signature) else { return nil }
        let body = bytes[..<(bytes.count - 8)]
        var tail = RecordReader(rest: bytes[(bytes.count - 8)...])
        guard (try? tail.word()) == Checksum.of(body) else { return nil }
        var reader = RecordReader(rest: body.dropFirst(Self.signature.count))
        do {
            self.forecast = try reader.forecast(of: place)
            self.history = EventHistory(
                entries: try reader.list(max: EventHistory.entriesMax) {
                    reader throws(RecordReader.Damaged) in
                    try reader.historyEntry()
                })
            self.confirmed = try reader.date()
            self.changed = try reader.date()
            self.expires = try reader.optional { reader throws(RecordReader.Damaged) in try reader.date() }
            self.mark = try reader.optional { reader throws(RecordReader.Damaged) in
                SourceMark(try reader.text())
            }
        } catch {
            return nil
        }
    }
}

/// Finds torn and flipped bytes (FNV-1a, 64 bits); no protection against people.
private enum Checksum {
    static func of(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        var value: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return value
    }
}
