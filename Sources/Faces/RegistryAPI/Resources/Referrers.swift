import Access
import Accounts
import Foundation
import HTTPKit
import HTTPTypes
import Hummingbird
import NIOCore
import NIOFoundationCompat
import OCI
import Registry

/// `/v2/<name>/referrers/<digest>` (end-12).
extension RegistryAPI {
    func listReferrers(
        _ digest: Digest, _ repository: RepositoryName, _ request: Request, _ context: HomeportContext
    ) async throws -> Response {
        let wish = Wish.pull(repository)
        let caller = try await gate.caller(request, context, wishing: wish)
        try await gate.require(wish, tags: [.unknown], of: caller, request, context)
        let query = Query(request.uri.query)
        let paging = try Paging(query, max: limits.referrersPage)
        let last = try query["last"].map { try Digest($0) }
        let type = query["artifactType"]
        let page = try await registry.referrers(
            of: digest, in: repository, artifactType: type.map { MediaType($0) }, after: last,
            limit: paging.limit)

        let list = ReferrersList(page.items)
        var headers: HTTPFields = [.contentType: MediaType.imageIndex.text]
        if type != nil { headers[.ociFiltersApplied] = "artifactType" }
        if list.isCut || page.hasMore, let end = list.last {
            headers[.link] = paging.link(
                "/v2/\(repository)/referrers/\(digest)", last: "\(end)",
                type.map { [("artifactType", $0)] } ?? [])
        }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: try list.bytes()))
    }
}

/// The image index in which referrers are listed (distribution-spec, "Listing Referrers"). It stays within
/// the size of a manifest: annotations are as long as somebody made them.
private struct ReferrersList: Encodable {
    private let schemaVersion = 2
    private let mediaType = MediaType.imageIndex.text
    private let manifests: [Entry]
    /// The digest of the last entry.
    let last: Digest?
    /// Whether not all fitted.
    let isCut: Bool

    init(_ descriptors: [Descriptor]) {
        var room = Manifest.sizeMax
        var fitting: [Descriptor] = []
        for descriptor in descriptors {
            room -= descriptor.estimatedSize
            // One always goes, so that a client that follows the links comes to an end.
            guard room > 0 || fitting.isEmpty else { break }
            fitting.append(descriptor)
        }
        self.manifests = fitting.map(Entry.init)
        self.last = fitting.last?.digest
        self.isCut = fitting.count < descriptors.count
    }

    private enum CodingKeys: String, CodingKey {
        case schemaVersion, mediaType, manifests
    }

    func bytes() throws -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return ByteBuffer(data: try encoder.encode(self))
    }

    private struct Entry: Encodable {
        let mediaType: String
        let digest: String
        let size: Int64
        let artifactType: String?
        let annotations: [String: String]?

        init(_ descriptor: Descriptor) {
            mediaType = descriptor.mediaType.text
            digest = "\(descriptor.digest)"
            size = descriptor.size
            artifactType = descriptor.artifactType?.text
            annotations = descriptor.annotations.isEmpty ? nil : descriptor.annotations
        }
    }
}

extension Descriptor {
    /// About how many bytes it takes in a list.
    fileprivate var estimatedSize: Int {
        annotations.reduce(320 + mediaType.text.utf8.count + (artifactType?.text.utf8.count ?? 0)) {
            $0 + $1.key.utf8.count + $1.value.utf8.count + 6
        }
    }
}
