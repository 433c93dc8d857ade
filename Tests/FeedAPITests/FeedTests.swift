import Almanac
import AsyncHTTPClient
import Foundation
import NIOHTTP1
import RecordedWeather
import Testing
import Weather

@Suite(.timeLimit(.minutes(3))) struct FeedTests {
    @Test func aCalendarComesWithEverythingReadersNeedToKeepIt() async throws {
        try await FeedDoor.open(RecordedOffice()) { door in
            let first = try await door.get("/calendar/berlin.ics")
            #expect(first.status == 200)
            #expect(first["Content-Type"] == "text/calendar; charset=utf-8")
            #expect(first["Cache-Control"] == "public, max-age=900")
            #expect(first["Vary"] == "Accept-Encoding")
            #expect(first["Content-Disposition"] == "inline; filename=\"berlin.ics\"")
            #expect(first.text.hasPrefix("BEGIN:VCALENDAR\r\n") && first.text.hasSuffix("END:VCALENDAR\r\n"))
            #expect(
                first.text.contains(
                    "\r\nSOURCE;VALUE=URI:https://weather.example.com/calendar/berlin.ics\r\n"))

            let tag = try #require(first["ETag"])
            let modified = try #require(first["Last-Modified"])
            #expect(tag.hasPrefix("\"") && tag.hasSuffix("\""))
            for headers in [
                HTTPHeaders([("If-None-Match", tag)]), ["If-None-Match": "\"x\", W/\(tag)"],
                ["If-None-Match": "*"],
                ["If-Modified-Since": modified], ["If-Modified-Since": "Fri, 31 Dec 2100 23:59:59 GMT"],
            ] {
                let again = try await door.get("/calendar/berlin.ics", headers)
                #expect(again.status == 304 && again.body.isEmpty)
                #expect(again["ETag"] == tag)
            }
            for headers in [
                HTTPHeaders([("If-None-Match", "\"other\"")]),
                ["If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"],
                ["If-None-Match": "\"other\"", "If-Modified-Since": modified],
                ["If-Modified-Since": "yesterday"],
            ] {
                #expect(try await door.get("/calendar/berlin.ics", headers).status == 200)
            }
        }
    }

    @Test func whoTakesGzipGetsTheSameBytesSmaller() async throws {
        try await FeedDoor.open(RecordedOffice()) { door in
            let plain = try await door.get("/calendar/berlin.ics")
            let small = try await door.get("/calendar/berlin.ics", ["Accept-Encoding": "br, gzip;q=0.5"])
            #expect(small["Content-Encoding"] == "gzip")
            #expect(small.body.count * 5 < plain.body.count)
            #expect(small["ETag"] != plain["ETag"])
            let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).gz")
            defer { try? FileManager.default.removeItem(at: file) }
            try Data(small.body).write(to: file)
            let unpacked = try await outputOf("gzip", ["-dc", file.path()])
            #expect(unpacked == plain.text)
            let refused = try await door.get(
                "/calendar/berlin.ics", ["Accept-Encoding": "gzip;q=0, identity"])
            #expect(refused["Content-Encoding"] == nil)
            let tag = try #require(small["ETag"])
            #expect(try await door.get("/calendar/berlin.ics", ["If-None-Match": tag]).status == 304)
        }
    }

    @Test func headSaysWhatGetWouldSend() async throws {
        try await FeedDoor.open(RecordedOffice()) { door in
            let get = try await door.get("/calendar/berlin.ics")
            let head = try await door.get("/calendar/berlin.ics", method: .HEAD)
            #expect(head.status == 200 && head.body.isEmpty)
            #expect(head["Content-Length"] == String(get.body.count))
            #expect(head["ETag"] == get["ETag"])
            #expect(try await door.get("/calendar/berlin.ics", method: .POST).status == 405)
        }
    }

    @Test func theMarkStaysUntilSomethingVisibleChanges() async throws {
        try await FeedDoor.open(RecordedOffice()) { door in
            // The recording begins late in the evening, and midnight is a visible change.
            door.office.now -= 12 * 3600
            let first = try await door.get("/calendar/berlin.ics")
            door.office.now += 7200
            _ = try await door.office.outlook()
            let second = try await door.get("/calendar/berlin.ics")
            #expect(door.office.questions == 2)
            #expect(first["ETag"] == second["ETag"])
            #expect(first.body == second.body)

            door.office.forecast?.warnings = [
                Warning(
                    id: "w1", severity: .severe, start: door.office.now, end: door.office.now + 7200,
                    text: .init(event: "Storm"), issuer: "DWD")
            ]
            door.office.now += 7200
            _ = try await door.office.outlook()
            let third = try await door.get("/calendar/berlin.ics")
            #expect(third["ETag"] != first["ETag"])
            #expect(third.text.contains("Storm"))
            #expect(third["Last-Modified"] != first["Last-Modified"])
        }
    }

    @Test func whenASourceFailsTheLastForecastIsToldAndHowOldItIs() async throws {
        try await FeedDoor.open(RecordedOffice()) { door in
            // The recording begins late in the evening, and midnight is a visible change.
            door.office.now -= 12 * 3600
            let first = try await door.get("/calendar/berlin.ics")
            door.office.forecast = nil
            door.office.now += 2 * 3600
            _ = try await door.office.outlook()
            let soon = try await door.get("/calendar/berlin.ics")
            #expect(soon.status == 200 && soon.body == first.body)

            door.office.now += 2 * 3600
            _ = try await door.office.outlook()
            let late = try await door.get("/calendar/berlin.ics")
            #expect(late.status == 200 && late.text.contains("No news since this forecast of 2015-09-1"))
            let page = try await door.get("/weather/berlin")
            #expect(page.text.contains("The source has not answered for a while"))
        }
    }

    @Test func whileAForecastIsFetchedTheOneBeforeIsTold() async throws {
        try await FeedDoor.open(RecordedOffice()) { door in
            let first = try await door.get("/calendar/berlin.ics")
            door.office.now += 7200
            #expect(try await door.get("/calendar/berlin.ics").body == first.body)
        }
    }

    @Test func aThousandReadersOfAColdCalendarAskTheSourceOnce() async throws {
        try await FeedDoor.open(RecordedOffice()) { door in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<1000 { group.addTask { try await door.get("/calendar/berlin.ics").status } }
                return try await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(statuses == [200: 1000])
            #expect(door.office.questions == 1)
        }
    }

    @Test func withoutAnyForecastTheAnswerIsToComeBackLater() async throws {
        let office = try RecordedOffice()
        office.forecast = nil
        try await FeedDoor.open(office) { door in
            for path in ["/calendar/berlin.ics", "/weather/berlin"] {
                let answer = try await door.get(path)
                #expect(answer.status == 503 && answer["Retry-After"] == "60")
                #expect(!answer.text.contains("does not answer"), "why is for the operator")
            }
        }
    }

    @Test func eachKindOfEventHasACalendarOfItsOwn() async throws {
        try await FeedDoor.open(RecordedOffice()) { door in
            let all = try await door.get("/calendar/berlin.ics").text
            let wind = try await door.get("/calendar/berlin-wind.ics").text
            let warnings = try await door.get("/calendar/berlin-warnings.ics").text
            #expect(wind.contains("UID:wind-") && !wind.contains("UID:rain-") && all.contains("UID:rain-"))
            #expect(warnings.contains("END:VCALENDAR") && !warnings.contains("BEGIN:VEVENT"))
            #expect(wind.contains("X-WR-CALNAME:Berlin: Wind\r\n"))
        }
    }

    @Test(arguments: [
        "/calendar/", "/calendar/nowhere.ics", "/calendar/berlin", "/calendar/berlin.ics/",
        "/calendar//berlin.ics",
        "/calendar/a/b/berlin.ics", "/calendar/..%2fberlin.ics", "/calendar/.ics", "/weather/nowhere",
        "/weather/assets/none.css", "/weather/a/b/c", "/weather/berlin/",
    ])
    func nothingIsBehindOtherPaths(path: String) async throws {
        try await FeedDoor.open(RecordedOffice()) { door in
            let answer = try await door.get(path)
            #expect(answer.status == 404)
        }
    }

    @Test func aCalendarThatDoesNotKnowItsAddressNamesNone() async throws {
        try await FeedDoor.open(RecordedOffice(), publicURL: nil) { door in
            let answer = try await door.get("/calendar/berlin.ics", ["Host": "evil.example"])
            #expect(!answer.text.contains("evil") && !answer.text.contains("SOURCE"))
        }
    }
}
