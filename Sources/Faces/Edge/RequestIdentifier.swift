import HTTPTypes
import ServerKit

/// The identifier of a request that a proxy has given it already, so that both logs name it alike.
enum RequestIdentifier {
    /// The longest that is taken over, in bytes.
    static let lengthMax = 128

    /// The identifier in the header, if the peer is a trusted proxy and it is one plain word; from everybody
    /// else it would be a way to write into the log.
    static func given(_ headers: HTTPFields, by peer: String?, trusted: [AddressRange]) -> String? {
        guard !trusted.isEmpty, let text = headers[.xRequestID], isPlain(text) else { return nil }
        guard peer.map({ peer in trusted.contains { $0.contains(peer) } }) ?? true else { return nil }
        return text
    }

    private static func isPlain(_ text: String) -> Bool {
        (1...lengthMax).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                    || "-_.:+/=@".utf8.contains($0)
            }
    }
}
