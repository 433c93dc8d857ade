import CLinux
import NIOCore
import Registry
import ServerKit

/// A blob that is open for reading. Its descriptor keeps the bytes readable when the blob is removed.
final class FileBlob: StoredBlob {
    let size: Int64
    let inode: UInt64
    private let descriptor: Descriptor
    private let threads: BlockingThreads

    init(descriptor: Descriptor, facts: Disk.Facts, threads: BlockingThreads) {
        self.descriptor = descriptor
        self.size = facts.size
        self.inode = facts.inode
        self.threads = threads
    }

    var fileDescriptor: CInt? { descriptor.number }

    func read(at offset: Int64, count: Int) async throws(StoreError) -> ByteBuffer {
        precondition(offset >= 0 && count >= 0, "a blob is read from 0 on")
        let wanted = Int(min(Int64(count), max(0, size - offset)))
        guard wanted > 0 else { return ByteBuffer() }
        let buffer = cached(at: offset, count: wanted)
        if buffer.readableBytes == wanted { return buffer }
        return try await threads.runStore { [descriptor] () throws(StoreError) in
            var whole = buffer
            let done = whole.readableBytes
            try whole.fill(wanted - done) { (rest) throws(StoreError) in
                try Disk.read(into: rest, from: descriptor, at: offset + Int64(done))
            }
            guard whole.readableBytes == wanted else {
                throw StoreError(.damaged, "a blob is shorter than its \(self.size) bytes")
            }
            return whole
        }
    }

    /// As much as is in memory already, which saves the way over a thread.
    private func cached(at offset: Int64, count: Int) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: count)
        buffer.fill(count) { rest in
            max(0, homeport_pread_cached(descriptor.number, rest.baseAddress, rest.count, off_t(offset)))
        }
        return buffer
    }
}

extension ByteBuffer {
    /// Appends up to `count` bytes that `body` writes into memory, and says how many it did.
    fileprivate mutating func fill<Failure: Error>(
        _ count: Int, _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        var result: Result<Int, Failure> = .success(0)
        writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
            let rest = UnsafeMutableRawBufferPointer(rebasing: space[..<count])
            do throws(Failure) {
                let done = try body(rest)
                result = .success(done)
                return done
            } catch {
                result = .failure(error)
                return 0
            }
        }
        _ = try result.get()
    }
}
