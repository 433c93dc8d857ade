import Access
import Accounts
import Audit
import HTTPKit
import HTTPTypes
import Hummingbird
import OCI
import Registry

/// `/v2/<name>/blobs/uploads/` and what it leads to: pushing blobs (end-4, end-5, end-6, end-11, end-13,
/// end-14).
extension RegistryAPI {
    /// Begins an upload, unless the blob can be mounted or comes with the request.
    func beginUpload(_ repository: RepositoryName, _ request: Request, _ context: HomeportContext)
        async throws
        -> Response
    {
        let wish = Wish.push(repository)
        let query = Query(request.uri.query)
        let source = query["mount"].flatMap { _ in query["from"].flatMap { try? RepositoryName($0) } }
        let sourceScopes = source.map { [Wish.pull($0).scope] } ?? []
        let caller = try await gate.caller(request, context, wishing: wish, beside: sourceScopes)
        try await gate.require(
            wish, tags: [.unknown], of: caller, request, context, beside: sourceScopes)
        return try await noting(.push, by: caller.account.text, on: repository) {
            try await begin(repository, query, caller, request, context)
        }
    }

    private func begin(
        _ repository: RepositoryName, _ query: Query, _ caller: Caller, _ request: Request,
        _ context: HomeportContext
    ) async throws -> Response {
        let mounted = try query["mount"].map { try Digest($0) }
        if let mounted, try await mount(mounted, in: repository, query["from"], caller, request, context) {
            RegistryMetrics.upload(.mounted)
            return stored(mounted, repository)
        }
        let digest = mounted == nil ? try query["digest"].map { try Digest($0) } : nil
        let algorithm = try query["digest-algorithm"].map(Self.algorithm(named:))
        let ticket = try await registry.beginUpload(
            in: repository, by: caller.account.text,
            algorithm: digest?.algorithm ?? algorithm ?? mounted?.algorithm ?? .sha256,
            size: digest == nil ? nil : request.contentLength)
        RegistryMetrics.upload(.begun)
        // A digest without a body announces a blob that is to come by PUT, unless it is the empty one.
        if let digest, request.hasBody || digest.isOfNothing {
            do {
                return try await finish(
                    ticket, as: digest, UploadChunk(length: request.contentLength), request)
            } catch {
                // The client has not been told of an upload, so nobody could go on with it. Should it be gone
                // already, or this fail, the sweep does the rest.
                try? await registry.cancelUpload(ticket)
                throw error
            }
        }
        var response = Response(status: .accepted, headers: headers(of: ticket, size: 0))
        if limits.chunkMinLength > 0 {
            response.headers[.ociChunkMinLength] = "\(limits.chunkMinLength)"
        }
        return response
    }

    /// Takes a chunk, or a stream to its end.
    func appendToUpload(
        _ id: String, _ repository: RepositoryName, _ request: Request, _ context: HomeportContext
    ) async throws -> Response {
        try await withTicket(id, repository, request, context) { ticket in
            let chunk = try Self.chunk(request)
            let progress = try await registry.append(request.body, chunk, to: ticket)
            RegistryMetrics.received(bytes: progress.received)
            return Response(status: .accepted, headers: headers(of: ticket, size: progress.size))
        }
    }

    /// Takes the rest, if there is any, and closes the upload.
    func finishUpload(
        _ id: String, _ repository: RepositoryName, _ request: Request, _ context: HomeportContext
    ) async throws -> Response {
        try await withTicket(id, repository, request, context) { ticket in
            guard let text = Query(request.uri.query)["digest"] else {
                throw OCIError(
                    .digestInvalid, "closing an upload needs ?digest=, the digest of the whole blob")
            }
            return try await finish(ticket, as: try Digest(text), try Self.chunk(request), request)
        }
    }

    func uploadStatus(
        _ id: String, _ repository: RepositoryName, _ request: Request, _ context: HomeportContext
    ) async throws -> Response {
        try await withTicket(id, repository, request, context) { ticket in
            .noContent(headers(of: ticket, size: try await registry.uploadSize(ticket)))
        }
    }

    func cancelUpload(
        _ id: String, _ repository: RepositoryName, _ request: Request, _ context: HomeportContext
    ) async throws -> Response {
        try await withTicket(id, repository, request, context) { ticket in
            try await registry.cancelUpload(ticket)
            RegistryMetrics.upload(.cancelled)
            return .noContent()
        }
    }

