import Access
import Accounts
import Audit
import HTTPKit
import HTTPTypes
import Hummingbird
import NIOCore
import OCI
import Registry

/// `/v2/<name>/manifests/<tag-or-digest>`: pulling, pushing and deleting (end-3, end-7, end-9).
extension RegistryAPI {
    /// What is stored is served, whatever `Accept` says: a client that cannot read it says so better than we.
    func pullManifest(
        _ reference: Reference, _ repository: RepositoryName, _ request: Request, _ context: HomeportContext
    ) async throws -> Response {
        let wish = Wish.pull(repository)
        let caller = try await gate.caller(request, context, wishing: wish)
        let tag = TagContext.known(try await tags(behind: reference, repository))
        try await gate.require(wish, tags: [tag], of: caller, request, context)
        let manifest = try await registry.manifest(reference, in: repository)

        var headers: HTTPFields = [
            .contentType: manifest.mediaType.text, .dockerContentDigest: "\(manifest.digest)",
            .eTag: Conditions.entityTag(manifest.digest), .xContentTypeOptions: "nosniff",
        ]
        // The type is what somebody pushed. Should a browser take it for a page, the page may do nothing.
        if !manifest.mediaType.isKnownManifest {
            headers[.contentSecurityPolicy] = "default-src 'none'; sandbox"
        }
        if Conditions.clientHas(manifest.digest, request.headers) {
            RegistryMetrics.manifest(.unchanged)
            return .notModified(headers)
        }
        RegistryMetrics.manifest(.pulled)
        if request.method == .get {
            audit?.note(
                .pull, by: caller.account.text, of: repository.text,
                reference.isTag ? "\(reference) at \(manifest.digest)" : "\(manifest.digest)")
        }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: manifest.body))
    }

    func pushManifest(
        _ reference: Reference, _ repository: RepositoryName, _ request: Request, _ context: HomeportContext
    ) async throws -> Response {
        let wish = Wish.push(repository)
        let caller = try await gate.caller(request, context, wishing: wish)
        let tags = try furtherTags(reference, Query(request.uri.query))
        try await gate.require(wish, tags: contexts(reference, tags), of: caller, request, context)

        let bytes = try await manifestBytes(request)
        let contentType = request.headers[.contentType].map { MediaType(headerValue: $0) }
        // What curl says when it has not been told what it sends is no statement about a manifest.
        let stated = contentType == MediaType("application/x-www-form-urlencoded") ? nil : contentType
        let manifest = try Manifest(bytes, contentType: stated)
        let account = caller.account.text
        let digest = try await noting(.push, by: account, on: repository) {
            try await registry.push(manifest, as: reference, tags: tags, in: repository, by: account)
        }
        RegistryMetrics.manifest(.pushed)

        var headers: HTTPFields = [
            .location: "/v2/\(repository)/manifests/\(digest)", .dockerContentDigest: "\(digest)",
        ]
        if let subject = manifest.subject { headers[.ociSubject] = "\(subject.digest)" }
        if !tags.isEmpty { headers[.ociTag] = tags.map(\.text).joined(separator: ", ") }
        return Response(status: .created, headers: headers)
    }

    /// Deleting by tag takes the tag away, deleting by digest the manifest with every tag that points to it.
    /// So the latter needs the right for each tag that leads there.
    func deleteManifest(
        _ reference: Reference, _ repository: RepositoryName, _ request: Request, _ context: HomeportContext
    ) async throws -> Response {
        let wish = Wish.delete(repository)
        let caller = try await gate.caller(request, context, wishing: wish)
        let tags = try await tags(behind: reference, repository)
        let contexts: [TagContext] = tags.isEmpty ? [.known([])] : tags.map { .known([$0]) }
        try await gate.require(wish, tags: contexts, of: caller, request, context)
        let account = caller.account.text
        try await noting(.delete, by: account, on: repository) {
            switch reference {
            case .tag(let tag): try await registry.remove(tag, in: repository, by: account)
            case .digest(let digest):
                try await registry.remove(manifest: digest, in: repository, by: account)
            }
        }
        RegistryMetrics.manifest(.deleted)
        return Response(status: .accepted)
    }

    /// The tags by which rules judge a request for an existing manifest.
    private func tags(behind reference: Reference, _ repository: RepositoryName) async throws -> [String] {
        switch reference {
        case .tag(let tag): [tag.text]
        case .digest(let digest): try await registry.tags(leadingTo: digest, in: repository)
        }
    }

    /// The tags of a push by digest, `?tag=1.2&tag=latest`.
    private func furtherTags(_ reference: Reference, _ query: Query) throws -> [Tag] {
        guard case .digest = reference else { return [] }
        let texts = query.all("tag")
        guard texts.count <= registry.tagsPerPushMax else {
            throw TooManyTags(limit: registry.tagsPerPushMax)
        }
        return try texts.map { try Tag($0) }
    }

    /// Each tag that a push sets is judged for itself; a push without one may become anything's part.
    private func contexts(_ reference: Reference, _ tags: [Tag]) -> [TagContext] {
        switch reference {
        case .tag(let tag): [.known([tag.text])]
        case .digest: tags.isEmpty ? [.unknown] : tags.map { .known([$0.text]) }
        }
    }

    private func manifestBytes(_ request: Request) async throws -> [UInt8] {
        let body: ByteBuffer?
        do {
            body = try await request.bodyBytes(limit: limits.manifest)
        } catch {
            throw BodyInterrupted(cause: error)
        }
        guard let body else {
            throw Failure(
                OCIError(.sizeInvalid, "a manifest has at most \(limits.manifest) bytes here"),
                status: .contentTooLarge)
        }
        guard request.contentLength.map({ $0 == Int64(body.readableBytes) }) ?? true else {
            throw OCIError(.sizeInvalid, "the body is shorter than announced")
        }
        return Array(body.readableBytesView)
    }
}
