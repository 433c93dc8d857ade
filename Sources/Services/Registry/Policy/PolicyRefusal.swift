import Access
package import OCI
import ServerKit

/// Why what the operator has laid down forbids a change.
package enum PolicyRefusal: Error, Hashable, Sendable {
    /// So many bytes more do not fit.
    case overQuota(QuotaUse, needed: Int64)
    /// The tag points elsewhere and stays there.
    case tagIsPinned(Tag, in: RepositoryName, at: Digest)
    /// The tag stays, and with it what it leads to.
    case tagIsKept(Tag, in: RepositoryName)
}

extension PolicyRefusal: CustomStringConvertible {
    /// For the client: what stands against it, and what can be done.
    package var description: String {
        switch self {
        case .overQuota(let use, let needed):
            let state =
                "\(ByteText.rounded(use.used)) of \(ByteText.rounded(use.quota.limit)) are used, and this needs "
                + "\(ByteText.rounded(needed)) more"
            return "the quota of \(use.quota.repositories.text) is exhausted: \(state); "
                + "delete what is no longer needed, or ask the operator for more room"
        case .tagIsPinned(let tag, let repository, let digest):
            return "tag \(tag) of \(repository) is immutable and stays at \(digest): push under another tag"
        case .tagIsKept(let tag, let repository):
            return "tag \(tag) of \(repository) is immutable: neither it nor what it leads to can be removed"
        }
    }
}

/// What `body` returns; a refusal that comes out of a store is thrown as itself.
func unlessRefused<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
        return try await body()
    } catch let error as StoreError where error.kind == .refused {
        throw error.cause as? PolicyRefusal ?? error
    }
}
