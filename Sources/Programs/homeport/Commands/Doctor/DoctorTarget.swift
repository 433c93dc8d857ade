internal import FoundationEssentials
internal import TLSKit

/// The server that is looked at, as its clients find it.
struct DoctorTarget: Sendable {
    /// A scheme, a host and perhaps a port.
    let base: String
    let host: String
    let port: Int
    let isSecure: Bool
    /// All names that it answers under.
    let hosts: [String]
    /// Where those are sent to TLS who come without; nil where nobody is.
    let redirectPort: Int?

    /// By its address alone. Nil for a text that is no address of a server.
    init?(_ text: String) {
        guard let url = PublicURL(text), let parts = URL(string: url.text), let host = parts.host() else {
            return nil
        }
        base = url.text
        self.host = host
        isSecure = parts.scheme == "https"
        port = parts.port ?? (isSecure ? 443 : 80)
        hosts = [host]
        redirectPort = isSecure && parts.port == nil ? 80 : nil
    }

    /// As a configuration has it.
    init(_ values: Configuration) {
        let names = values.acme.names + values.hosts.registry + values.hosts.auth + values.hosts.calendar
        let secure = values.tls.listen.lazy.compactMap(\.address).first
        if let url = values.publicURL, let target = DoctorTarget(url.text) {
            (base, host, port, isSecure) = (target.base, target.host, target.port, target.isSecure)
        } else if let secure, let name = names.first {
            (host, port, isSecure) = (name.text, secure.port, true)
            base = "https://\(name)\(secure.port == 443 ? "" : ":\(secure.port)")"
        } else {
            let plain = values.listen.address ?? .standard
            let isAny = ["0.0.0.0", "::"].contains(plain.host)
            let here = ListenAddress(host: isAny ? "127.0.0.1" : plain.host, port: plain.port)
            (base, host, port, isSecure) = ("http://\(here)", here.host, here.port, false)
        }
        var hosts = [host]
        for name in names where !hosts.contains(name.text) { hosts.append(name.text) }
        self.hosts = hosts
        redirectPort =
            isSecure
            ? values.redirect.listen.lazy.compactMap(\.port).first ?? (values.tls.listen.isEmpty ? 80 : nil)
            : nil
    }

    /// Whether the host is a name, and not an address.
    var hasName: Bool { ListenAddress("\(host):1") != nil && host.utf8.contains { $0 > 0x39 } }
}
