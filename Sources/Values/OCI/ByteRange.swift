/// A range of bytes that a client asks for or sends.
package enum ByteRange {
    /// What a `Range` header asks of a body of `size` bytes (RFC 9110, section 14).
    package enum Answer: Hashable, Sendable {
        /// No usable range: the whole body, status 200.
        case whole
        /// One range, status 206.
        case part(Range<Int64>)
        /// A range outside the body, status 416.
        case unsatisfiable
    }

    /// Reads a `Range` header. Units other than bytes, several ranges and anything malformed are ignored, as
    /// the RFC allows; one range that no byte of the body satisfies is not. One that ends before it begins
    /// (`500-0`) counts among the latter: a client that asks so is wrong and should hear it.
    package static func requested(_ header: String?, of size: Int64) -> Answer {
        guard let header, header.utf8.count > 6, header.prefix(6).lowercased() == "bytes=" else {
            return .whole
        }
        let spec = header.utf8.dropFirst(6)
        guard !spec.contains(UInt8(ascii: ",")), let dash = spec.firstIndex(of: UInt8(ascii: "-")) else {
            return .whole
        }
        let (left, right) = (spec[..<dash], spec[spec.index(after: dash)...])
        if left.isEmpty { return suffix(right, of: size) }
        guard let first = number(left) else { return .whole }
        guard !right.isEmpty else { return first < size ? .part(first..<size) : .unsatisfiable }
        guard let last = number(right) else { return .whole }
        return first < size && first <= last ? .part(first..<min(last, size - 1) + 1) : .unsatisfiable
    }

    private static func suffix(_ text: Substring.UTF8View, of size: Int64) -> Answer {
        guard let count = number(text) else { return .whole }
        return count > 0 && size > 0 ? .part(max(0, size - count)..<size) : .unsatisfiable
    }

    /// Reads a `Content-Range: <first>-<last>` of a chunked upload (distribution-spec, "Pushing a blob in
    /// chunks"). The form of RFC 9110, `bytes 0-9/*`, is read too.
    package static func uploaded(_ header: String) throws(OCIError) -> Range<Int64> {
        var text = header.utf8[...]
        if header.hasPrefix("bytes ") { text = text.dropFirst(6) }
        text = text[..<(text.firstIndex(of: UInt8(ascii: "/")) ?? text.endIndex)]
        guard
            let dash = text.firstIndex(of: UInt8(ascii: "-")), let first = number(text[..<dash]),
            let last = number(text[text.index(after: dash)...]), first <= last, last < .max
        else {
            throw OCIError(.blobUploadInvalid, "Content-Range is written FIRST-LAST, such as 0-1023")
        }
        return first..<last + 1
    }

    /// Decimal digits only, at most 18 of them.
    private static func number(_ text: Substring.UTF8View) -> Int64? {
        guard (1...18).contains(text.count), text.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return text.reduce(0) { $0 * 10 + Int64($1 - 48) }
    }
}
