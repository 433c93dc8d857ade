/// Somewhere the weather is asked for.
package struct Place: Hashable, Sendable {
    /// Names the place in configuration, URLs and event identifiers: 1 to 64 of `a-z 0-9 . _ -`. It stays the
    /// same as long as the place is meant, whatever it is called on screen.
    package let id: PlaceID
    /// For people: `Berlin`.
    package let name: String
    /// Degrees north, −90 to 90.
    package let latitude: Double
    /// Degrees east, −180 to 180.
    package let longitude: Double
    /// The identifier of its time zone, `Europe/Berlin`; nil until a source has told it.
    package let timeZone: String?
    /// The personal weather station that stands for it, `IBERLIN1705`, for sources that know stations.
    package let station: String?

    /// The place, or nil when the coordinates are not on the globe.
    package init?(
        id: PlaceID, name: String, latitude: Double, longitude: Double, timeZone: String? = nil,
        station: String? = nil
    ) {
        guard (-90...90).contains(latitude), (-180...180).contains(longitude) else { return nil }
        self.id = id
        self.name = name
        self.latitude = latitude
        self.longitude = longitude
        self.timeZone = timeZone
        self.station = station
    }

    /// The same place, with the zone a source has told.
    package func inZone(_ timeZone: String) -> Place {
        Place(unchecked: self, timeZone: timeZone)
    }

    private init(unchecked other: Place, timeZone: String) {
        self.id = other.id
        self.name = other.name
        self.latitude = other.latitude
        self.longitude = other.longitude
        self.timeZone = timeZone
        self.station = other.station
    }
}

/// The name of a personal weather station: 1 to 20 letters and digits, `IBERLIN1705`.
package struct StationName: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// What stands before it where other things could be meant.
    package static let prefix = "pws:"

    /// The name, with or without `pws:` before it, in capital letters; nil when it cannot be one.
    package init?(_ text: String) {
        let name = text.hasPrefix(Self.prefix) ? text.dropFirst(Self.prefix.count) : text[...]
        let isAllowed = { (byte: UInt8) in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        }
        guard (1...20).contains(name.utf8.count), name.utf8.allSatisfy(isAllowed) else { return nil }
        self.description = name.uppercased()
    }
}

/// The lasting name of a place.
package struct PlaceID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let description: String

    /// The identifier, or nil when it is not 1 to 64 of `a-z 0-9 . _ -`, beginning with a letter or digit or
    /// a `-` before a digit.
    package init?(_ text: String) {
        let isAllowed = { (byte: UInt8) in
            (97...122).contains(byte) || (48...57).contains(byte)
                || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
        }
        guard
            (1...64).contains(text.utf8.count), text.utf8.allSatisfy(isAllowed),
            text.utf8.first != UInt8(ascii: "."), text.utf8.first != UInt8(ascii: "_")
        else { return nil }
        self.description = text
    }

    /// The identifier of coordinates: to two decimals (about a kilometre), `52.52_13.41`.
    package init(latitude: Double, longitude: Double) {
        self.description = "\(Decimals.text(latitude, places: 2))_\(Decimals.text(longitude, places: 2))"
    }

    package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}
