internal import Almanac
internal import ArgumentParser
internal import ForecastSources
internal import FoundationEssentials
internal import ServerKit
internal import TimeKit
internal import Weather

/// The options by which a command is told of which place, from where, and how.
struct WeatherOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "A place of the configuration, coordinates such as 52.52,13.41, the name of a town, or a station such as pws:IBERLIN1705.",
            valueName: "place"))
    var place: String

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Read a recorded answer of a source instead of asking; several times for several files.",
            valueName: "source=file"))
    var recorded: [String] = []

    @Option(name: .long, help: ArgumentHelp("The time zone of the place.", valueName: "zone"))
    var zone: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The time to take for now: 2026-03-29T15:00 on the clock of the place, or with Z or an offset.",
            valueName: "time"))
    var at: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Ask this source; several times for the next to ask.", valueName: "source"))
    var source: [String] = []

    @Option(name: .long, help: ArgumentHelp("en or de.", valueName: "language"))
    var language: String?

    @Option(name: .long, help: ArgumentHelp("metric, imperial or beaufort.", valueName: "units"))
    var units: String?

    @Flag(name: .long, help: "Leave emoji out of titles.")
    var noIcons = false

    @Flag(name: .long, help: "Make the events of the script that Homeport follows, hour by hour.")
    var legacy = false

    @Flag(name: .long, help: "Tell also what is over.")
    var past = false

    @OptionGroup var settings: SettingsOptions

    /// The weather section of the configuration, under these options.
    func load() throws -> (weather: WeatherSettings, data: DataFolder) {
        let loaded = try settings.load()
        var weather = loaded.values.weather
        if let language { weather.language = try choice(language, "--language") }
        if let units { weather.units = try choice(units, "--units") }
        if noIcons { weather.hasIcons = false }
        if legacy { weather.isLegacy = true }
        if past { weather.keepsPast = true }
        return (weather, DataFolder(loaded.values.data))
    }

    func sources() throws -> [SourceName] { try source.map { try choice($0, "--source") } }

    private func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ text: String, _ option: String
    ) throws -> Value {
        if let value = Value(rawValue: text) { return value }
        let known = Value.allCases.map(\.rawValue)
        let hint = NearestName.to(text, among: known).map { "; did you mean \($0)?" } ?? ""
        throw CommandFailure.usage(
            "\(option): there is no '\(text)'\(hint) Known are \(known.joined(separator: ", "))")
    }

    /// The recorded answers, by source, in the order they were first named.
    func recordings() throws -> [Recordings.Told] {
        var files: [(source: SourceName, bytes: [[UInt8]])] = []
        for text in recorded {
            guard let equals = text.firstIndex(of: "=") else {
                throw CommandFailure.usage("--recorded: write SOURCE=FILE, such as open-meteo=answer.json")
            }
            let source: SourceName = try choice(String(text[..<equals]), "--recorded")
            let path = String(text[text.index(after: equals)...])
            guard let data = try? Data(contentsOf: URL(filePath: path)) else {
                throw CommandFailure.usage("--recorded: \(path) cannot be read")
            }
            if let index = files.firstIndex(where: { $0.source == source }) {
                files[index].bytes.append([UInt8](data))
            } else {
                files.append((source, [[UInt8](data)]))
            }
        }
        return try files.map { file in
            do throws(SourceError) {
                return try Recordings.read(file.source, file.bytes)
            } catch {
                throw CommandFailure.refused("--recorded: \(error)")
            }
        }
    }
}

/// Times as people give them on the command line.
enum MomentText {
    /// Reads `2026-03-29`, `2026-03-29T15:00` (on a clock), `…Z` or `…+02:00`; nil for anything else.
    static func parse(_ text: String, clock: LocalClock) -> Date? {
        guard let date = CivilDate(text.prefix(10)) else { return nil }
        let rest = text.dropFirst(10)
        guard !rest.isEmpty else { return clock.moment(date) }
        guard rest.first == "T" || rest.first == " " else { return nil }
        let time = rest.dropFirst().prefix { $0.isNumber || $0 == ":" }
        let parts = time.split(separator: ":").compactMap { Int($0) }
        guard (2...3).contains(parts.count), (0...23).contains(parts[0]), (0...59).contains(parts[1]) else {
            return nil
        }
        let seconds = Double(parts.count == 3 ? parts[2] : 0)
        let zone = rest.dropFirst().dropFirst(time.count)
        guard !zone.isEmpty else {
            return clock.moment(date, minuteOfDay: parts[0] * 60 + parts[1]).addingTimeInterval(seconds)
        }
        guard let offset = offset(zone) else { return nil }
        let minutes = Double(date.number * 1440 + parts[0] * 60 + parts[1])
        return Date(timeIntervalSince1970: minutes * 60 + seconds - Double(offset))
    }

    private static func offset(_ text: Substring) -> Int? {
        if text == "Z" { return 0 }
        guard let sign = text.first, sign == "+" || sign == "-" else { return nil }
        let digits = text.dropFirst().filter { $0 != ":" }
        guard digits.utf8.count == 4, let number = Int(digits), number / 100 <= 14, number % 100 < 60 else {
            return nil
        }
        return (number / 100 * 3600 + number % 100 * 60) * (sign == "-" ? -1 : 1)
    }
}
