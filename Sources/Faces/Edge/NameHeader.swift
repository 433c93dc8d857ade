import HTTPKit
import HTTPTypes
package import ServerKit

/// A header in which proxies say who the caller is; from nobody else does it count for anything.
package struct NameHeader: Sendable {
    private let name: HTTPField.Name
    /// A header with the caller's groups, commas between.
    private let groups: HTTPField.Name?
    private let senders: [AddressRange]
    private let trustsSockets: Bool

    private static let groupsMax = 1000

    /// Nil for texts that are no names of headers.
    ///
    /// - Parameters:
    ///   - senders: who is believed.
    ///   - trustsSockets: whether whoever may write to a unix socket is believed, too.
    package init?(_ name: String, groups: String?, senders: [AddressRange], trustsSockets: Bool) {
        guard let field = HTTPField.Name(name) else { return nil }
        self.name = field
        self.groups = groups.flatMap { HTTPField.Name($0) }
        guard (groups == nil) == (self.groups == nil) else { return nil }
        self.senders = senders
        self.trustsSockets = trustsSockets
    }

    /// - Parameter peer: who has made the connection, and not whom they say that they speak for.
    func believes(_ peer: String?) -> Bool {
        guard let peer else { return trustsSockets }
        return senders.contains { $0.contains(peer) }
    }

    /// What somebody who is believed says; nil when they name nobody.
    func introduction(in headers: HTTPFields) -> Introduction? {
        let names = headers[values: name]
        // A proxy that adds its header to the client's says nothing that could be relied on.
        guard names.count <= 1 else {
            return Introduction(.header, .unusable("the proxy sends \(name) more than once"))
        }
        guard let first = names.first else { return nil }
        let text = ClientAddress.trimmed(first)
        guard !text.isEmpty else { return nil }
        let lists = groups.map { headers[values: $0] } ?? []
        guard lists.count <= 1 else {
            return Introduction(.header, .unusable("the proxy sends \(groups?.rawName ?? "") more than once"))
        }
        let values = (lists.first ?? "").split(separator: ",").map { ClientAddress.trimmed($0) }
        guard values.count <= Self.groupsMax else {
            return Introduction(.header, .unusable("the proxy names more than \(Self.groupsMax) groups"))
        }
        return Introduction(.header, .name(text, groups: values.filter { !$0.isEmpty }))
    }
}
