import FoundationEssentials

/// Where a CalDAV server is, and which other addresses its answers may lead to.
///
/// Credentials are sent to what the operator wrote, to the same host, and over TLS to its siblings under the
/// same parent domain, for some services keep each person's calendars on a host of their own. Never in the
/// clear to another machine than the one named.
struct DAVAddress: Hashable, Sendable, CustomStringConvertible {
    private let url: URL

    /// A whole address, or nil when it is none for HTTP or holds credentials.
    init?(_ text: String) {
        guard
            let url = URL(string: text), let scheme = url.scheme?.lowercased(),
            scheme == "https" || scheme == "http",
            let host = url.host(), !host.isEmpty, url.user() == nil, url.password() == nil,
            url.query() == nil,
            url.fragment() == nil
        else { return nil }
        self.url = url
    }

    var description: String { url.absoluteString }

    /// As a collection, with a slash at its end.
    var asCollection: DAVAddress {
        description.hasSuffix("/") ? self : DAVAddress(description + "/") ?? self
    }

    func appending(_ name: String) -> DAVAddress? { DAVAddress(asCollection.description + name) }

    /// Where an answer from here leads to, or nil when it may not lead there.
    func following(_ reference: String) -> DAVAddress? {
        guard
            let target = URL(string: reference, relativeTo: url)?.absoluteURL,
            let address = DAVAddress(target.absoluteString)
        else { return nil }
        return mayTrust(address) ? address : nil
    }

    private func mayTrust(_ other: DAVAddress) -> Bool {
        if origin == other.origin { return true }
        guard
            url.scheme?.lowercased() == "https", other.url.scheme?.lowercased() == "https",
            let mine = url.host()?.lowercased(), let theirs = other.url.host()?.lowercased(),
            let dot = mine.firstIndex(of: ".")
        else { return false }
        let parent = mine[mine.index(after: dot)...]
        // A parent of one label is a whole country, and an address of digits has none.
        guard parent.contains("."), parent.contains(where: \.isLetter) else { return false }
        return theirs == parent || theirs.hasSuffix("." + parent)
    }

    private var origin: String {
        let scheme = url.scheme?.lowercased() ?? ""
        let port = url.port ?? (scheme == "https" ? 443 : 80)
        return "\(scheme)://\(url.host()?.lowercased() ?? ""):\(port)"
    }
}
