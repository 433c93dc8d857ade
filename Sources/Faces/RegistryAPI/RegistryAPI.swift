package import Accounts
package import Audit
package import HTTPKit
import HTTPTypes
package import Hummingbird
import Logging
package import OCI
package import Registry

/// The registry as clients see it: `/v2/` of the OCI distribution spec, and what Docker adds to it.
///
/// It parses, asks whether the caller may, calls the registry and renders; what a request means is decided
/// elsewhere. The resources are in files of their own, in the order of the spec.
package struct RegistryAPI: Face {
    let registry: Registry
    let gate: Gate
    let limits: RegistryAPILimits
    /// Where pulls and refusals are noted; nil for nowhere.
    let audit: AuditRecorder?

    package init(
        registry: Registry, authorizer: any Authorizer, tokens: TokenSource,
        limits: RegistryAPILimits = RegistryAPILimits(), audit: AuditRecorder? = nil
    ) {
        self.registry = registry
        self.gate = Gate(authorizer: authorizer, tokens: tokens, audit: audit)
        self.limits = limits
        self.audit = audit
    }

    package func respond(to request: Request, context: HomeportContext) async throws -> Response? {
        let path = request.uri.path
        guard RegistryRoute.isRegistryPath(path) else { return nil }
        if limits.refusesOldClients, OldClients.holds(request.headers[.userAgent]) {
            RegistryMetrics.answered(.none, status: 404, duration: .zero)
            return .text(OldClients.sentence + "\n", status: .notFound).closingConnection()
        }
        let start = ContinuousClock.now
        var label = RouteLabel.none
        var response: Response
        do {
            guard let route = try Self.route(of: path, request.method) else {
                throw Failure(OCIError(.nameUnknown, "the distribution spec has no such path"))
            }
            label = route.label
            response = try await answer(route, request, context)
        } catch {
            response = try refusal(error, request, context)
        }
        response.headers[.dockerDistributionAPIVersion] = "registry/2.0"
        RegistryMetrics.answered(
            label, status: response.status.code, duration: ContinuousClock.now - start)
        return request.method == .head ? response.createHeadResponse() : response
    }

    /// The endpoint that a request is for. When it only reads, a tag that cannot be is one that is not there.
    private static func route(of path: String, _ method: HTTPRequest.Method) throws(OCIError)
        -> RegistryRoute?
    {
        do {
            return try RegistryRoute(path: path)
        } catch  where error.code == .tagInvalid && [.get, .head].contains(method) {
            throw OCIError(.manifestUnknown, error.detail)
        }
    }

    /// One line per endpoint, in the order of the spec's table.
    private func answer(_ route: RegistryRoute, _ request: Request, _ context: HomeportContext) async throws
        -> Response
    {
        switch (route, request.method) {
        case (.base, .get), (.base, .head):
            try await base(request, context)
        case (.blob(let name, let digest), .get), (.blob(let name, let digest), .head):
            try await pullBlob(digest, name, request, context)
        case (.manifest(let name, let reference), .get), (.manifest(let name, let reference), .head):
            try await pullManifest(reference, name, request, context)
        case (.uploads(let name), .post):
            try await beginUpload(name, request, context)
        case (.upload(let name, let id), .patch):
            try await appendToUpload(id, name, request, context)
        case (.upload(let name, let id), .put):
            try await finishUpload(id, name, request, context)
        case (.manifest(let name, let reference), .put):
            try await pushManifest(reference, name, request, context)
        case (.tags(let name), .get), (.tags(let name), .head):
            try await listTags(name, request, context)
        case (.manifest(let name, let reference), .delete):
            try await deleteManifest(reference, name, request, context)
        case (.blob(let name, let digest), .delete):
            try await deleteBlob(digest, name, request, context)
        case (.referrers(let name, let digest), .get), (.referrers(let name, let digest), .head):
            try await listReferrers(digest, name, request, context)
        case (.upload(let name, let id), .get), (.upload(let name, let id), .head):
            try await uploadStatus(id, name, request, context)
        case (.upload(let name, let id), .delete):
            try await cancelUpload(id, name, request, context)
        case (.catalog, .get), (.catalog, .head):
            try await listRepositories(request, context)
        default:
            throw Failure(
                OCIError(.unsupported, "\(request.method.rawValue) is not for this path"),
                headers: [.allow: route.methods])
        }
    }

    /// Makes a change, and notes it when what the operator has laid down forbids it. A change that is made
    /// is noted by the store.
    func noting<Value>(
        _ action: AuditAction, by account: String, on repository: RepositoryName,
        _ change: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await change()
        } catch let refusal as PolicyRefusal {
            audit?.note(action, .refused, by: account, of: repository.text, "\(refusal)")
            throw refusal
        }
    }

    /// Turns what was thrown into an answer. What the client may not know goes to the log; a body that nobody
    /// has read to its end is not read now either: the connection closes instead.
    private func refusal(_ error: any Error, _ request: Request, _ context: HomeportContext) throws
        -> Response
    {
        let failure = Failure(explaining: error)
        if failure == nil || failure?.status.kind == .serverError {
            Logger.current.error(
                "a request to the registry failed",
                metadata: ["error": "\(error)", "path": "\(request.uri.path)"])
        }
        var answer =
            failure ?? Failure(OCIError(.unknown, "something went wrong here; the operator's log has more"))
        if answer.status.kind == .serverError { answer.mention(request: context.id) }
        let response = try answer.response()
        return request.hasLargeBody ? response.closingConnection() : response
    }
}

