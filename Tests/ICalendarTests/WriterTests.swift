import ICalendar
import Testing

@Suite struct WriterTests {
    @Test(arguments: [
        ("plain", "plain"), ("a;b,c\\d", "a\\;b\\,c\\\\d"),
        ("one\r\ntwo\rthree\nfour", "one\\ntwo\\nthree\\nfour"),
        ("a\u{2028}b\u{85}c\u{2029}d", "a\\nb\\nc\\nd"), ("\u{0}\u{1B}\u{7F}\u{9B}x\ty", "x\ty"), ("", ""),
        ("BEGIN:VEVENT\nSUMMARY:x", "BEGIN:VEVENT\\nSUMMARY:x"),
    ])
    func textIsEscapedSoThatItStaysInItsLine(text: String, encoded: String) {
        #expect(Property.text("SUMMARY", text).encoded == encoded)
    }

    @Test func aLongLineIsFoldedAtSeventyFiveOctetsAndNoCharacterIsCut() {
        for pad in 0..<80 {
            let text = String(repeating: "x", count: pad) + String(repeating: "🌧ß€", count: 60)
            let bytes = Component("X", [.text("SUMMARY", text)]).bytes
            let lines = Array(bytes).split(separator: 0x0A, omittingEmptySubsequences: false)
            #expect(lines.last?.isEmpty == true, "the last line has an end too")
            var unfolded = ""
            for line in lines.dropLast() {
                #expect(line.last == 0x0D)
                #expect(line.count - 1 <= 75)
                let piece = String(validating: line.dropLast(), as: UTF8.self)
                #expect(piece != nil, "each piece is UTF-8 by itself")
                unfolded += piece.map { $0.hasPrefix(" ") ? String($0.dropFirst()) : "\n" + $0 } ?? ""
            }
            #expect(unfolded == "\nBEGIN:X\nSUMMARY:\(text)\nEND:X")
        }
    }

    @Test func aLineOfSeventyFiveOctetsIsNotFolded() {
        let text = String(repeating: "x", count: 75 - 8)
        #expect(Component("X", [.text("SUMMARY", text)]).text == "BEGIN:X\r\nSUMMARY:\(text)\r\nEND:X\r\n")
        let folded = Component("X", [.text("SUMMARY", text + "y")]).text
        #expect(folded == "BEGIN:X\r\nSUMMARY:\(text)\r\n y\r\nEND:X\r\n")
    }

    @Test(arguments: [
        ("plain", "plain"), ("Paris: here; or, there", "\"Paris: here; or, there\""),
        ("say \"hi\"\n^", "say ^'hi^'^n^^"), ("a\u{7}b", "ab"),
    ])
    func aParameterIsQuotedWhereItHasTo(value: String, encoded: String) {
        let line = Component("X", [.text("N", "v").with("P", value)]).text
        #expect(line == "BEGIN:X\r\nN;P=\(encoded):v\r\nEND:X\r\n")
    }

    @Test func aURICannotEndItsLine() {
        #expect(Property.uri("URL", "https://x/ä b\r\nX:1\"").encoded == "https://x/%C3%A4%20b%0D%0AX:1%22")
        #expect(Property.uri("URL", "https://x/?a=1;b=2,3#z%20").encoded == "https://x/?a=1;b=2,3#z%20")
    }

    @Test(arguments: [
        (0, "PT0S"), (3600, "PT1H"), (5400, "PT1H30M"), (86_400, "P1D"), (90_061, "P1DT1H1M1S"),
        (-900, "-PT15M"), (59, "PT59S"), (3605, "PT1H5S"),
    ])
    func durations(seconds: Int, text: String) {
        #expect(Property.duration("D", seconds: seconds).encoded == text)
    }

    @Test func positionsHaveSixDigitsAndASign() {
        #expect(Property.geo(latitude: 52.52, longitude: -13.405).encoded == "52.520000;-13.405000")
        #expect(Property.geo(latitude: -0.000_000_1, longitude: -0.5).encoded == "0.000000;-0.500000")
    }
}

@Suite struct CivilTimeTests {
    @Test(arguments: [
        (0, 1970, 1, 1), (-1, 1969, 12, 31), (11_016, 2000, 2, 29), (20_541, 2026, 3, 29),
        (-719_162, 1, 1, 1),
        (2_932_896, 9999, 12, 31), (47_541, 2100, 3, 1),
    ])
    func daysAreCountedFrom1970(days: Int, year: Int, month: Int, day: Int) {
        let date = CivilDate(year: year, month: month, day: day)
        #expect(CivilDate(daysSinceEpoch: days) == date)
        #expect(date.daysSinceEpoch == days)
    }

    @Test func everyDayOfFourHundredYearsFollowsTheOneBefore() {
        var previous = CivilDate(daysSinceEpoch: -1)
        for days in 0..<146_097 {
            let date = CivilDate(daysSinceEpoch: days)
            #expect(date > previous && date.daysSinceEpoch == days)
            previous = date
        }
    }

    @Test func aMomentIsWrittenInUTCAndOnAClock() {
        let moment = UTCSeconds(1_774_756_800)
        #expect(Property.dateTime("DTSTART", moment).encoded == "20260329T040000Z")
        let line = Property.dateTime("DTSTART", moment.civil(offset: 7200), zone: "Europe/Berlin")
        #expect(line.encoded == "20260329T060000")
        #expect(line.parameters.map(\.value) == ["Europe/Berlin"])
    }
}

extension Component {
    /// The lines as text.
    var text: String { String(decoding: bytes, as: UTF8.self) }
}
