/// An element of an XML document: its name, its text and the elements inside. Attributes are not kept: neither
/// WebDAV nor S3 says anything in them.
package struct XMLElement: Hashable, Sendable {
    /// A name in its namespace.
    package struct Name: Hashable, Sendable {
        package let namespace: String
        package let local: String

        package init(namespace: String, local: String) {
            self.namespace = namespace
            self.local = local
        }
    }

    package let name: Name
    /// All text directly inside.
    package var text = ""
    package var children: [XMLElement] = []

    package init(_ name: Name) { self.name = name }

    package func first(_ name: Name) -> XMLElement? { children.first { $0.name == name } }
    package func all(_ name: Name) -> [XMLElement] { children.filter { $0.name == name } }
}

/// Why a document cannot be read.
package struct XMLProblem: Error, Hashable {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Text as it stands between tags.
package func xmlEscaped(_ text: String) -> String {
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
