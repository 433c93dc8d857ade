/// The name of a host as DNS has it: letters, digits and hyphens between dots, in lower case.
package struct HostName: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let text: String

    package var description: String { text }

    /// Nil for a text that is no host's name. A dot at the end is left away; an address is not a name.
    package init?(_ text: String) {
        let name = (text.hasSuffix(".") ? String(text.dropLast()) : text).lowercased()
        guard (1...253).contains(name.utf8.count) else { return nil }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.allSatisfy(Self.isLabel), !labels[labels.count - 1].utf8.allSatisfy(Self.isDigit) else {
            return nil
        }
        self.text = name
    }

    /// The name without its first label: `example.com` of `registry.example.com`.
    var parent: String? {
        guard let dot = text.firstIndex(of: ".") else { return nil }
        return String(text[text.index(after: dot)...])
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
            && label.utf8.allSatisfy {
                isDigit($0) || (97...122).contains($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
            }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    package static func < (left: HostName, right: HostName) -> Bool { left.text < right.text }
}

/// A name that a certificate is good for: a host, or every host one label below, `*.example.com`.
package struct CertificateName: Hashable, Sendable, CustomStringConvertible {
    let host: HostName
    let isWildcard: Bool

    package var description: String { isWildcard ? "*.\(host)" : host.text }

    package init?(_ text: String) {
        isWildcard = text.hasPrefix("*.")
        guard let host = HostName(isWildcard ? String(text.dropFirst(2)) : text) else { return nil }
        self.host = host
    }

    package init(_ host: HostName) {
        self.host = host
        isWildcard = false
    }

    /// Whether a certificate with this name is one for that host (RFC 9525, 6.3).
    package func matches(_ name: HostName) -> Bool {
        isWildcard ? name.parent == host.text : name == host
    }
}