/// What the face puts up with.
package struct RegistryAPILimits: Sendable {
    /// How many tags or repositories a page has at most, and when the client does not say.
    package var page: Int
    /// How many referrers a page has at most.
    package var referrersPage: Int
    /// The chunk size that is recommended to clients (`OCI-Chunk-Min-Length`), in bytes; smaller ones are
    /// taken too. 0 recommends none.
    package var chunkMinLength: Int
    /// The largest manifest, in bytes; at most `Manifest.sizeMax`.
    package var manifest: Int
    /// Whether Docker before 1.6 is told that it is too old, by a 404.
    package var refusesOldClients = true
    /// The path by which a trusted proxy finds the bytes of a blob, so that it sends them itself
    /// (`X-Accel-Redirect`); nil where it does not.
    package var handsOver: (@Sendable (Digest) -> String)?
    /// The address at which a client gets the bytes of a blob from where they lie, for a short while; nil where
    /// nobody is sent there.
    package var sendsTo: (@Sendable (Digest) -> String)?

    package init(
        page: Int = 10_000, referrersPage: Int = 1_000, chunkMinLength: Int = 64 << 10,
        manifest: Int = Manifest.sizeMax
    ) {
        self.page = page
        self.referrersPage = referrersPage
        self.chunkMinLength = chunkMinLength
        self.manifest = manifest
    }
}

extension RegistryRoute {
    /// What `Allow` says.
    var methods: String {
        switch self {
        case .base, .tags, .referrers, .catalog: "GET, HEAD"
        case .blob: "GET, HEAD, DELETE"
        case .manifest: "GET, HEAD, PUT, DELETE"
        case .uploads: "POST"
        case .upload: "GET, HEAD, PATCH, PUT, DELETE"
        }
    }
}

extension Request {
    /// `Content-Length` in bytes; nil without one.
    var contentLength: Int64? { headers[.contentLength].flatMap { Int64($0) } }

    /// Whether the request says that it has a body.
    var hasBody: Bool { contentLength.map { $0 > 0 } ?? (headers[.transferEncoding] != nil) }

    /// Whether the body is one that a refusal should not read to its end: long, or of unknown length.
    fileprivate var hasLargeBody: Bool {
        contentLength.map { $0 > 64 << 10 } ?? (headers[.transferEncoding] != nil)
    }
}
