import Almanac
import Foundation
import Harness
import Testing

@testable import homeport

/// What is wrong with the weather's settings is told before anything runs: where it stands, what is wrong, and
/// what to do.
@Suite struct WeatherConfigurationTests {
    private static let places = "weather:\n  places:\n    - {name: berlin, at: '52.52,13.41'}\n"

    @Test(arguments: [
        (
            "  calendars:\n    - {name: a, kind: caldav}\n",
            "5: weather.calendars[0].place: is missing; expected"
        ),
        (
            "  feeds:\n    - name: x\n      place: brelin\n",
            "6: weather.feeds[0].place: there is no place `brelin`; did you mean `berlin`?"
        ),
        (
            "  feeds:\n    - name: x\n      place: paris\n",
            "6: weather.feeds[0].place: there is no place `paris`; `weather.places` has `berlin`"
        ),
        (
            "  feeds:\n    - name: x\n      place: berlin\n      only: [wnid]\n",
            "7: weather.feeds[0].only: no event is in a calendar `wnid`; did you mean `wind`?"
        ),
        (
            "  feeds:\n    - name: berlin\n      place: berlin\n",
            "5: weather.feeds[0].name: there is a calendar named `berlin` already"
        ),
        (
            "  calendars:\n    - name: a\n      kind: google\n      place: berlin\n",
            "5: weather.calendars[0].credentials_file: is missing; a calendar of the kind google needs"
        ),
        (
            "  calendars:\n    - name: a\n      kind: icloud\n      place: berlin\n",
            "6: weather.calendars[0].kind: `icloud` cannot be taken; expected one of `caldav`, `google`"
        ),
        (
            "  calendars:\n    - name: a\n      kind: caldav\n      place: berlin\n      url: https://me:pw@dav.lan/\n",
            "8: weather.calendars[0].url: holds a name or a password"
        ),
        (
            "  rules:\n    - id: wind\n      when: wind > 900 km/h\n",
            "6: weather.rules[0].when: the threshold is impossible: wind in m/s goes from 0 to 150"
        ),
        (
            "  rules:\n    - id: damp\n      when: humidity > 100 %\n",
            "6: weather.rules[0].when: the threshold is impossible: humidity in % goes from 0 to 100"
        ),
        (
            "  rules:\n    - id: wind\n      when: wind > 50 km/h until 60 km/h\n",
            "6: weather.rules[0].when: the threshold after 'until' must be easier to pass"
        ),
        (
            "  sources:\n    - name: open-meteo\n      url: weather.lan\n",
            "6: weather.sources[0].url: `weather.lan` cannot be taken; expected the address of a service"
        ),
        (
            "    - name: oslo\n      at: 59.91,10.75\n      sources: [openweathermap]\n",
            "6: weather.places[1].sources: openweathermap answers only with a key; give it one under"
        ),
        (
            "    - name: oslo\n      at: 59.91,10.75\n      zone: Europe/Oslo\n      sources: [met-norway]\n",
            "7: weather.places[1].sources: met-norway wants to know who asks; set `weather.contact`"
        ),
        (
            "    - name: berlin\n      at: 59.91,10.75\n",
            "4: weather.places[1].name: two places are named `berlin`"
        ),
        (
            "    - name: leipzig\n      at: 51.34,12.37\n      sources: [bright-sky]\n",
            "4: weather.places[1].zone: is missing; bright-sky does not say in which time zone a place is"
        ),
        ("  push_every: 1m\n", "4: weather.push_every: `1m` is out of bounds; expected 10m to 7d"),
    ])
    func whatIsWrongIsSaidWithItsLineAndACure(_ more: String, _ message: String) throws {
        let file = try TextFile(Self.places + more)
        let error = #expect(throws: ConfigurationError.self) {
            try LoadedConfiguration.load(file: file.path, environment: [:])
        }
        let text = error?.description ?? ""
        #expect(text.contains("\(file.path):\(message)"), "\(text)")
    }

    @Test func everythingAGoogleCalendarLacksIsSaidAtOnceWithoutItsSecrets() throws {
        let credentials = try TextFile("{\"installed\": {\"client_secret\": \"hush\"}}")
        let file = try TextFile(
            Self.places
                + "  calendars:\n    - {name: a, kind: google, place: berlin, credentials_file: \(credentials.path)}\n"
        )
        let error = #expect(throws: ConfigurationError.self) {
            try LoadedConfiguration.load(file: file.path, environment: [:])
        }
        let text = error?.description ?? ""
        #expect(text.contains("this is no credentials.json of Google's console") && !text.contains("hush"))
    }

    @Test(arguments: [
        ("", true, false), ("listen: 127.0.0.1:1\n", true, false), ("weather: {language: de}\n", true, false),
        (places, false, true), (places + "listen: 127.0.0.1:1\npublic_url: https://x.example\n", false, true),
        (places + "registry:\n", true, true), (places + "token: {life: 5m}\n", true, true),
        (places + "accounts: {admin_name: root}\n", true, true),
    ])
    func servicesAreThoseThatTheConfigurationNames(_ yaml: String, _ registry: Bool, _ weather: Bool) throws {
        let file = try TextFile(yaml)
        let loaded = try LoadedConfiguration.load(file: file.path, environment: [:])
        #expect(loaded.servesRegistry == registry && loaded.servesWeather == weather)
    }

    @Test func aVariableNamesARegistryToo() throws {
        let file = try TextFile(Self.places)
        let loaded = try LoadedConfiguration.load(
            file: file.path, environment: ["HOMEPORT_REGISTRY_PAGE_SIZE_MAX": "100"])
        #expect(loaded.servesRegistry && loaded.servesWeather)
    }

    @Test func feedsAreAsPrivateAsTheirPlaceUnlessTheySayOtherwise() throws {
        let file = try TextFile(
            "weather:\n  places:\n    - {name: home, at: '1,1', private: true}\n  feeds:\n"
                + "    - {name: open, place: home, only: [wind, rain], private: false}\n"
                + "    - {name: hidden, place: home}\n")
        let loaded = try LoadedConfiguration.load(file: file.path, environment: [:])
        let open = loaded.values.weather.feedPlans.filter { !$0.isPrivate }.map(\.name.description)
        #expect(open == ["open"])
        #expect(loaded.values.weather.feedPlans.contains { $0.name.description == "home-wind" })
    }

    @Test func checkAndServeSayItAlike() async throws {
        let file = try TextFile(Self.places + "  feeds:\n    - {name: x, place: brelin}\n")
        for command in ["check", "serve"] {
            let ended = try await Harness.homeport([
                command, "--config", file.path, "--data", file.folder + "/d",
            ])
            #expect(ended.status == 2)
            #expect(
                ended.errors.contains("\(file.path):5: weather.feeds[0].place: there is no place `brelin`"))
        }
        #expect(!FileManager.default.fileExists(atPath: file.folder + "/d"))
    }
}
