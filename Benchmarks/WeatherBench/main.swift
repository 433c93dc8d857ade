import Almanac
import FileForecasts
import ForecastSources
import Foundation
import ICalendar
import ServerKit
import TimeKit
import Weather

// Measures what the weather costs besides the network, and prints it as one line of JSON. In the manifest only when
// BENCHMARKS is set; Benchmarks/weather.py calls it.
//
//   weather-bench forecast ZONE SOURCE FILE...     one forecast: read, derived, written
//   weather-bench places COUNT ZONE SOURCE FILE... so many places, each refreshed once and kept on disk

let usage =
    "usage: weather-bench forecast ZONE SOURCE FILE... | weather-bench places COUNT ZONE SOURCE FILE..."

struct Usage: Error {}

do {
    var arguments = CommandLine.arguments.dropFirst()
    guard let verb = arguments.popFirst() else { throw Usage() }
    let count = verb == "places" ? arguments.popFirst().flatMap { Int($0) } : 1
    guard let count, let zone = arguments.popFirst(),
        let source = arguments.popFirst().flatMap(SourceName.init(rawValue:)), !arguments.isEmpty
    else { throw Usage() }
    let files = try arguments.map { [UInt8](try Data(contentsOf: URL(filePath: $0))) }
    switch verb {
    case "forecast": print(try OneForecast(source: source, files: files, zone: zone).measured())
    case "places": print(try await ManyPlaces(source: source, files: files, zone: zone).measured(count))
    default: throw Usage()
    }
} catch is Usage {
    FileHandle.standardError.write(Data("\(usage)\n".utf8))
    exit(2)
}
