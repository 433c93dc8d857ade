package import HTTPTypes
import NIOCore
package import ServerKit

/// Who the client is, and how it came, when there may be proxies on the way.
package struct ClientAddress: Sendable, Hashable {
    /// Without a port; nil on a unix socket without a proxy.
    package var address: String?
    package var isSecure: Bool
    /// The host that the client named; empty when it named none.
    package var authority: String

    /// Believes forwarding headers only from trusted proxies, and walks them from the nearest hop on: the
    /// first hop that is not a trusted proxy is the client. A unix socket's peer counts as trusted when any
    /// proxy is.
    package init(
        peer: String?, isSecure: Bool, authority: String, headers: HTTPFields, trusted: [AddressRange]
    ) {
        self.address = peer
        self.isSecure = isSecure
        self.authority = authority
        guard !trusted.isEmpty, peer.map({ Self.isTrusted($0, trusted) }) ?? true else { return }

        let hops = Self.hops(headers)
        for hop in hops.reversed() {
            guard let bare = Self.bareAddress(hop) else { break }
            address = bare
            guard Self.isTrusted(bare, trusted) else { break }
        }
        if let scheme = headers[.xForwardedProto] ?? Self.parameter("proto", in: headers[.forwarded]) {
            self.isSecure = scheme.lowercased() == "https"
        }
        if let host = headers[.xForwardedHost] ?? Self.parameter("host", in: headers[.forwarded]),
            Self.isPlainHost(host)
        {
            self.authority = host
        }
    }

    private static func isTrusted(_ address: String, _ trusted: [AddressRange]) -> Bool {
        trusted.contains { $0.contains(address) }
    }

    /// The hops as the headers name them, the client's end first. `Forwarded` (RFC 7239) wins over the older
    /// header. A hop that is not named is one all the same, so that nobody passes for the client who stands before it.
    private static func hops(_ headers: HTTPFields) -> [String] {
        if let forwarded = headers[.forwarded] {
            return forwarded.split(separator: ",").map { parameter("for", in: String($0)) ?? "" }
        }
        return (headers[.xForwardedFor] ?? "").split(separator: ",").map(trimmed)
    }

    /// The value of one parameter of the last element of a `Forwarded` header.
    private static func parameter(_ name: String, in header: String?) -> String? {
        guard let element = header?.split(separator: ",").last else { return nil }
        for pair in element.split(separator: ";") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, trimmed(parts[0]).lowercased() == name else { continue }
            let value = trimmed(parts[1])
            return value.hasPrefix("\"") && value.hasSuffix("\"")
                ? String(value.dropFirst().dropLast()) : value
        }
        return nil
    }

    /// An address without its port: `192.0.2.7:4711`, `[2001:db8::1]:4711` and both without a port. Nil for a
    /// name that hides the address (`unknown`, `_hidden`).
    static func bareAddress(_ hop: String) -> String? {
        var text = Substring(hop)
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            text = text[text.index(after: text.startIndex)..<end]
        } else if text.utf8.filter({ $0 == UInt8(ascii: ":") }).count == 1,
            let colon = text.firstIndex(of: ":")
        {
            text = text[..<colon]
        }
        guard (try? SocketAddress(ipAddress: String(text), port: 0)) != nil else { return nil }
        return String(text)
    }

    private static func isPlainHost(_ host: String) -> Bool {
        !host.isEmpty && host.utf8.count <= 255
            && host.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                    || [
                        UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: "["),
                        UInt8(ascii: "]"),
                    ]
                    .contains($0)
            }
    }

    static func trimmed(_ text: some StringProtocol) -> String {
        String(text.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}

extension HTTPField.Name {
    fileprivate static let forwarded = Self("Forwarded")!
    fileprivate static let xForwardedFor = Self("X-Forwarded-For")!
    fileprivate static let xForwardedProto = Self("X-Forwarded-Proto")!
    fileprivate static let xForwardedHost = Self("X-Forwarded-Host")!
}
