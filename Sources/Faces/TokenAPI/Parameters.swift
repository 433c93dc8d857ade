/// The fields of a query or a form, decoded (URL Standard, "application/x-www-form-urlencoded").
struct Parameters: Sendable {
    private static let countMax = 200
    private let fields: [(name: String, value: String)]

    init(urlEncoded text: String) throws(TokenProblem) {
        var fields: [(name: String, value: String)] = []
        for field in text.utf8.split(separator: UInt8(ascii: "&")) {
            guard fields.count < Self.countMax else { throw .invalidRequest("there are too many parameters") }
            let equals = field.firstIndex(of: UInt8(ascii: "=")) ?? field.endIndex
            guard let name = Self.decoded(field[..<equals]),
                let value = Self.decoded(field[equals...].dropFirst())
            else { throw .invalidRequest("a parameter is not percent-encoded UTF-8") }
            fields.append((name, value))
        }
        self.fields = fields
    }

    /// All values of a parameter, in the order they came.
    func all(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

    /// The value of a parameter that comes once (RFC 6749, section 3.2); nil when it is missing or empty.
    func one(_ name: String) throws(TokenProblem) -> String? {
        let values = all(name)
        guard values.count <= 1 else { throw .invalidRequest("the parameter \(name) comes more than once") }
        return values.first.flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func decoded(_ text: Substring.UTF8View.SubSequence) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var rest = text[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(hexValue),
                    let low = rest.popFirst().flatMap(hexValue)
                else { return nil }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
