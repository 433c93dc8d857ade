import FoundationEssentials

/// JSON whose form is not ours: what a provider says of somebody.
enum JSONValue: Decodable, Sendable, Hashable {
    case object([String: JSONValue])
    case list([JSONValue])
    case text(String)
    case number(Double)
    case flag(Bool)
    case nothing

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .nothing
        } else if let flag = try? value.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([JSONValue].self) {
            self = .list(list)
        } else {
            self = .object(try value.decode([String: JSONValue].self))
        }
    }

    var text: String? { if case .text(let text) = self { text } else { nil } }
    var number: Double? { if case .number(let number) = self { number } else { nil } }
    var object: [String: JSONValue]? { if case .object(let object) = self { object } else { nil } }
    var list: [JSONValue]? { if case .list(let list) = self { list } else { nil } }
}

/// What is said of somebody: names and values.
struct Claims: Sendable, Hashable {
    var values: [String: JSONValue]

    init(_ values: [String: JSONValue] = [:]) { self.values = values }

    /// Reads an object; nil for anything else.
    init?(json bytes: [UInt8]) {
        guard let values = try? JSONDecoder().decode([String: JSONValue].self, from: Data(bytes)) else {
            return nil
        }
        self.values = values
    }

    /// A claim by its name, or by a path with dots where there is none of that name: `realm_access.roles`.
    subscript(name: String) -> JSONValue? {
        if let value = values[name] { return value }
        var value = JSONValue.object(values)
        for part in name.split(separator: ".") {
            guard let next = value.object?[String(part)] else { return nil }
            value = next
        }
        return value
    }

    func text(_ name: String) -> String? { self[name]?.text }

    /// The texts of a claim that is one text or a list of them; numbers and objects are left out.
    func texts(_ name: String) -> [String] {
        switch self[name] {
        case .text(let text): [text]
        case .list(let list): list.compactMap(\.text)
        default: []
        }
    }

    /// Others' claims beside these, which win.
    func adding(_ other: Claims) -> Claims { Claims(values.merging(other.values) { own, _ in own }) }
}
