import HTTPTypes
import OCI

/// Conditional requests (RFC 9110, section 13). The entity tag of a manifest or blob is its digest, quoted.
enum Conditions {
    static func entityTag(_ digest: Digest) -> String { "\"\(digest)\"" }

    /// Whether `If-None-Match` says that the client has this already.
    static func clientHas(_ digest: Digest, _ headers: HTTPFields) -> Bool {
        guard let header = headers[.ifNoneMatch] else { return false }
        let tag = entityTag(digest)
        return header.split(separator: ",").contains { item in
            let item = item.drop { $0 == " " || $0 == "\t" }
            let bare = item.hasPrefix("W/") ? item.dropFirst(2) : item
            let end =
                bare.lastIndex { $0 != " " && $0 != "\t" }.map { bare.index(after: $0) } ?? bare.startIndex
            return bare[..<end] == "*" || bare[..<end] == tag
        }
    }

    /// The range a request asks for. A range for another version of the content (`If-Range`) is none.
    static func range(_ headers: HTTPFields, of digest: Digest, size: Int64) -> ByteRange.Answer {
        if let condition = headers[.ifRange], condition != entityTag(digest) { return .whole }
        return ByteRange.requested(headers[.range], of: size)
    }
}

/// The `Range` header of an upload, `0-1023`: what the registry has of it.
enum UploadRange {
    /// Nothing is written `0-0` too: clients accept no empty range.
    static func text(size: Int64) -> String { "0-\(max(0, size - 1))" }
}
