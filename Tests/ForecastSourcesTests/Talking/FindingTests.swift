import Almanac
import ForecastSources
import Foundation
import HTTPTypes
import ServerKit
import Testing
import Weather

/// Where places and stations are, by their names.
@Suite(.timeLimit(.minutes(1))) struct FindingTests {
    private static func find(
        _ name: String, key: String? = "k",
        _ reply: @escaping @Sendable (ServiceDouble.Question) -> ServiceDouble.Reply
    ) async throws -> (found: [FoundPlace], questions: [ServiceDouble.Question]) {
        let double = ServiceDouble(reply)
        let found = try await double.serve { root in
            let services = ForecastServices(client: .weather, version: "1.2.3", now: { Date() })
            let stations = SourceSettings(baseURL: root, key: key.map { Secret($0) })
            let finder = try services.finder(baseURL: root, contact: "ops@example.com", stations: stations)
            return try await finder.places(named: name, language: .german)
        }
        return (found, double.questions)
    }

    private static let berlins = """
        {"results":[{"id":2950159,"name":"Berlin","latitude":52.52437,"longitude":13.41053,"timezone":"Europe/Berlin",
        "country":"Deutschland","admin1":"Land Berlin"},{"name":"Berlin","latitude":44.46867,"longitude":-71.18508,
        "timezone":"America/New_York","country":"Vereinigte Staaten","admin1":"New Hampshire"},
        {"name":"Nowhere","latitude":123.0,"longitude":0},{"name":"No place at all"}],"generationtime_ms":0.5}
        """

    @Test func placesAreFoundByTheirName() async throws {
        let (found, questions) = try await Self.find("Bärlin & 1") { _ in .answer(200, Self.berlins) }
        #expect(
            found.map(\.region) == [
                "Berlin, Land Berlin, Deutschland", "Berlin, New Hampshire, Vereinigte Staaten",
            ])
        #expect(found.map(\.timeZone) == ["Europe/Berlin", "America/New_York"])
        #expect(found.first?.latitude == 52.52437)
        #expect(
            questions.map(\.target) == [
                "/v1/search?name=B%C3%A4rlin%20%26%201&count=10&language=de&format=json"
            ])
        #expect(questions.first?.headers[.userAgent] == "homeport/1.2.3 ops@example.com")
    }

    @Test func noListMeansNoPlace() async throws {
        #expect(
            try await Self.find("Atlantis") { _ in .answer(200, #"{"generationtime_ms":0.4}"#) }.found.isEmpty
        )
    }

    @Test func aStationIsFoundByItsName() async throws {
        let (found, questions) = try await Self.find("pws:iberlin1705") { _ in
            .answer(
                200,
                """
                {"observations":[{"stationID":"IBERLIN1705","neighborhood":"Prenzlauer Berg","country":"DE","lon":13.42,
                "lat":52.54,"uv":null,"humidity":71,"metric":{"temp":12}}]}
                """)
        }
        #expect(found.map(\.name) == ["Prenzlauer Berg"])
        #expect(found.map(\.latitude) == [52.54])
        #expect(found.map(\.longitude) == [13.42])
        #expect(
            questions.map(\.target) == [
                "/v2/pws/observations/current?stationId=IBERLIN1705&format=json&units=m&apiKey=k"
            ])
    }

    @Test func aSilentStationIsSaidToBeSilent() async throws {
        let error = await #expect(throws: SourceError.self) {
            try await Self.find("pws:IBERLIN1705") { _ in .answer(204, "") }
        }
        #expect(error?.kind == .unknownPlace)
        #expect(error?.description == "the station IBERLIN1705 is silent")
    }

    @Test(arguments: ["pws:", "pws:a/b", "pws:ä", "pws:123456789012345678901", "x", ""])
    func whatCannotBeANameIsNotAskedFor(_ name: String) async throws {
        let error = await #expect(throws: SourceError.self) {
            try await Self.find(name) { _ in .answer(200, Self.berlins) }
        }
        #expect(error?.kind == .unknownPlace)
    }

    @Test func stationsNeedAKey() async throws {
        let error = await #expect(throws: SourceError.self) {
            try await Self.find("pws:IBERLIN1705", key: nil) { _ in .answer(200, "{}") }
        }
        #expect(error?.description == "stations are found with a key of weather-company")
    }
}

/// Official warnings: who is asked, and for where.
@Suite(.timeLimit(.minutes(1))) struct AskingForWarningsTests {
    private static func ask(
        latitude: Double, longitude: Double,
        _ reply: @escaping @Sendable (ServiceDouble.Question) -> ServiceDouble.Reply
    ) async throws -> (warnings: [Warning], targets: [String]) {
        let id = try #require(PlaceID("here"))
        let place = try #require(Place(id: id, name: "Here", latitude: latitude, longitude: longitude))
        let double = ServiceDouble(reply)
        let warnings = try await double.serve { root in
            let settings = SourceSettings(baseURL: root, contact: "ops@example.com")
            let services = ForecastServices(client: .weather, version: "1", now: { Date() })
            let every = Dictionary(uniqueKeysWithValues: SourceName.allCases.map { ($0, settings) })
            var warnings: [Warning] = []
            for source in try services.warnings(every) { warnings += try await source.warnings(for: place) }
            return warnings
        }
        return (warnings, double.questions.map(\.target))
    }

    @Test func onlyTheOfficeThatIsResponsibleIsAsked() async throws {
        let nobody = try await Self.ask(latitude: -33.9, longitude: 18.4) { _ in .answer(404, "") }
        #expect(nobody.targets.isEmpty)
        let german = try await Self.ask(latitude: 52.520008, longitude: 13.404954) { _ in
            .answer(
                200,
                #"{"alerts":[{"alert_id":"1","onset":"2026-03-28T00:00:00+00:00","expires":"2026-03-28T09:00:00+00:00","severity":"severe","event_en":"frost","event_de":"FROST"}]}"#
            )
        }
        #expect(german.targets == ["/alerts?lat=52.5200&lon=13.4050&tz=Etc%2FUTC"])
        #expect(german.warnings.map(\.severity) == [.severe])
        #expect(german.warnings.map { $0.text(in: .german).event } == ["FROST"])
        let american = try await Self.ask(latitude: 40.7127837, longitude: -74.0059413) { _ in
            .answer(400, "")
        }
        #expect(american.targets == ["/alerts/active?point=40.7128,-74.0059"])
        #expect(american.warnings.isEmpty)
        let norwegian = try await Self.ask(latitude: 69.65, longitude: 18.96) { _ in
            .answer(
                200,
                #"{"features":[{"properties":{"id":"2.49.0.1.578.0.1","severity":"Moderate","eventAwarenessName":"Gale","status":"Actual"},"when":{"interval":["2026-03-28T00:00:00+00:00","2026-03-28T09:00:00+00:00"]}}]}"#
            )
        }
        #expect(norwegian.targets == ["/metalerts/2.0/current.json?lat=69.6500&lon=18.9600&lang=en"])
        #expect(norwegian.warnings.map(\.text.event) == ["Gale"])
    }
}
