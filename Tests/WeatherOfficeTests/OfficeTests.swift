import Almanac
import Contracts
import FoundationEssentials
import ServerKit
import Testing
import TimeKit
import Weather

@Suite(.timeLimit(.minutes(1))) struct OfficeTests {
    private let clock = TestClock()

    private func source(_ name: SourceName = .openMeteo, expires: Double? = nil) -> ScriptedSource {
        ScriptedSource(name) { [clock] place, _ in
            SourceAnswer(
                forecast: Sample.forecast(place, source: name, start: clock.now),
                expires: expires.map { clock.now.addingTimeInterval($0) })
        }
    }

    private func plan(_ sources: [SourceName] = [.openMeteo]) throws -> PlacePlan {
        PlacePlan(place: try Sample.place(), sources: sources)
    }

    @Test func aThousandReadersOfAColdPlaceAskOnce() async throws {
        let (gate, opened) = AsyncStream<Void>.makeStream()
        let source = ScriptedSource(.openMeteo) { [clock] place, _ in
            for await _ in gate { break }
            return SourceAnswer(forecast: Sample.forecast(place, start: clock.now))
        }
        let plan = try plan()
        let office = Sample.office([plan], [source], clock: clock)
        let started = Counter()
        let outlooks = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<1000 {
                group.addTask {
                    if started.next() == 1000 { opened.finish() }
                    return try await office.outlook(of: plan.place.id).events.count
                }
            }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(source.asked == 1)
        #expect(outlooks.count == 1)
    }

    @Test func aSourceIsNotAskedBeforeItsTimeNorBeforeItAllows() async throws {
        let source = source(expires: 7200)
        let plan = try plan()
        let office = Sample.office([plan], [source], clock: clock)
        _ = try await office.outlook(of: plan.place.id)
        clock.pass(7190)
        _ = try await office.outlook(of: plan.place.id)
        await office.refreshDue()
        #expect(source.asked == 1, "its interval is over, but the source asked for two hours")
        clock.pass(100)
        await office.refreshDue()
        #expect(source.asked == 2)
    }

    @Test func whenOneSourceFailsTheNextIsAsked() async throws {
        let broken = ScriptedSource(.metNorway) { _, _ throws(SourceError) in
            throw SourceError(.unavailable, "it is broken")
        }
        let good = source(.openMeteo)
        let plan = try plan([.metNorway, .openMeteo])
        let office = Sample.office([plan], [broken, good], clock: clock)
        let outlook = try await office.outlook(of: plan.place.id)
        #expect(outlook.forecast.source == .openMeteo)
        #expect(broken.asked == 1)
    }

    @Test func aSourceThatWantsAPauseIsLeftAloneByAllPlaces() async throws {
        let tired = ScriptedSource(.metNorway) { _, _ throws(SourceError) in
            throw SourceError(.unavailable, "too often", retryAfter: 600)
        }
        let plans = try ["a", "b", "c"].map {
            PlacePlan(place: try Sample.place($0), sources: [.metNorway, .openMeteo])
        }
        let office = Sample.office(plans, [tired, source()], clock: clock)
        for plan in plans { _ = try await office.outlook(of: plan.place.id) }
        #expect(tired.asked == 1)
    }

    @Test(arguments: [SourceError.Kind.unavailable, .misunderstood, .refused, .unknownPlace])
    func theLastGoodForecastIsToldWithItsAge(_ kind: SourceError.Kind) async throws {
        let source = source()
        let plan = try plan()
        let office = Sample.office([plan], [source], clock: clock)
        let good = try await office.outlook(of: plan.place.id)
        source.answers { _, _ throws(SourceError) in throw SourceError(kind, "the service is down") }
        clock.pass(5 * 3600)
        let old = try await office.outlook(of: plan.place.id)
        #expect(old.events.map(\.fingerprint) == good.events.map(\.fingerprint))
        #expect(old.changed == good.changed)
        #expect(old.age(at: clock.now) == 5 * 3600)
        #expect(old.failure?.contains("the service is down") == true)
        let status = try #require(office.status().first)
        #expect(status.isStale)
        #expect(status.failure?.contains("open-meteo") == true)

        clock.pass(3600)
        source.answers { [clock] place, _ in
            SourceAnswer(forecast: Sample.forecast(place, start: clock.now))
        }
        let new = try await office.outlook(of: plan.place.id)
        #expect(new.failure == nil)
        #expect(new.age(at: clock.now) == 0)
        #expect(office.status().first?.isStale == false)
    }

    @Test func whileASourceIsDownItIsNotAskedByEveryReader() async throws {
        let source = source()
        let plan = try plan()
        let office = Sample.office([plan], [source], clock: clock)
        source.answers { _, _ throws(SourceError) in throw SourceError(.unavailable, "down") }
        for _ in 0..<20 {
            await #expect(throws: OutlookError.self) { try await office.outlook(of: plan.place.id) }
        }
        #expect(source.asked == 1)
        clock.pass(60)
        await #expect(throws: OutlookError.self) { try await office.outlook(of: plan.place.id) }
        #expect(source.asked == 2)
    }

    @Test func aRestartAsksNobodyWhenTheForecastIsYoung() async throws {
        let archive = InMemoryForecastArchive()
        let source = source()
        let plan = try plan()
        let first = try await Sample.office([plan], [source], archive: archive, clock: clock).outlook(
            of: plan.place.id)
        clock.pass(600)
        let again = try await Sample.office([plan], [source], archive: archive, clock: clock).outlook(
            of: plan.place.id)
        #expect(source.asked == 1)
        #expect(
            again.events == first.events, "identifiers, sequences and times of change are those from before")
        #expect(again.forecast == first.forecast)
        #expect(again.changed == first.changed)
    }

    @Test func aRestartDuringAnOutageTellsWhatWasKept() async throws {
        let archive = InMemoryForecastArchive()
        let plan = try plan()
        let good = source()
        let first = try await Sample.office([plan], [good], archive: archive, clock: clock).outlook(
            of: plan.place.id)
        clock.pass(4 * 3600)
        good.answers { _, _ throws(SourceError) in throw SourceError(.unavailable, "down") }
        let later = try await Sample.office([plan], [good], archive: archive, clock: clock).outlook(
            of: plan.place.id)
        #expect(later.events.map(\.event.seed) == first.events.map(\.event.seed))
        #expect(later.confirmed == first.confirmed)
    }

    @Test func anArchiveThatFailsDoesNotStopTheForecast() async throws {
        let archive = InMemoryForecastArchive()
        archive.fail(with: StoreError(.full, "no room"))
        let plan = try plan()
        let office = Sample.office([plan], [source()], archive: archive, clock: clock)
        #expect(try await office.outlook(of: plan.place.id).events.isEmpty == false)
    }

    @Test func nothingNewIsNoChange() async throws {
        let source = ScriptedSource(.metNorway) { [clock] place, mark in
            guard mark == nil else {
                #expect(mark?.text == "Mon, 20 Jul 2020 11:44:31 GMT")
                return SourceAnswer(forecast: nil, mark: mark, expires: clock.now.addingTimeInterval(1800))
            }
            return SourceAnswer(
                forecast: Sample.forecast(place, source: .metNorway, start: clock.now),
                mark: SourceMark("Mon, 20 Jul 2020 11:44:31 GMT"))
        }
        let plan = try plan([.metNorway])
        let office = Sample.office([plan], [source], clock: clock)
        let first = try await office.outlook(of: plan.place.id)
        clock.pass(4000)
        let second = try await office.outlook(of: plan.place.id)
        #expect(source.asked == 2)
        #expect(second.events == first.events)
        #expect(second.changed == first.changed)
        #expect(second.confirmed == clock.now)
    }

    @Test func theSummaryOfTodayDoesNotShrinkWithTheDay() async throws {
        let source = source()
        let plan = try plan()
        let office = Sample.office([plan], [source], clock: clock)
        let morning = try await office.outlook(of: plan.place.id)
        let title = morning.events.first { $0.event.kind == .day }?.event.title
        #expect(
            title?.contains("Rain:14") == true, "from 10:00 of the clock on it rains a millimetre an hour")
        clock.pass(6 * 3600)
        let evening = try await office.outlook(of: plan.place.id)
        #expect(evening.events.first { $0.event.kind == .day }?.event.title == title)
        #expect(evening.forecast.hours.start == morning.forecast.hours.start)
    }

    @Test func aPlaceWithoutAZoneIsTold() async throws {
        let plan = PlacePlan(place: try Sample.place("berlin", zone: nil))
        let office = Sample.office([plan], [source()], clock: clock)
        let error = await #expect(throws: OutlookError.self) { try await office.outlook(of: plan.place.id) }
        #expect(error?.kind == .noZone)
    }

    @Test func anUnknownPlaceIsTold() async throws {
        let office = Sample.office([], [source()], clock: clock)
        let id = try #require(PlaceID("atlantis"))
        let error = await #expect(throws: OutlookError.self) { try await office.outlook(of: id) }
        #expect(error?.kind == .unknownPlace)
    }

    @Test func moreplacesThanFitInMemoryComeFromTheArchive() async throws {
        let plans = try (0..<20).map { PlacePlan(place: try Sample.place("p\($0)")) }
        let source = source()
        let office = Sample.office(plans, [source], clock: clock, outlooksMax: 3)
        await office.refreshDue()
        #expect(source.asked == 20)
        for plan in plans { #expect(try await office.outlook(of: plan.place.id).events.isEmpty == false) }
        #expect(source.asked == 20)
        #expect(office.status().allSatisfy { !$0.isStale })
    }
}

