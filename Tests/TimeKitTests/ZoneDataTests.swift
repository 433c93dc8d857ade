import CalendarPeers
import Foundation
import Testing
import TimeKit

/// Zones that do something others do not: half hours of summer, negative summer time, a zone without letters,
/// a day that never was.
let peculiarZones = [
    "Europe/Berlin", "America/Toronto", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Chatham",
    "America/St_Johns", "Africa/Casablanca", "Europe/Dublin", "Antarctica/Troll", "Pacific/Apia",
]

@Suite struct ZoneDataTests {
    private let database = ZoneDatabase()

    @Test func everyChangeIsWherePythonHasIt() async throws {
        var questions: [(zone: String, moment: Int)] = []
        for name in peculiarZones {
            let zone = try database.zone(name)
            // From 2005 to 2095: listed changes, and those that only the rule foretells.
            for change in zone.transitions(from: 1_100_000_000, to: 3_950_000_000) {
                questions += [-3601, -1, 0, 1, 3600].map { (name, change.at + $0) }
            }
            questions += stride(from: 1_100_000_000, to: 3_950_000_000, by: 20_000_003).map { (name, $0) }
        }
        let input = questions.map { "at \($0.zone) \($0.moment)" }.joined(separator: "\n")
        let answers = try await Peers.run("weather_zones.py", input: input).split(separator: "\n")
        #expect(answers.count == questions.count)
        #expect(questions.count > 5000)
        for (question, answer) in zip(questions, answers) {
            let type = try database.zone(question.zone).type(at: question.moment)
            #expect("\(type.offset) \(type.abbreviation)" == answer, "\(question)")
        }
    }

    @Test func theTwoChangesOfAYearAreListedWithTheirLetters() throws {
        let zone = try database.zone("Europe/Berlin")
        let changes = zone.transitions(from: 1_767_225_600, to: 1_798_761_600)
        #expect(changes.map(\.at) == [1_774_746_000, 1_792_890_000])
        #expect(changes.map(\.after.abbreviation) == ["CEST", "CET"])
        #expect(changes.map(\.before.offset) == [3600, 7200])
        #expect(changes.map(\.after.isDaylight) == [true, false])
    }

    @Test func rulesOfTheFarFutureGoOn() throws {
        let zone = try database.zone("America/Toronto")
        let changes = zone.transitions(from: 4_102_444_800, to: 4_133_980_800)
        #expect(changes.map(\.after.abbreviation) == ["EDT", "EST"])
    }

    @Test(arguments: ["", "../../etc/passwd", "/etc/passwd", "Europe//Berlin", "Europe/Ber lin", "a/b/c/d/e"])
    func namesThatAreNoZonesAreRefused(_ name: String) {
        #expect(throws: ZoneDataError.self) { try database.zone(name) }
    }

    @Test func anUnknownZoneIsNamedInTheError() {
        let error = #expect(throws: ZoneDataError.self) { try database.zone("Europe/Atlantis") }
        #expect(error?.description.contains("Europe/Atlantis") == true)
    }

    @Test func aMachineWithoutZonesSaysWhatToInstall() {
        let empty = ZoneDatabase(folders: ["/nowhere/at/all"])
        let error = #expect(throws: ZoneDataError.self) { try empty.zone("Europe/Berlin") }
        #expect(error?.description.contains("tzdata") == true)
    }

    @Test func damagedFilesAreRefusedNotTrusted() throws {
        let whole = try #require(Self.bytes(of: "Europe/Berlin"))
        #expect(throws: Never.self) { try ZoneData(name: "whole", bytes: whole) }
        for length in stride(from: 0, to: whole.count - 1, by: 7) {
            #expect(throws: ZoneDataError.self) { try ZoneData(name: "cut", bytes: Array(whole[..<length])) }
        }
        var flipped = whole
        for index in stride(from: 0, to: whole.count, by: 3) {
            flipped[index] ^= 0xFF
            _ = try? ZoneData(name: "flipped", bytes: flipped)
            flipped[index] ^= 0xFF
        }
    }

    private static func bytes(of zone: String) -> [UInt8]? {
        ZoneDatabase.usualFolders.lazy.compactMap { folder in
            FileManager.default.contents(atPath: "\(folder)/\(zone)").map(Array.init)
        }.first
    }
}
