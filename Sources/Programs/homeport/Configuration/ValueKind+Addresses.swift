internal import FoundationEssentials

/// Where a server listens: `127.0.0.1:5000`, `[::1]:5000`, `registry.lan:5000`, or `:5000` for every address.
struct ListenAddress: Hashable, Sendable {
    let host: String
    /// 0 for any free port.
    let port: Int

    /// The registry's customary port, for this machine alone.
    static let standard = ListenAddress(host: "127.0.0.1", port: 5000)

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Nil for a text that is not of this form.
    init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        var host = text[..<colon]
        let digits = text[text.index(after: colon)...]
        if host.first == "[", host.last == "]" {
            host = host.dropFirst().dropLast()
            guard host.utf8.contains(UInt8(ascii: ":")) else { return nil }
        } else {
            guard !host.utf8.contains(UInt8(ascii: ":")) else { return nil }
        }
        let isPlain = host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }
        guard isPlain, digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        guard let port = Int(digits), port <= 65535 else { return nil }
        self.host = host.isEmpty ? "0.0.0.0" : String(host)
        self.port = port
    }
}

extension ListenAddress: CustomStringConvertible {
    var description: String {
        host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

extension ValueKind<ListenAddress> {
    static var listenAddress: Self {
        ValueKind(
            text: "an address and a port such as `127.0.0.1:5000`, `[::1]:5000` or `:5000`",
            parse: { text, _ throws(ValueProblem) in
                if let port = Int(text), (0...65535).contains(port) {
                    throw ValueProblem(
                        "`\(text)` has no address; write `127.0.0.1:\(port)`, or `:\(port)` for all")
                }
                return ListenAddress(text)
            },
            show: { $0.description })
    }
}

/// The address by which clients reach the server, `https://registry.example.com`: a scheme and a host, no
/// path.
struct PublicURL: Hashable, Sendable {
    /// Without a slash at its end.
    let text: String

    /// The port, where one is named.
    var port: Int? { URL(string: text)?.port }

    /// The host, and the port where it is not the scheme's own.
    var authority: String { String(text.drop { $0 != "/" }.drop { $0 == "/" }) }

    init?(_ text: String) {
        let trimmed = text.hasSuffix("/") ? String(text.dropLast()) : text
        guard
            let url = URL(string: trimmed), let scheme = url.scheme, ["http", "https"].contains(scheme),
            let host = url.host(), !host.isEmpty, url.path().isEmpty,
            url.query() == nil, url.fragment() == nil, url.user() == nil
        else { return nil }
        self.text = trimmed
    }
}

extension ValueKind<PublicURL> {
    static var publicURL: Self {
        ValueKind(
            text: "a scheme and a host such as `https://registry.example.com`",
            parse: { text, _ in PublicURL(text) },
            show: { $0.text })
    }
}