@Suite struct RecordTests {
    private func record() throws -> OutlookRecord {
        let place = try Sample.place()
        var forecast = Sample.forecast(place, start: Date(timeIntervalSince1970: 1_780_300_800))
        forecast.warnings = [
            Warning(
                id: "1", severity: .severe, start: Date(timeIntervalSince1970: 1),
                end: Date(timeIntervalSince1970: 2),
                text: Warning.Text(event: "Föhn 🌬", details: "x"),
                translations: [.german: Warning.Text(event: "y")],
                issuer: "DWD", url: "https://example.org/")
        ]
        let events = forecast.events(
            under: EventRule.standard, options: EventOptions(), clock: .utc, now: forecast.hours.start)
        let history = EventHistory().tracking(events, now: forecast.hours.start).history
        return OutlookRecord(
            forecast: forecast, history: history, confirmed: Date(timeIntervalSince1970: 3),
            changed: Date(timeIntervalSince1970: 2.5), expires: nil, mark: SourceMark("mark"))
    }

    @Test func whatIsKeptIsReadBack() throws {
        let record = try record()
        #expect(record.history.entries.count > 10)
        #expect(OutlookRecord(record.bytes, of: record.forecast.place) == record)
    }

    @Test func damagedBytesAreAsIfThereWereNone() throws {
        let record = try record()
        let bytes = record.bytes
        for length in stride(from: 0, to: bytes.count, by: 101) {
            #expect(OutlookRecord(Array(bytes[..<length]), of: record.forecast.place) == nil)
        }
        for index in stride(from: 0, to: bytes.count, by: 97) {
            var changed = bytes
            changed[index] ^= 0x55
            #expect(OutlookRecord(changed, of: record.forecast.place) == nil)
        }
    }
}
