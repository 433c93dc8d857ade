import ICalendar
import Testing

@Suite struct DocumentTests {
    private static let berlin = ZoneDefinition(
        id: "Europe/Berlin",
        initial: .init(seconds: 3600, abbreviation: "CET", isDaylight: false),
        transitions: [
            .init(
                at: UTCSeconds(1_761_440_400),
                offset: .init(seconds: 3600, abbreviation: "CET", isDaylight: false)),
            .init(
                at: UTCSeconds(1_774_746_000),
                offset: .init(seconds: 7200, abbreviation: "CEST", isDaylight: true)),
            .init(
                at: UTCSeconds(1_792_890_000),
                offset: .init(seconds: 3600, abbreviation: "CET", isDaylight: false)),
        ])

    @Test func aZoneHoldsWhatIsInForceAndEveryChangeOfItsWindow() {
        let text = Self.berlin.component(from: UTCSeconds(1_774_000_000), until: UTCSeconds(1_775_000_000))
            .text
        #expect(
            text
                == """
                BEGIN:VTIMEZONE
                TZID:Europe/Berlin
                BEGIN:STANDARD
                DTSTART:20251026T020000
                TZOFFSETFROM:+0100
                TZOFFSETTO:+0100
                TZNAME:CET
                END:STANDARD
                BEGIN:DAYLIGHT
                DTSTART:20260329T020000
                TZOFFSETFROM:+0100
                TZOFFSETTO:+0200
                TZNAME:CEST
                END:DAYLIGHT
                END:VTIMEZONE

                """.replacingLineEnds)
    }

    /// In Dublin it is winter that the zone data mark as the exception.
    @Test func timeIsSavedAndNeverLost() {
        let dublin = ZoneDefinition(
            id: "Europe/Dublin", initial: .init(seconds: 0, abbreviation: "GMT", isDaylight: true),
            transitions: [
                .init(
                    at: UTCSeconds(1_774_746_000),
                    offset: .init(seconds: 3600, abbreviation: "IST", isDaylight: false)),
                .init(
                    at: UTCSeconds(1_792_890_000),
                    offset: .init(seconds: 0, abbreviation: "GMT", isDaylight: true)),
            ])
        let text = dublin.component(from: UTCSeconds(1_774_000_000), until: UTCSeconds(1_793_000_000)).text
        #expect(text.contains("BEGIN:DAYLIGHT\r\nDTSTART:20260329T010000\r\n"))
        #expect(text.contains("BEGIN:STANDARD\r\nDTSTART:20261025T020000\r\n"))
        #expect(text.components(of: "BEGIN:DAYLIGHT") == 1)
    }

    @Test func aZoneWithoutChangesStartsIn1970() {
        let kathmandu = ZoneDefinition(
            id: "Asia/Kathmandu", initial: .init(seconds: 20_700, abbreviation: "+0545", isDaylight: false),
            transitions: [])
        let text = kathmandu.component(from: UTCSeconds(1_774_000_000), until: UTCSeconds(1_775_000_000)).text
        #expect(text.contains("DTSTART:19700101T000000\r\nTZOFFSETFROM:+0545\r\nTZOFFSETTO:+0545\r\n"))
        #expect(text.components(of: "BEGIN:STANDARD") == 1)
    }

    @Test func anEventSaysAllThatReadersNeed() {
        var event = Event(
            uid: "rain-20260329-1@x",
            span: .moments(start: UTCSeconds(1_774_756_800), end: UTCSeconds(1_774_760_400)),
            summary: "🌧 Rain, 6 mm", changed: UTCSeconds(1_774_000_000))
        event.description = "05:00 2 mm\n06:00 4 mm"
        event.location = "Berlin; Mitte"
        event.position = .init(latitude: 52.52, longitude: 13.41)
        event.url = "https://example.com/weather/berlin"
        event.categories = ["Weather", "Rain, heavy"]
        event.color = NamedColor("SteelBlue")
        event.alarms = [.init(secondsBefore: 900, text: "Rain")]
        event.sequence = 3
        #expect(
            event.component.text
                == """
                BEGIN:VEVENT
                UID:rain-20260329-1@x
                DTSTAMP:20260320T094640Z
                LAST-MODIFIED:20260320T094640Z
                SEQUENCE:3
                DTSTART:20260329T040000Z
                DTEND:20260329T050000Z
                SUMMARY:🌧 Rain\\, 6 mm
                DESCRIPTION:05:00 2 mm\\n06:00 4 mm
                LOCATION:Berlin\\; Mitte
                GEO:52.520000;13.410000
                URL:https://example.com/weather/berlin
                CATEGORIES:Weather,Rain\\, heavy
                COLOR:steelblue
                STATUS:CONFIRMED
                CLASS:PUBLIC
                TRANSP:TRANSPARENT
                X-MICROSOFT-CDO-BUSYSTATUS:FREE
                BEGIN:VALARM
                ACTION:DISPLAY
                DESCRIPTION:Rain
                TRIGGER:-PT15M
                END:VALARM
                END:VEVENT

                """.replacingLineEnds)
    }

    @Test func wholeDaysEndOnTheDayAfter() {
        let day = CivilDate(year: 2026, month: 2, day: 28)
        let next = CivilDate(daysSinceEpoch: day.daysSinceEpoch + 1)
        let event = Event(uid: "d", span: .days(start: day, end: next), summary: "x", changed: UTCSeconds(0))
        #expect(event.component.text.contains("DTSTART;VALUE=DATE:20260228\r\nDTEND;VALUE=DATE:20260301\r\n"))
    }

    @Test func aCalendarHasNoMethodUnlessItIsPublishedBySomebody() {
        var document = CalendarDocument(
            product: "-//Homeport//Weather//EN", uid: "u", name: "Weather, Berlin", zone: "Europe/Berlin",
            changed: UTCSeconds(1_774_000_000))
        document.source = "https://example.com/calendar/berlin.ics"
        document.color = NamedColor("steelblue")
        document.events = [
            Event(
                uid: "d", span: .moments(start: UTCSeconds(0), end: UTCSeconds(1)), summary: "x",
                changed: UTCSeconds(0))
        ]
        let text = document.component.text
        #expect(!text.contains("METHOD") && !text.contains("ORGANIZER"))
        #expect(text.hasPrefix("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Homeport//Weather//EN\r\n"))
        #expect(text.contains("\r\nSOURCE;VALUE=URI:https://example.com/calendar/berlin.ics\r\n"))
        #expect(text.contains("\r\nREFRESH-INTERVAL;VALUE=DURATION:PT1H\r\nX-PUBLISHED-TTL:PT1H\r\n"))
        #expect(text.contains("\r\nX-WR-CALNAME:Weather\\, Berlin\r\n"))
        #expect(text.contains("\r\nCOLOR:steelblue\r\nX-APPLE-CALENDAR-COLOR:#4682b4\r\n"))

        document.publisher = .init(address: "mailto:weather@example.com")
        let published = document.component.text
        #expect(published.contains("\r\nMETHOD:PUBLISH\r\n"))
        #expect(published.contains("\r\nORGANIZER:mailto:weather@example.com\r\n"))
    }

    @Test func coloursAreThoseOfCSS() {
        #expect(NamedColor("cornflowerblue")?.hex == "#6495ed")
        #expect(NamedColor("no such colour") == nil)
        #expect(NamedColor.names.count == 147)
    }
}

extension String {
    /// CR LF for every LF, as calendars have it.
    fileprivate var replacingLineEnds: String {
        split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
    }

    fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
