package import Almanac
import Testing
import Weather

/// What every `ForecastArchive` promises. Called with an empty one.
package func checkForecastArchiveContract(_ archive: any ForecastArchive) async throws {
    let berlin = try #require(PlaceID("berlin"))
    let other = try #require(PlaceID("52.52_13.41"))
    #expect(try await archive.bytes(of: berlin) == nil, "an empty archive knows no place")

    try await archive.keep([1, 2, 3], of: berlin)
    try await archive.keep([], of: other)
    #expect(try await archive.bytes(of: berlin) == [1, 2, 3])
    #expect(try await archive.bytes(of: other) == [], "nothing is something else than not there")

    let long = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
    try await archive.keep(long, of: berlin)
    #expect(try await archive.bytes(of: berlin) == long, "keeping again replaces")
    try await archive.keep([9], of: berlin)
    #expect(try await archive.bytes(of: berlin) == [9], "nothing is left of what was longer")

    try await archive.remove(berlin)
    try await archive.remove(berlin)
    #expect(try await archive.bytes(of: berlin) == nil, "removing twice is not a failure")
    #expect(try await archive.bytes(of: other) == [], "others stay")
}
