import Access
import Accounts
import Almanac
import CalendarPeers
import FeedAPI
import Foundation
import Logging
import NIOHTTP1
import RecordedWeather
import ServerKit
import Testing

@Suite(.timeLimit(.minutes(2))) struct PrivateCalendarTests {
    private func withPrivateCalendars(
        _ body: @escaping @Sendable (FeedDoor, AccountName) async throws -> Void
    ) async throws {
        try await FeedDoor.open(
            RecordedOffice(), alter: { for index in $0.indices { $0[index].isPrivate = true } }
        ) {
            door in
            let alice = try AccountName("alice")
            _ = try await door.accounts.accounts.add(alice, password: .none)
            try await body(door, alice)
        }
    }

    @Test func onlyATokenOpensIt() async throws {
        try await withPrivateCalendars { door, alice in
            let token = try await door.accounts.tokens.create(.calendar, for: alice, name: "phone").text
                .revealed
            let open = try await door.get("/calendar/\(token)/berlin.ics")
            #expect(open.status == 200)
            #expect(open["Cache-Control"] == "private, max-age=900")
            #expect(open["Access-Control-Allow-Origin"] == nil)
            #expect(!open.text.contains(token), "whoever gets the file does not get the token")

            let page = try await door.get("/weather/\(token)/berlin")
            #expect(page.status == 200)
            #expect(page.text.contains("webcal://weather.example.com/calendar/\(token)/berlin.ics"))
            #expect(page["Referrer-Policy"] == "no-referrer")
            #expect(page["Cache-Control"] == "private, no-cache")
        }
    }

    @Test func whateverIsWrongWithATokenTheAnswerIsThatNothingIsThere() async throws {
        try await withPrivateCalendars { door, alice in
            let tokens = door.accounts.tokens
            let good = try await tokens.create(.calendar, for: alice, name: "phone").text.revealed
            let access = try await tokens.create(for: alice, name: "machine").text.revealed
            let revoked = try await tokens.create(.calendar, for: alice, name: "gone")
            try await tokens.revoke(revoked.stored.id)
            let ended = try await tokens.create(
                .calendar, for: alice, name: "ended", expires: door.office.now + 60
            ).text.revealed
            let elsewhere = try await tokens.create(
                .calendar, for: alice, name: "other", scopes: ["calendar:hamburg:pull"]
            ).text.revealed
            door.office.now += 61
            let nothing = try await door.get("/calendar/nowhere.ics")
            let other = good.dropLast() + (good.hasSuffix("a") ? "b" : "a")
            for path in [
                "/calendar/berlin.ics", "/calendar/\(other)/berlin.ics", "/calendar/x/berlin.ics",
                "/calendar/\(access)/berlin.ics", "/calendar/\(revoked.text.revealed)/berlin.ics",
                "/calendar/\(ended)/berlin.ics", "/calendar/\(elsewhere)/berlin.ics", "/weather/berlin",
                "/weather/\(other)/berlin", "/calendar/\(good)/nowhere.ics",
            ] {
                let answer = try await door.get(path)
                #expect(answer.status == 404 && answer.body == nothing.body, "\(path)")
            }
            #expect(try await door.get("/calendar/\(good)/berlin.ics").status == 200)
        }
    }

    @Test func aTokenIsAsGoodAsItsAccount() async throws {
        try await withPrivateCalendars { door, alice in
            let token = try await door.accounts.tokens.create(.calendar, for: alice, name: "phone").text
                .revealed
            let accounts = door.accounts.accounts
            let path = "/calendar/\(token)/berlin.ics"
            _ = try await accounts.change(alice, AccountChange(isDisabled: true))
            #expect(try await door.get(path).status == 404)
            _ = try await accounts.change(alice, AccountChange(isDisabled: false))
            #expect(try await door.get(path).status == 200)
            _ = try await accounts.change(alice, AccountChange(expires: .at(door.office.now + 60)))
            #expect(try await door.get(path).status == 200)
            door.office.now += 61
            #expect(try await door.get(path).status == 404)
        }
    }

    @Test func aBoundTokenOpensItsCalendarAlone() async throws {
        try await withPrivateCalendars { door, alice in
            let token = try await door.accounts.tokens.create(
                .calendar, for: alice, name: "wind", scopes: ["calendar:berlin-wind:pull"]
            ).text.revealed
            #expect(try await door.get("/calendar/\(token)/berlin-wind.ics").status == 200)
            #expect(try await door.get("/calendar/\(token)/berlin.ics").status == 404)
            let page = try await door.get("/weather/\(token)/berlin")
            #expect(
                page.status == 200 && !page.text.contains("/berlin.ics"), "nor does the page speak of others")
            #expect(!page.text.contains("event-rain"))
        }
    }

    @Test(arguments: [
        ("/calendar/hpc_secret/berlin.ics", "/calendar/***/berlin.ics"),
        ("/weather/hpc_secret/berlin", "/weather/***/berlin"), ("/calendar/berlin.ics", nil),
        ("/weather/assets/weather-1.css", nil), ("/v2/hpc_secret/berlin.ics", nil),
        ("/calendar/hpc_secret/x/y", "/calendar/***/y"), ("/weather/berlin", nil),
    ])
    func aPathIsWrittenDownWithoutItsToken(path: String, written: String?) throws {
        let office = try RecordedOffice()
        let face = FeedFace(
            office: office.office, settings: FeedSettings(publicURL: nil, calendars: []), tokens: nil)
        #expect(face.loggedPath(of: path) == written)
    }
}
