import Foundation
package import HTTPTypes
package import HummingbirdCore
package import NIOCore
import NIOFoundationCompat

/// Small answers that every face gives.
extension Response {
    /// A value as JSON, with sorted keys, so that the same value is the same bytes.
    package static func json(
        _ value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return bytes(
            ByteBuffer(data: try encoder.encode(value)), type: "application/json", status: status,
            headers: headers)
    }

    /// Text that a person or a simple program reads.
    package static func text(
        _ text: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) -> Response {
        bytes(ByteBuffer(string: text), type: "text/plain; charset=utf-8", status: status, headers: headers)
    }

    private static func bytes(
        _ body: ByteBuffer, type: String, status: HTTPResponse.Status, headers: HTTPFields
    ) -> Response {
        var headers = headers
        if headers[.contentType] == nil { headers[.contentType] = type }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
    }

    /// Has the connection closed after this answer, so that the rest of a request that was refused is not
    /// read.
    package func closingConnection() -> Response {
        var response = self
        response.headers[.connection] = "close"
        return response
    }
}

extension Request {
    /// The whole body, up to `limit` bytes; nil when it is longer.
    package func bodyBytes(limit: Int) async throws -> ByteBuffer? {
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > limit { return nil }
        var whole = ByteBuffer()
        for try await piece in body {
            guard whole.readableBytes + piece.readableBytes <= limit else { return nil }
            whole.writeImmutableBuffer(piece)
        }
        return whole
    }
}
