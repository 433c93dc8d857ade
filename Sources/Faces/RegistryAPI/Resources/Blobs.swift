import Access
import Accounts
import Audit
import HTTPKit
import HTTPTypes
import Hummingbird
import NIOCore
import OCI
import Registry

/// `/v2/<name>/blobs/<digest>`: pulling, looking and deleting (end-2, end-10).
extension RegistryAPI {
    func pullBlob(
        _ digest: Digest, _ repository: RepositoryName, _ request: Request, _ context: HomeportContext
    ) async throws -> Response {
        let wish = Wish.pull(repository)
        let caller = try await gate.caller(request, context, wishing: wish)
        try await gate.require(wish, tags: [.unknown], of: caller, request, context)
        let size = try await registry.blobSize(digest, in: repository)
        var headers: HTTPFields = [
            .contentType: "application/octet-stream", .dockerContentDigest: "\(digest)",
            .eTag: Conditions.entityTag(digest), .acceptRanges: "bytes", .xContentTypeOptions: "nosniff",
        ]
        if Conditions.clientHas(digest, request.headers) { return .notModified(headers) }

        if let path = limits.handsOver, context.isByProxy, request.method != .head {
            // Opened, so that what is missing or damaged is not handed over. Parts are the proxy's own.
            _ = try await registry.openBlob(digest, in: repository)
            RegistryMetrics.sent(bytes: size)
            headers[HTTPField.Name("X-Accel-Redirect")!] = path(digest)
            return Response(status: .ok, headers: headers)
        }

        if let address = limits.sendsTo, request.method == .get {
            _ = try await registry.openBlob(digest, in: repository)
            headers[.location] = address(digest)
            // Nobody is to remember an address that ends soon.
            headers[.cacheControl] = "no-store"
            headers[.contentType] = nil
            return Response(status: .temporaryRedirect, headers: headers)
        }

        switch Conditions.range(request.headers, of: digest, size: size) {
        case .whole:
            return try await send(digest, repository, 0..<size, .ok, headers, request, context)
        case .part(let range):
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
            return try await send(digest, repository, range, .partialContent, headers, request, context)
        case .unsatisfiable:
            throw Failure(
                OCIError(
                    .sizeInvalid, "the blob has \(size) bytes, and the range asked for has none of them"),
                status: .rangeNotSatisfiable, headers: [.contentRange: "bytes */\(size)"])
        }
    }

    func deleteBlob(
        _ digest: Digest, _ repository: RepositoryName, _ request: Request, _ context: HomeportContext
    ) async throws -> Response {
        let wish = Wish.delete(repository)
        let caller = try await gate.caller(request, context, wishing: wish)
        try await gate.require(wish, tags: [.unknown], of: caller, request, context)
        let account = caller.account.text
        try await noting(.delete, by: account, on: repository) {
            try await registry.remove(blob: digest, in: repository, by: account)
        }
        return Response(status: .accepted)
    }

    private func send(
        _ digest: Digest, _ repository: RepositoryName, _ range: Range<Int64>, _ status: HTTPResponse.Status,
        _ headers: HTTPFields, _ request: Request, _ context: HomeportContext
    ) async throws -> Response {
        guard request.method != .head else {
            var headers = headers
            headers[.contentLength] = "\(range.upperBound - range.lowerBound)"
            return Response(status: status, headers: headers)
        }
        let blob = try await registry.openBlob(digest, in: repository)
        let body = FileBody.make(BlobSource(blob), range: range, context: context) { sent in
            RegistryMetrics.sent(bytes: sent)
        }
        return Response(status: status, headers: headers, body: body)
    }
}

/// A stored blob as something that can be sent.
private final class BlobSource: FileSource {
    private let blob: any StoredBlob

    init(_ blob: any StoredBlob) { self.blob = blob }

    var fileDescriptor: CInt? { blob.fileDescriptor }

    func read(at offset: Int64, count: Int) async throws -> ByteBuffer {
        try await blob.read(at: offset, count: count)
    }
}

extension Response {
    /// 304: the client has it already.
    static func notModified(_ headers: HTTPFields) -> Response {
        var response = Response(status: .notModified, headers: headers)
        response.headers[.contentLength] = nil
        return response
    }

    /// 204: there is nothing to say but the headers.
    static func noContent(_ headers: HTTPFields = [:]) -> Response {
        var response = Response(status: .noContent, headers: headers)
        response.headers[.contentLength] = nil
        return response
    }
}
