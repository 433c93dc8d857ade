import Almanac
import AsyncHTTPClient
import CalendarPeers
import CalendarServers
import Contracts
import Foundation
import ICalendar
import ServerKit
import Testing

/// Against a double that Google's own Python client is content with.
@Suite(.timeLimit(.minutes(2))) struct GoogleCalendarTests {
    @Test func theDoubleBehavesAsGooglesOwnClientExpects() async throws {
        let google = try GoogleDouble()
        google.withState { _ = $0.tokens.insert("t") }
        let answer = try await google.serve { root in try await Peers.run("google_client.py", [root, "t"]) }
        #expect(answer == "content\n")
        #expect(google.withState { $0.complaints } == [])
    }

    @Test(arguments: [true, false])
    func itKeepsTheContract(deletedEventsComeBack: Bool) async throws {
        let google = try GoogleDouble()
        google.withState { $0.revives = deletedEventsComeBack }
        try await withServer(google) { server in
            try await checkCalendarServerContract(server) {
                google.visible.compactMap { $0["summary"]?.text }.sorted()
            }
        }
        #expect(google.withState { $0.complaints } == [], "every body fits the discovery document")
    }

    @Test(arguments: [300, 3000])
    func aSecondRunReadsEveryPageAndWritesNothing(count: Int) async throws {
        let google = try GoogleDouble()
        let wanted = (0..<count).map { sampleEvent("e\($0)@x", summary: "Event \($0)") }
        try await withServer(google) { server in
            let report = try await Self.sync(server).run(wanted)
            #expect(report.written == count)
        }
        #expect(google.visible.count == count)
        google.withState { $0.calls = [] }
        try await withServer(google) { server in
            let report = try await Self.sync(server).run(wanted)
            #expect(report.plan.isEmpty && report.written == 0)
        }
        #expect(google.withState { $0.writes } == [])
        #expect(google.withState { $0.calls.count { $0 == "GET events" } } == (count + 249) / 250)
    }

    @Test func soManyChangesAreSoManyWritesInAsFewRequestsAsCanBe() async throws {
        let google = try GoogleDouble()
        let wanted = (0..<120).map { sampleEvent("e\($0)@x", summary: "Event \($0)") }
        try await withServer(google) { server in
            _ = try await Self.sync(server).run(wanted)
            google.withState { ($0.calls, $0.requests) = ([], 0) }
            let changed = (0..<10).map { sampleEvent("e\($0)@x", summary: "Changed \($0)") } + wanted[20...]
            #expect(try await Self.sync(server).run(changed).plan.description == "+0 ~10 -10")
        }
        #expect(google.withState { $0.writes.count } == 20)
        #expect(google.withState { $0.requests } == 2, "one list and one batch")
    }

    @Test func eventsOfOthersAreNeitherSeenNorTouched() async throws {
        let google = try GoogleDouble()
        try await withServer(google) { server in
            try await server.makeCalendar()
            google.withState { state in
                let dentist: JSONValue = .object(["id": .string("dentist"), "summary": .string("Dentist")])
                for id in state.calendars.keys { state.calendars[id]?.events["dentist"] = dentist }
            }
            _ = try await Self.sync(server).run([sampleEvent("e@x", summary: "Rain")])
            _ = try await Self.sync(server).run([])
        }
        #expect(google.visible.map { $0["summary"]?.text } == ["Dentist"])
    }

    @Test func aRunKilledAfterAnyWriteIsCompletedByTheNext() async throws {
        let before = (0..<12).map { sampleEvent("e\($0)@x", summary: "Event \($0)") }
        let wanted =
            (4..<10).map { sampleEvent("e\($0)@x", summary: "New \($0)") } + [
                sampleEvent("n1@x", summary: "New"), sampleDay("n2@x", summary: "Day"),
            ]
        for writesLeft in 0...14 {
            let google = try GoogleDouble()
            google.withState { $0.revives = writesLeft.isMultiple(of: 2) }
            let state = try TemporaryFolder()
            for (events, limit) in [(before, Int.max), (wanted, writesLeft), (wanted, Int.max)] {
                google.withState { $0.writesLeft = limit }
                try await withServer(google, folder: state) { server in
                    _ = try? await Self.sync(server).run(events)
                }
            }
            let found = google.visible.compactMap { $0["summary"]?.text }.sorted()
            #expect(found == wanted.map(\.event.summary).sorted(), "killed after \(writesLeft)")
        }
    }

    @Test func aCalendarMadeByARunThatWasCutOffIsFoundAgain() async throws {
        let google = try GoogleDouble()
        // Each server has a state file of its own, as if the first had never been written.
        try await withServer(google) { try await $0.makeCalendar() }
        try await withServer(google) { try await $0.makeCalendar() }
        #expect(google.withState { $0.calendars.count } == 1)
        google.withState { $0.listsCalendars = false }
        try await withServer(google) { try await $0.makeCalendar() }
        #expect(
            google.withState { $0.calendars.count } == 2, "without the list there is nothing to find it by")
    }

    @Test func aCalendarThatSomebodyDeletedIsMadeAnew() async throws {
        let google = try GoogleDouble()
        try await withServer(google) { server in
            _ = try await Self.sync(server).run([sampleEvent("e@x", summary: "Rain")])
            google.withState { $0.calendars = [:] }
            _ = try await Self.sync(server).run([sampleEvent("e@x", summary: "Rain")])
        }
        #expect(google.visible.count == 1)
    }

    @Test func aCalendarTheOperatorNamedIsNotMade() async throws {
        let google = try GoogleDouble()
        try await withServer(google, calendarID: "nobody@example.com") { server in
            let error = await #expect(throws: CalendarServerError.self) { try await server.ownEvents() }
            #expect(error?.kind == .refused)
        }
        #expect(google.withState { $0.writes } == [])
    }

    @Test(arguments: [
        (429, "rateLimitExceeded", 7), (403, "userRateLimitExceeded", nil), (503, "backendError", nil),
        (500, "internalError", nil), (403, "quotaExceeded", nil),
    ])
    func whatIsRefusedForNowIsTriedAgain(status: Int, reason: String, wait: Int?) async throws {
        let google = try GoogleDouble()
        let reply = GoogleDouble.Reply.problem(status, reason, retryAfter: wait)
        google.withState { $0.failures = [("GET events", reply), ("POST events", reply)] }
        let wanted = (0..<5).map { sampleEvent("e\($0)@x", summary: "Event \($0)") }
        try await withServer(google) { server in
            try await server.makeCalendar()
            let report = try await Self.sync(server).run(wanted)
            #expect(report.failures == [] && report.written == 5)
        }
        #expect(google.visible.count == 5)
    }

    @Test func anEventThatChangedSinceItWasListedIsListedAgain() async throws {
        let google = try GoogleDouble()
        try await withServer(google) { server in
            _ = try await Self.sync(server).run([sampleEvent("e@x", summary: "Rain")])
            google.withState { $0.failures = [("PUT events", .problem(412, "conditionNotMet"))] }
            let report = try await Self.sync(server).run([sampleEvent("e@x", summary: "Snow")])
            #expect(report.failures == [])
        }
        #expect(google.visible.map { $0["summary"]?.text } == ["Snow"])
    }

    @Test func whatGoogleWillNotTakeIsSaidAndNotRepeated() async throws {
        let google = try GoogleDouble()
        google.withState {
            $0.failures = [("POST events", .problem(400, "timeRangeEmpty", "The range is empty."))]
        }
        try await withServer(google) { server in
            try await server.makeCalendar()
            let wanted = [sampleEvent("a@x", summary: "A"), sampleEvent("b@x", summary: "B")]
            let report = try await Self.sync(server).run(wanted)
            #expect(report.written == 1 && report.failures.map(\.kind) == [.refused])
            #expect(report.failures.first?.description.contains("timeRangeEmpty") == true)
        }
    }

    @Test func aTokenThatNoLongerHoldsIsReplacedOnce() async throws {
        let google = try GoogleDouble()
        try await withServer(google) { server in
            _ = try await Self.sync(server).run([sampleEvent("e@x", summary: "Rain")])
            google.withState { ($0.tokens, $0.tokensIssued) = ([], 10) }
            let report = try await Self.sync(server).run([sampleEvent("e@x", summary: "Snow")])
            #expect(report.failures == [])
        }
        #expect(google.withState { $0.tokensIssued } == 11)
    }

    @Test func aPermissionTakenBackIsSaidWithWhatToDo() async throws {
        let google = try GoogleDouble()
        google.withState { $0.refreshIsRevoked = true }
        try await withServer(google) { server in
            let error = await #expect(throws: CalendarServerError.self) { try await server.ownEvents() }
            #expect(error?.kind == .unauthorized)
            #expect(error?.description.contains("homeport weather authorize google") == true)
            #expect(error?.description.contains("REFRESH") == false)
        }
    }

    private static func sync(_ server: GoogleCalendar) -> CalendarSync {
        CalendarSync(server: server, pause: { _ in }, chance: { 0.5 })
    }

    private func withServer(
        _ google: GoogleDouble, calendarID: String? = nil, folder: TemporaryFolder? = nil,
        _ body: @escaping @Sendable (GoogleCalendar) async throws -> Void
    ) async throws {
        let folder = try folder ?? TemporaryFolder()
        try await google.serve { root in
            let token = folder.path + "/token.json"
            try writeToken(to: token, tokenURL: root + "/token")
            let threads = BlockingThreads(count: 1, queueMax: 16)
            let access = GoogleAccess(
                grant: .person(tokenFile: token, credentials: nil), client: .calendars, threads: threads,
                now: { Date(timeIntervalSince1970: 1_774_000_000) })
            var settings = GoogleCalendar.Settings(
                owner: "weather-berlin", name: "Weather in Berlin", description: "Forecast",
                timeZone: "Europe/Berlin", calendarID: calendarID, stateFile: folder.path + "/calendars.json")
            settings.root = root
            try await body(
                GoogleCalendar(settings: settings, access: access, client: .calendars, threads: threads))
        }
    }
}

/// A token that was granted and has ended.
func writeToken(to path: String, tokenURL: String) throws {
    let token = """
        {"refresh_token": "1//REFRESH", "token_uri": "\(tokenURL)", "client_id": "X", "client_secret": "S"}
        """
    try Data(token.utf8).write(to: URL(filePath: path))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
}
