import Crypto
import FoundationEssentials
import Glibc
import NIOCore
import ServerKit

/// Signatures of AWS, version 4: who asks, and that nothing of the question was changed on its way.
///
/// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
struct Signature {
    private static let algorithm = "AWS4-HMAC-SHA256"

    let keys: S3Settings.Keys
    let region: String
    let service: String
    /// `20150830T123600Z`.
    let moment: String

    init(keys: S3Settings.Keys, region: String, service: String = "s3", at date: Date) {
        self.keys = keys
        self.region = region
        self.service = service
        self.moment = Self.text(date)
    }

    /// What `Authorization` says of a request with these headers, all of which are signed.
    ///
    /// - Parameters:
    ///   - path: as it is sent.
    ///   - query: names and values before they are encoded.
    ///   - payload: the hash of the body in hex.
    func authorization(
        _ method: String, _ path: String, query: [(String, String)], headers: [(String, String)],
        payload: String
    ) -> String {
        let (signed, request) = Self.canonical(method, path, query, headers, payload)
        return "\(Self.algorithm) Credential=\(keys.access)/\(scope), SignedHeaders=\(signed), "
            + "Signature=\(sign(request))"
    }

    /// The query of an address that whoever has it may use for a while; `host` is all that it signs beside.
    func presigned(
        _ method: String, _ path: String, host: String, seconds: Int64, query: [(String, String)] = []
    ) -> String {
        var query = query
        query += [
            ("X-Amz-Algorithm", Self.algorithm), ("X-Amz-Credential", "\(keys.access)/\(scope)"),
            ("X-Amz-Date", moment), ("X-Amz-Expires", "\(seconds)"), ("X-Amz-SignedHeaders", "host"),
        ]
        if let token = keys.token { query.append(("X-Amz-Security-Token", token.revealed)) }
        let (_, request) = Self.canonical(method, path, query, [("host", host)], "UNSIGNED-PAYLOAD")
        return "\(URLText.query(query))&X-Amz-Signature=\(sign(request))"
    }

    private var day: Substring { moment.prefix(8) }
    private var scope: String { "\(day)/\(region)/\(service)/aws4_request" }

    /// The request as both sides write it down, and the names of the headers in it.
    static func canonical(
        _ method: String, _ path: String, _ query: [(String, String)], _ headers: [(String, String)],
        _ payload: String
    ) -> (signed: String, request: String) {
        let lines = headers.map { ($0.0.lowercased(), squeezed($0.1)) }.sorted { $0.0 < $1.0 }
        let signed = lines.map(\.0).joined(separator: ";")
        let request = [
            method, path, URLText.query(query), lines.map { "\($0.0):\($0.1)\n" }.joined(), signed, payload,
        ].joined(separator: "\n")
        return (signed, request)
    }

    private func sign(_ request: String) -> String {
        let text = "\(Self.algorithm)\n\(moment)\n\(scope)\n\(Self.hash(request.utf8))"
        var key = SymmetricKey(data: Array("AWS4\(keys.secret.revealed)".utf8))
        for part in [String(day), region, service, "aws4_request"] {
            let code = HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key)
            key = SymmetricKey(data: Array(code))
        }
        return HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key).hex
    }

    /// A header's value without spaces at its ends, and with one where there are several.
    private static func squeezed(_ text: String) -> String {
        text.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }

    static func hash(_ bytes: some Sequence<UInt8>) -> String { SHA256.hash(data: Array(bytes)).hex }

    static func hash(of bytes: ByteBuffer) -> String {
        bytes.withUnsafeReadableBytes {
            var hash = SHA256()
            hash.update(bufferPointer: $0)
            return hash.finalize().hex
        }
    }

    static func text(_ date: Date) -> String {
        var seconds = time_t(date.timeIntervalSince1970.rounded(.down))
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ number: CInt) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(parts.tm_year + 1900)\(two(parts.tm_mon + 1))\(two(parts.tm_mday))"
            + "T\(two(parts.tm_hour))\(two(parts.tm_min))\(two(parts.tm_sec))Z"
    }
}

/// Text as it stands in addresses.
enum URLText {
    static func encode(_ text: String, keepingSlashes: Bool = false) -> String {
        var encoded: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            if byte.isUnreserved || keepingSlashes && byte == UInt8(ascii: "/") {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// In the order in which it is signed.
    static func query(_ fields: [(String, String)]) -> String {
        fields.map { (encode($0.0), encode($0.1)) }.sorted { $0 < $1 }.map { "\($0.0)=\($0.1)" }
            .joined(separator: "&")
    }
}
