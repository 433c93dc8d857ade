import CZlib

/// Bytes made small as they come (RFC 1952): the same bytes always make the same.
package final class GzipStream {
    private var stream = z_stream()
    private let write: (UnsafeRawBufferPointer) throws -> Void
    private let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)

    /// - Parameter write: takes what comes out.
    package init(level: Int32, _ write: @escaping (UnsafeRawBufferPointer) throws -> Void) throws {
        self.write = write
        guard homeport_deflate_init_gzip(&stream, level) == Z_OK else {
            throw TarError("cannot be made small: no memory is left")
        }
    }

    deinit {
        deflateEnd(&stream)
        room.deallocate()
    }

    package func bytes(_ bytes: UnsafeRawBufferPointer) throws {
        // zlib reads through a pointer that it could write through, and does not.
        let input = UnsafeMutableRawBufferPointer(mutating: bytes)
        stream.next_in = input.bindMemory(to: UInt8.self).baseAddress
        stream.avail_in = UInt32(input.count)
        while stream.avail_in > 0 { _ = try step(Z_NO_FLUSH) }
    }

    package func finish() throws {
        stream.avail_in = 0
        while try step(Z_FINISH) != Z_STREAM_END {}
    }

    private func step(_ flush: Int32) throws -> Int32 {
        stream.next_out = room.bindMemory(to: UInt8.self).baseAddress
        stream.avail_out = UInt32(room.count)
        let status = deflate(&stream, flush)
        guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
            throw TarError("cannot be made small: zlib says \(status)")
        }
        let count = room.count - Int(stream.avail_out)
        if count > 0 { try write(UnsafeRawBufferPointer(rebasing: room[..<count])) }
        return status
    }
}