    private func finish(_ ticket: UploadTicket, as digest: Digest, _ chunk: UploadChunk, _ request: Request)
        async throws -> Response
    {
        let progress = try await registry.finishUpload(ticket, as: digest, request.body, chunk)
        RegistryMetrics.received(bytes: progress.received)
        RegistryMetrics.upload(.finished)
        return stored(digest, ticket.repository)
    }

    private func stored(_ digest: Digest, _ repository: RepositoryName) -> Response {
        Response(
            status: .created,
            headers: [
                .location: "/v2/\(repository)/blobs/\(digest)", .dockerContentDigest: "\(digest)",
            ])
    }

    private func headers(of ticket: UploadTicket, size: Int64) -> HTTPFields {
        [
            .location: "/v2/\(ticket.repository)/blobs/uploads/\(ticket.id)",
            .range: UploadRange.text(size: size), .dockerUploadUUID: "\(ticket.id)",
        ]
    }

    private static func chunk(_ request: Request) throws -> UploadChunk {
        UploadChunk(
            range: try request.headers[.contentRange].map { try ByteRange.uploaded($0) },
            length: request.contentLength)
    }

    private static func algorithm(named name: String) throws -> Digest.Algorithm {
        guard let algorithm = Digest.Algorithm(rawValue: name) else {
            throw OCIError(.digestInvalid, "unknown digest algorithm; this registry stores sha256 and sha512")
        }
        return algorithm
    }
}

// MARK: - Whose upload it is

extension RegistryAPI {
    /// Runs `body` for an upload of the caller's own.
    ///
    /// The right to push was asked for when the upload began; going on needs its account only. So a token
    /// that has ended meanwhile does, if it was ours and nothing else is wrong with it.
    private func withTicket(
        _ id: String, _ repository: RepositoryName, _ request: Request, _ context: HomeportContext,
        _ body: (UploadTicket) async throws -> Response
    ) async throws -> Response {
        let wish = Wish.push(repository)
        let account: AccountName
        /// What is answered when there is no such upload of this account.
        let unknown: any Error
        do {
            let caller = try await gate.named(request, context)
            account = caller.account
            unknown =
                caller.hasCredentials
                ? OCIError(
                    .blobUploadUnknown, "there is no such upload of this account: begin another with POST")
                : gate.challenge(request, context, scopes: [wish.scope], problem: nil)
        } catch {
            unknown = gate.failure(error, request, context, scopes: [wish.scope])
            guard case .invalidToken = error,
                let expired = try await gate.authorizer.sessionAccount(
                    authorization: request.headers[.authorization])
            else { throw unknown }
            account = expired
        }
        guard let id = UploadID(id[...]) else { throw unknown }
        let ticket = UploadTicket(id: id, repository: repository, account: account.text)
        do {
            return try await noting(.push, by: account.text, on: repository) { try await body(ticket) }
        } catch let error as OCIError where error.code == .blobUploadUnknown {
            throw unknown
        } catch let mismatch as UploadOffsetMismatch {
            throw Failure(
                OCIError(.blobUploadInvalid, mismatch.detail), status: .rangeNotSatisfiable,
                headers: headers(of: ticket, size: mismatch.size))
        }
    }
}

// MARK: - Mounting

extension RegistryAPI {
    /// Whether the blob could be mounted. Where it could not, for whatever reason, an upload begins instead,
    /// so that asking tells nothing about what other repositories hold.
    private func mount(
        _ digest: Digest, in repository: RepositoryName, _ from: String?, _ caller: Caller,
        _ request: Request, _ context: HomeportContext
    ) async throws -> Bool {
        guard let from else {
            // No scope can name repositories that the client does not know of, so the rules alone decide.
            return try await registry.mount(
                digest,
                fromAnyVisibleTo: { try await gate.mayDo(.pull($0), .unknown, caller.withoutGrants) },
                in: repository)
        }
        guard let source = try? RepositoryName(from) else { return false }
        let wish = Wish.pull(source)
        if try await gate.mayDo(wish, .unknown, caller) {
            return try await registry.mount(digest, from: source, in: repository)
        }
        if caller.grants != nil, try await gate.mayDo(wish, .unknown, caller.withoutGrants) {
            throw gate.challenge(
                request, context, scopes: [Wish.push(repository).scope, wish.scope],
                problem: .insufficientScope)
        }
        return false
    }
}
