package import Accounts
package import HTTPKit
import HTTPTypes
package import Hummingbird
import Logging
import OCI
package import Registry

/// The registry as clients see it: `/v2/` of the OCI distribution spec, and what Docker adds to it.
///
/// It parses, asks whether the caller may, calls the registry and renders; what a request means is decided
/// elsewhere. The resources are in files of their own, in the order of the spec.
package struct RegistryAPI: Face {
    let registry: Registry
    let gate: Gate
    let limits: RegistryAPILimits

    package init(
        registry: Registry, authorizer: any Authorizer, tokens: TokenSource,
        limits: RegistryAPILimits = RegistryAPILimits()
    ) {
        self.registry = registry
        self.gate = Gate(authorizer: authorizer, tokens: tokens)
        self.limits = limits
    }

    package func respond(to request: Request, context: HomeportContext) async throws -> Response? {
        let path = request.uri.path
        guard RegistryRoute.isRegistryPath(path) else { return nil }
        var label = RouteLabel.none
        var response: Response
        do {
            guard let route = try Self.route(of: request) else {
                throw Failure(OCIError(.nameUnknown, "the distribution spec has no such path"))
            }
            label = route.label
            response = try await answer(route, request, context)
        } catch {
            response = try refusal(error, request)
        }
        response.headers[.dockerDistributionAPIVersion] = "registry/2.0"
        RegistryMetrics.answered(label, status: response.status.code)
        return request.method == .head ? response.createHeadResponse() : response
    }

    /// The endpoint that a request is for. When it only reads, a tag that cannot be is one that is not there.
    private static func route(of request: Request) throws(OCIError) -> RegistryRoute? {
        do {
            return try RegistryRoute(path: request.uri.path)
        } catch  where error.code == .tagInvalid && [.get, .head].contains(request.method) {
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

    /// Turns what was thrown into an answer. What the client may not know goes to the log; a body that nobody
    /// has read to its end is not read now either: the connection closes instead.
    private func refusal(_ error: any Error, _ request: Request) throws -> Response {
        let failure = Failure(explaining: error)
        if failure == nil || failure?.status.kind == .serverError {
            Logger.current.error(
                "a request to the registry failed",
                metadata: ["error": "\(error)", "path": "\(request.uri.path)"])
        }
        let answer =
            failure ?? Failure(OCIError(.unknown, "something went wrong here; the operator's log has more"))
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

    package init(page: Int = 10_000, referrersPage: Int = 1_000, chunkMinLength: Int = 64 << 10) {
        self.page = page
        self.referrersPage = referrersPage
        self.chunkMinLength = chunkMinLength
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
