/// An element of an XML document: its name, its text and the elements inside. Attributes are not kept, for
/// WebDAV says nothing in them.
struct XMLElement: Hashable, Sendable {
    /// A name in its namespace.
    struct Name: Hashable, Sendable {
        let namespace: String
        let local: String

        static func dav(_ local: String) -> Name { Name(namespace: "DAV:", local: local) }
        static func calDAV(_ local: String) -> Name {
            Name(namespace: "urn:ietf:params:xml:ns:caldav", local: local)
        }
    }

    let name: Name
    /// All text directly inside.
    var text = ""
    var children: [XMLElement] = []

    init(_ name: Name) { self.name = name }

    func first(_ name: Name) -> XMLElement? { children.first { $0.name == name } }
    func all(_ name: Name) -> [XMLElement] { children.filter { $0.name == name } }
}

/// Why a document cannot be read.
struct XMLProblem: Error, Hashable {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Text as it stands between tags.
func xmlEscaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\t", "\n", "\r": result.unicodeScalars.append(scalar)
        default: if scalar.value >= 0x20 { result.unicodeScalars.append(scalar) }
        }
    }
    return result
}
