import XMLKit

/// The answer to PROPFIND and REPORT (RFC 4918, 13): for each resource its properties.
struct MultiStatus {
    struct Resource {
        /// As the server wrote it: a path or a whole address.
        let href: String
        /// The properties the server has; those it does not have are left out.
        let properties: [XMLElement]

        func property(_ name: XMLElement.Name) -> XMLElement? { properties.first { $0.name == name } }
    }

    let resources: [Resource]
    /// Whether the server says that there is more than it tells (RFC 6578, 3.6).
    let isTruncated: Bool

    init(_ bytes: [UInt8]) throws(XMLProblem) {
        let root = try XMLReader.root(of: bytes)
        guard root.name == .dav("multistatus") else { throw XMLProblem("the answer is no multistatus") }
        var resources: [Resource] = []
        var isTruncated = false
        for response in root.all(.dav("response")) {
            guard let href = response.first(.dav("href")) else { continue }
            if Self.code(response.first(.dav("status"))) == 507 { isTruncated = true }
            let found = response.all(.dav("propstat")).filter { Self.code($0.first(.dav("status"))) == 200 }
            let properties = found.compactMap { $0.first(.dav("prop")) }.flatMap(\.children)
            resources.append(Resource(href: href.text.trimmed, properties: properties))
        }
        self.resources = resources
        self.isTruncated = isTruncated
    }

    /// The number of `HTTP/1.1 200 OK`.
    private static func code(_ status: XMLElement?) -> Int? {
        guard let words = status?.text.split(separator: " "), words.count > 1 else { return nil }
        return Int(words[1])
    }
}

extension String {
    /// Without white space at its ends.
    var trimmed: String {
        var text = self[...]
        while let first = text.unicodeScalars.first, first.properties.isWhitespace {
            text.unicodeScalars.removeFirst()
        }
        while let last = text.unicodeScalars.last, last.properties.isWhitespace {
            text.unicodeScalars.removeLast()
        }
        return String(text)
    }
}
