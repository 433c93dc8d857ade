package import HTTPTypes
package import ServerKit

/// A header in which whoever stands in front names the client: a list of addresses, and which of them counts.
///
/// `Forwarded` and `X-Forwarded-For` need none of this, they are walked hop by hop (`trustedProxies`). It is for
/// set-ups that were told a place in the list.
package struct AddressHeader: Sendable, Hashable {
    package let name: HTTPField.Name
    /// Counted from the front from 0 on, or from the end with -1 for the last; one before the front is the first.
    package let position: Int
    /// Who may say so; nil for everybody.
    package let trusted: [AddressRange]?

    /// Nil for a text that is no name of a header.
    package init?(_ text: String, position: Int, trusted: [AddressRange]?) {
        guard let name = HTTPField.Name(text) else { return nil }
        self.name = name
        self.position = position
        self.trusted = trusted
    }

    /// The client's address: what the header says or, from somebody who may not say so, the peer's own. Nil when
    /// the header is needed and does not say it.
    func address(in headers: HTTPFields, peer: String?) -> String? {
        if let trusted, let peer, !trusted.contains(where: { $0.contains(peer) }) { return peer }
        let hops = headers[values: name].flatMap {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
        let place = position < 0 ? max(0, hops.count + position) : position
        guard place < hops.count else { return nil }
        return ClientAddress.bareAddress(ClientAddress.trimmed(hops[place]))
    }
}
