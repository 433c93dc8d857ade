package import Foundation
package import HTTPTypes
package import HummingbirdCore
import NIOCore

/// A document that is answered many times: its bytes, plain and compressed, and everything that is said of
/// them are made once.
///
/// Answers GET and HEAD with 200, or 304 when the client has it already (RFC 9110, 13). The marks are strong:
/// plain and compressed bytes have different ones.
package struct PreparedAnswer: Sendable {
    private struct Form: Sendable {
        let tag: String
        let body: ByteBuffer
        let headers: HTTPFields
        let unchanged: HTTPFields
    }

    private let plain: Form
    private let compressed: Form?
    private let modified: String

    /// - Parameters:
    ///   - mark: differs when the bytes differ; letters and digits. Made from the bytes when it is left out.
    ///   - modified: when they last changed.
    ///   - cacheControl: who may keep it and how long.
    package init(
        bytes: [UInt8], type: String, mark: String? = nil, modified: Date, cacheControl: String,
        headers: HTTPFields = [:]
    ) {
        let mark = mark ?? Self.mark(of: bytes)
        precondition(mark.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") })
        let modified = HTTPDate.text(modified)
        func form(_ body: [UInt8], _ tag: String, encoding: String?) -> Form {
            var unchanged = headers
            unchanged[.eTag] = tag
            unchanged[.lastModified] = modified
            unchanged[.cacheControl] = cacheControl
            unchanged[.vary] = "Accept-Encoding"
            var full = unchanged
            full[.contentType] = type
            full[.contentLength] = String(body.count)
            full[.contentEncoding] = encoding
            return Form(tag: tag, body: ByteBuffer(bytes: body), headers: full, unchanged: unchanged)
        }
        self.modified = modified
        self.plain = form(bytes, "\"\(mark)\"", encoding: nil)
        self.compressed = Gzip.compressed(bytes).map { form($0, "\"\(mark)-gzip\"", encoding: "gzip") }
    }

    /// FNV-1a, 64 bits: enough to tell versions of one document apart.
    private static func mark(of bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return String(hash, radix: 16) + String(bytes.count, radix: 16)
    }

    /// The answer to a request of any method.
    package func response(to request: Request) -> Response {
        guard request.method == .get || request.method == .head else {
            return .text("GET or HEAD\n", status: .methodNotAllowed, headers: [.allow: "GET, HEAD"])
        }
        let form = compressed.flatMap { request.headers.acceptsGzip ? $0 : nil } ?? plain
        if isKnown(to: request) { return Response(status: .notModified, headers: form.unchanged) }
        if request.method == .head { return Response(status: .ok, headers: form.headers) }
        return Response(status: .ok, headers: form.headers, body: ResponseBody(byteBuffer: form.body))
    }

    /// Whether the client has it: by its mark, in either form; else by the time (RFC 9110, 13.1.2 and
    /// 13.1.3).
    private func isKnown(to request: Request) -> Bool {
        if let marks = request.headers[.ifNoneMatch] {
            return marks.split(separator: ",").contains { part in
                var mark = part.drop { $0 == " " || $0 == "\t" }
                while mark.last == " " || mark.last == "\t" { mark.removeLast() }
                if mark.hasPrefix("W/") { mark = mark.dropFirst(2) }
                return mark == plain.tag || mark == "*" || compressed.map { mark == $0.tag } == true
            }
        }
        guard let since = request.headers[.ifModifiedSince] else { return false }
        if since == modified { return true }
        guard let asked = HTTPDate.seconds(since), let own = HTTPDate.seconds(modified) else { return false }
        return own <= asked
    }
}

extension HTTPFields {
    /// Whether `gzip` is welcome: named, and not with a weight of nothing (RFC 9110, 12.5.3).
    fileprivate var acceptsGzip: Bool {
        guard let codings = self[.acceptEncoding] else { return false }
        return codings.split(separator: ",").contains { part in
            let words = part.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            guard let coding = words.first, coding == "gzip" || coding == "x-gzip" else { return false }
            let weight = words.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) }
            return weight ?? 1 > 0
        }
    }
}
