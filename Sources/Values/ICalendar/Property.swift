/// One line of a calendar before it is folded: `DTSTART;TZID=Europe/Berlin:20260329T060000`.
///
/// It is made by the kind of its value, so that what comes from people is escaped as that kind demands.
package struct Property: Hashable, Sendable {
    package let name: String
    package private(set) var parameters: [Parameter]
    /// The value as it stands in the line, escaped already.
    package let value: String

    /// `;NAME=VALUE` of a property (RFC 5545, 3.2).
    package struct Parameter: Hashable, Sendable {
        package let name: String
        /// As it is meant; quotes and escapes are added when it is written.
        package let value: String
    }

    /// - Precondition: `name` is a name of capital letters, digits and hyphens: no name comes from outside.
    init(_ name: String, parameters: [Parameter] = [], encoded value: String) {
        precondition(name.isPropertyName, "\(name) cannot name a property")
        self.name = name
        self.parameters = parameters
        self.value = value
    }

    /// The same property with one parameter more.
    package func with(_ name: String, _ value: String) -> Property {
        precondition(name.isPropertyName, "\(name) cannot name a parameter")
        var copy = self
        copy.parameters.append(Parameter(name: name, value: value))
        return copy
    }
}

extension Property {
    /// Text that people read.
    package static func text(_ name: String, _ text: String) -> Property {
        Property(name, encoded: ValueText.text(text))
    }

    /// Several texts, divided by commas.
    package static func texts(_ name: String, _ texts: [String]) -> Property {
        Property(name, encoded: texts.map(ValueText.text).joined(separator: ","))
    }

    /// A word of the standard, such as `TRANSPARENT`.
    ///
    /// - Precondition: `word` is printable ASCII that needs no escape.
    package static func word(_ name: String, _ word: String) -> Property {
        precondition(ValueText.text(word) == word, "\(word) is not a word")
        return Property(name, encoded: word)
    }

    package static func integer(_ name: String, _ number: Int) -> Property {
        Property(name, encoded: String(number))
    }

    package static func uri(_ name: String, _ uri: String) -> Property {
        Property(name, encoded: ValueText.uri(uri))
    }

    package static func dateTime(_ name: String, _ time: UTCSeconds) -> Property {
        Property(name, encoded: ValueText.dateTime(time))
    }

    /// A time on the clock of a zone, which the calendar must define.
    package static func dateTime(_ name: String, _ time: CivilDateTime, zone: String) -> Property {
        Property(
            name, parameters: [Parameter(name: "TZID", value: zone)], encoded: ValueText.dateTime(time))
    }

    package static func date(_ name: String, _ date: CivilDate) -> Property {
        Property(
            name, parameters: [Parameter(name: "VALUE", value: "DATE")], encoded: ValueText.date(date))
    }

    package static func duration(_ name: String, seconds: Int) -> Property {
        Property(name, encoded: ValueText.duration(seconds: seconds))
    }

    /// A latitude and a longitude in degrees (3.8.1.6).
    package static func geo(latitude: Double, longitude: Double) -> Property {
        Property("GEO", encoded: ValueText.degrees(latitude) + ";" + ValueText.degrees(longitude))
    }
}

extension String {
    fileprivate var isPropertyName: Bool {
        !isEmpty
            && utf8.allSatisfy { byte in
                (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || byte == UInt8(ascii: "-")
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            }
    }
}
