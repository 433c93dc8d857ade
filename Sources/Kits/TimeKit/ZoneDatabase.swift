import FoundationEssentials
import Synchronization

/// The zone data of the machine, each zone read once.
package final class ZoneDatabase: Sendable {
    /// Where distributions keep it.
    package static let usualFolders = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/etc/zoneinfo"]
    /// So many zones are remembered; there are about 600 names.
    private static let rememberedMax = 1024

    private let folders: [String]
    private let remembered = Mutex<[String: ZoneData]>([:])

    package init(folders: [String] = ZoneDatabase.usualFolders) {
        self.folders = folders
    }

    /// The zone of this name. Reads a file of a few kilobytes the first time.
    package func zone(_ name: String) throws(ZoneDataError) -> ZoneData {
        if let zone = remembered.withLock({ $0[name] }) { return zone }
        let zone = try read(name)
        remembered.withLock { zones in
            if zones.count < Self.rememberedMax { zones[name] = zone }
        }
        return zone
    }

    /// Where the city lies that a zone is named after, in degrees north and east; nil when the tables do not say.
    package func location(of name: String) -> (latitude: Double, longitude: Double)? {
        for table in folders.flatMap({ ["\($0)/zone.tab", "\($0)/zone1970.tab"] }) {
            guard let data = FileManager.default.contents(atPath: table) else { continue }
            for line in data.split(separator: UInt8(ascii: "\n")) {
                let fields = line.split(separator: UInt8(ascii: "\t"))
                guard fields.count >= 3, fields[2].elementsEqual(name.utf8) else { continue }
                return ZoneLocation.degrees(String(decoding: fields[1], as: UTF8.self))
            }
        }
        return nil
    }

    private func read(_ name: String) throws(ZoneDataError) -> ZoneData {
        guard Self.isName(name) else {
            throw ZoneDataError("'\(name.prefix(60))' is not the name of a time zone, such as Europe/Berlin")
        }
        for folder in folders {
            let path = "\(folder)/\(name)"
            guard let data = FileManager.default.contents(atPath: path) else { continue }
            return try ZoneData(name: name, bytes: [UInt8](data))
        }
        guard folders.contains(where: { FileManager.default.fileExists(atPath: $0) }) else {
            throw ZoneDataError("this machine has no time zone data: install the package tzdata")
        }
        throw ZoneDataError("there is no time zone '\(name)': names are like Europe/Berlin")
    }

    /// Only what cannot lead out of the folder: words of letters, digits, `_`, `+` and `-` between slashes.
    private static func isName(_ name: String) -> Bool {
        let words = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let isPlain = { (byte: UInt8) in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
        }
        return name.utf8.count <= 60 && words.count <= 4
            && words.allSatisfy { !$0.isEmpty && $0.allSatisfy(isPlain) }
    }
}

/// Coordinates as the tables of zones have them (ISO 6709): `+5230+01322`, `+404251-0740023`.
enum ZoneLocation {
    static func degrees(_ text: String) -> (latitude: Double, longitude: Double)? {
        let signs = text.indices.filter { text[$0] == "+" || text[$0] == "-" }
        guard signs.count == 2, signs[0] == text.startIndex else { return nil }
        guard let latitude = angle(text[signs[0]..<signs[1]], degreeDigits: 2),
            let longitude = angle(text[signs[1]...], degreeDigits: 3)
        else { return nil }
        return (latitude, longitude)
    }

    private static func angle(_ text: Substring, degreeDigits: Int) -> Double? {
        let digits = text.dropFirst()
        let minutes = digits.dropFirst(degreeDigits)
        guard let whole = Double(digits.prefix(degreeDigits)), let minute = Double(minutes.prefix(2)) else {
            return nil
        }
        let second = Double(minutes.dropFirst(2)) ?? 0
        return (whole + minute / 60 + second / 3600) * (text.first == "-" ? -1 : 1)
    }
}
