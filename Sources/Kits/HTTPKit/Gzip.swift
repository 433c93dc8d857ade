import CZlib

/// Bytes made small for the way (RFC 1952).
enum Gzip {
    /// The bytes compressed as far as can be, always to the same bytes; nil when that makes them no smaller.
    static func compressed(_ bytes: [UInt8]) -> [UInt8]? {
        var stream = z_stream()
        guard homeport_deflate_init_gzip(&stream, 9) == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        var bytes = bytes
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, uLong(bytes.count))))
        let status = bytes.withUnsafeMutableBytes { input in
            output.withUnsafeMutableBytes { out in
                stream.next_in = input.bindMemory(to: UInt8.self).baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = out.bindMemory(to: UInt8.self).baseAddress
                stream.avail_out = UInt32(out.count)
                return deflate(&stream, Z_FINISH)
            }
        }
        let size = output.count - Int(stream.avail_out)
        guard status == Z_STREAM_END, size < bytes.count else { return nil }
        return Array(output[..<size])
    }
}
