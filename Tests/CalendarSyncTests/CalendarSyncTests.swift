import Almanac
import Contracts
import ICalendar
import Synchronization
import Testing

@Suite struct CalendarSyncTests {
    private let pauses = Pauses()

    private func sync(_ server: InMemoryCalendarServer) -> CalendarSync {
        CalendarSync(server: server, pause: { [pauses] in pauses.note($0) }, chance: { 0.5 })
    }

    private func events(_ range: Range<Int>, summary: String = "Event") -> [WantedEvent] {
        range.map { sampleEvent("e\($0)", summary: "\(summary) \($0)", start: 1_774_756_800 + $0 * 3600) }
    }

    @Test func theDoubleKeepsTheContract() async throws {
        let server = InMemoryCalendarServer()
        try await checkCalendarServerContract(server) { server.visible.map(\.summary).sorted() }
    }

    @Test(arguments: [300, 3000])
    func aSecondRunWritesNothing(count: Int) async throws {
        let server = InMemoryCalendarServer()
        let first = try await sync(server).run(events(0..<count))
        #expect("\(first.plan)" == "+\(count) ~0 -0" && first.written == count && first.failures == [])
        let second = try await sync(server).run(events(0..<count))
        #expect(second.plan.isEmpty && second.written == 0)
        #expect(server.withState { ($0.writes, $0.listings) } == (count, 2))
        #expect(server.visible.count == count)
    }

    @Test func soManyChangesAreSoManyWrites() async throws {
        let server = InMemoryCalendarServer()
        _ = try await sync(server).run(events(0..<100))
        let changed = events(10..<20, summary: "Changed") + events(20..<105)
        let report = try await sync(server).run(changed)
        #expect("\(report.plan)" == "+5 ~10 -10" && report.written == 25)
        #expect(server.withState { $0.writes } == 125)
        #expect(server.visible == changed.map(\.event).sorted { $0.uid < $1.uid })
    }

    @Test func aDryRunWritesNothingAndMakesNoCalendar() async throws {
        let server = InMemoryCalendarServer()
        #expect("\(try await sync(server).plan(events(0..<2)))" == "+2 ~0 -0")
        #expect(server.withState { $0.events == nil && $0.writes == 0 })
    }

    @Test func aRunCutOffAfterAnyWriteIsCompletedByTheNext() async throws {
        let wanted = events(5..<25, summary: "New") + events(25..<30)
        for writesLeft in 0...35 {
            let server = InMemoryCalendarServer(changesMax: 7)
            _ = try await sync(server).run(events(0..<30))
            server.withState { $0.writesLeft = writesLeft }
            _ = try await sync(server).run(wanted)
            server.withState { $0.writesLeft = Int.max }
            let report = try await sync(server).run(wanted)
            #expect(report.failures == [] && report.written <= 25)
            #expect(server.visible == wanted.map(\.event).sorted { $0.uid < $1.uid }, "after \(writesLeft)")
            #expect(try await sync(server).run(wanted).written == 0)
        }
    }

    @Test func aBusyServerIsAskedAgainAfterAsLongAsItSays() async throws {
        let server = InMemoryCalendarServer()
        let busy = CalendarServerError(.unavailable, "slow down", retryAfter: 17)
        server.withState {
            $0.listFailures = [busy]
            $0.writeFailures = [nil, busy, nil]
        }
        let report = try await sync(server).run(events(0..<3))
        #expect(report.written == 3 && report.failures == [])
        #expect(pauses.all == [.seconds(17), .seconds(17)])
        #expect(server.visible.count == 3)
    }

    @Test func aServerThatStaysBusyIsLeftForTheNextRun() async throws {
        let server = InMemoryCalendarServer()
        let busy = CalendarServerError(.unavailable, "slow down")
        server.withState { $0.writeFailures = Array(repeating: busy, count: 100) }
        let report = try await sync(server).run(events(0..<3))
        #expect(report.written == 0 && report.failures.count == 3)
        #expect(pauses.all == [.milliseconds(750), .milliseconds(1500), .seconds(3)])
    }

    @Test func aRefusedEventDoesNotHoldUpTheOthersNorIsItTriedAgain() async throws {
        let server = InMemoryCalendarServer()
        server.withState { $0.writeFailures = [CalendarServerError(.refused, "no")] }
        let report = try await sync(server).run(events(0..<3))
        #expect(report.written == 2 && report.failures.map(\.kind) == [.refused])
        #expect(server.withState { $0.listings } == 1 && pauses.all == [])
    }

    @Test func wrongCredentialsEndARunAtOnce() async throws {
        let server = InMemoryCalendarServer()
        server.withState { $0.listFailures = [CalendarServerError(.unauthorized, "sign in again")] }
        await #expect(throws: CalendarServerError.self) { try await sync(server).run(events(0..<3)) }
        #expect(server.withState { $0.writes } == 0 && pauses.all == [])
    }
}

/// The waits that were asked for, none of which takes time.
private final class Pauses: Sendable {
    private let noted = Mutex<[Duration]>([])

    func note(_ duration: Duration) { noted.withLock { $0.append(duration) } }
    var all: [Duration] { noted.withLock { $0 } }
}
