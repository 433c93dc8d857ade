/// One line of a calendar before it is folded: `DTSTART;TZID=Europe/Berlin:20260329T060000`.
///
/// It is made by the kind of its value, so that what comes from people is escaped as that kind demands.
package struct Property: Hashable, Sendable {
    package let name: String
    package private(set) var parameters: [Parameter]
    let value: Value

    /// `;NAME=VALUE` of a property (RFC 5545, 3.2).
    package struct Parameter: Hashable, Sendable {
        package let name: String
        /// As it is meant; quotes and escapes are added when it is written.
        package let value: String
    }

    /// What it says, as it is meant; how each kind is written is in `ValueText`.
    enum Value: Hashable, Sendable {
        case text(String)
        case texts([String])
        case word(String)
        case integer(Int)
        case uri(String)
        case moment(UTCSeconds)
        case clock(CivilDateTime)
        case date(CivilDate)
        case duration(seconds: Int)
        case offset(seconds: Int)
        case position(latitude: Double, longitude: Double)
    }

    /// - Precondition: `name` is a name of capital letters, digits and hyphens: no name comes from outside.
    init(_ name: String, parameters: [Parameter] = [], _ value: Value) {
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

    /// The value as it stands in the line, escaped.
    package var encoded: String {
        var text = ValueText()
        text.append(value)
        return String(decoding: text.bytes, as: UTF8.self)
    }
}

extension Property {
    /// Text that people read.
    package static func text(_ name: String, _ text: String) -> Property { Property(name, .text(text)) }

    /// Several texts, divided by commas.
    package static func texts(_ name: String, _ texts: [String]) -> Property { Property(name, .texts(texts)) }

    /// A word of the standard, such as `TRANSPARENT`.
    ///
    /// - Precondition: `word` is printable ASCII that needs no escape.
    package static func word(_ name: String, _ word: String) -> Property {
        precondition(word.utf8.allSatisfy { $0.isPlainInText }, "\(word) is not a word")
        return Property(name, .word(word))
    }

    package static func integer(_ name: String, _ number: Int) -> Property {
        Property(name, .integer(number))
    }

    package static func uri(_ name: String, _ uri: String) -> Property { Property(name, .uri(uri)) }

    package static func dateTime(_ name: String, _ time: UTCSeconds) -> Property {
        Property(name, .moment(time))
    }

    /// A time on the clock of a zone, which the calendar must define.
    package static func dateTime(_ name: String, _ time: CivilDateTime, zone: String) -> Property {
        Property(name, parameters: [Parameter(name: "TZID", value: zone)], .clock(time))
    }

    /// A time on a clock that is clear without a zone.
    static func dateTime(_ name: String, _ time: CivilDateTime) -> Property { Property(name, .clock(time)) }

    package static func date(_ name: String, _ date: CivilDate) -> Property {
        Property(name, parameters: [Parameter(name: "VALUE", value: "DATE")], .date(date))
    }

    package static func duration(_ name: String, seconds: Int) -> Property {
        Property(name, .duration(seconds: seconds))
    }

    /// How far a clock is east of Greenwich.
    static func offset(_ name: String, seconds: Int) -> Property { Property(name, .offset(seconds: seconds)) }

    /// A latitude and a longitude in degrees (3.8.1.6).
    package static func geo(latitude: Double, longitude: Double) -> Property {
        Property("GEO", .position(latitude: latitude, longitude: longitude))
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
