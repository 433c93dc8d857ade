import CalendarPeers
import Foundation

/// The schemas of Google's discovery document, to hold request bodies against: unknown fields, wrong types
/// and wrong formats are complaints.
struct DiscoverySchemas: Sendable {
    private let schemas: JSONValue

    init() throws {
        let path = Peers.recordings + "gcal/calendar.v3.json"
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: path])
        }
        self.schemas = try JSONValue.parse(bytes)["schemas"] ?? .null
    }

    /// What is wrong with a body of the kind `Event` or `Calendar`.
    func complaints(about value: JSONValue, as name: String) -> [String] {
        check(value, schemas[name] ?? .null, at: name)
    }

    private func check(_ value: JSONValue, _ schema: JSONValue, at path: String) -> [String] {
        if let reference = schema["$ref"]?.text { return check(value, schemas[reference] ?? .null, at: path) }
        switch (schema["type"]?.text, value) {
        case ("object", .object(let fields)): return checkFields(fields, schema, at: path)
        case ("array", .array(let items)):
            return items.enumerated().flatMap { check($1, schema["items"] ?? .null, at: "\(path)[\($0)]") }
        case ("string", .string(let text)): return checkFormat(text, schema["format"]?.text, at: path)
        case ("integer", .number(let number)):
            return number.rounded() == number ? [] : ["\(path) is no integer"]
        case ("boolean", .bool): return []
        case (let type, _): return ["\(path) is no \(type ?? "field")"]
        }
    }

    private func checkFields(_ fields: [String: JSONValue], _ schema: JSONValue, at path: String) -> [String]
    {
        fields.sorted { $0.key < $1.key }.flatMap { name, value in
            guard let inner = schema["properties"]?[name] ?? schema["additionalProperties"] else {
                return ["\(path) has no field \(name)"]
            }
            return check(value, inner, at: "\(path).\(name)")
        }
    }

    private func checkFormat(_ text: String, _ format: String?, at path: String) -> [String] {
        let isFine =
            switch format {
            case "date": text.wholeMatch(of: /\d{4}-\d\d-\d\d/) != nil
            case "date-time":
                text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?/) != nil
            default: true
            }
        return isFine ? [] : ["\(path) is no \(format ?? "")"]
    }
}
