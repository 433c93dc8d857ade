import NIOCore
import OCI
import Registry
import ServerKit
import Synchronization

/// Which bytes of a file have been hashed.
struct FileProof: Hashable {
    let size: Int64
    let inode: UInt64
}

/// An upload that grows in one file, hashed while it is written.
///
/// Each call of `append` costs one visit to a thread, so callers gather pieces: some 1 MiB serves best.
final class FileUpload: BlobUpload {
    private struct State {
        var hash: ContentHash
        var size: Int64
        /// How far the disk has been told to write.
        var started: Int64 = 0
        /// The inode in the blob's place, once published.
        var placed: UInt64?
    }

    private let id: UploadID
    private let file: Descriptor
    private let inode: UInt64
    /// Whether the file is a blob already, so that its bytes must not change any more.
    private let isSealed: Atomic<Bool>
    private let shelves: Shelves
    private let memory: HashMemory<FileProof>
    private let threads: BlockingThreads
    /// Held while a thread writes. Concurrency threads read the size beside it.
    private let state: Mutex<State>
    private let sizeTaken: Atomic<Int64>

    /// An upload whose first `size` bytes are in `file` and in `hash`.
    init(
        _ id: UploadID, file: Descriptor, facts: Disk.Facts, hash: ContentHash, shelves: Shelves,
        memory: HashMemory<FileProof>, threads: BlockingThreads
    ) {
        self.id = id
        self.file = file
        self.inode = facts.inode
        self.isSealed = Atomic(facts.names > 1)
        self.shelves = shelves
        self.memory = memory
        self.threads = threads
        self.state = Mutex(State(hash: hash, size: facts.size))
        self.sizeTaken = Atomic(facts.size)
    }

    var size: Int64 { sizeTaken.load(ordering: .acquiring) }

    func append(_ pieces: [ByteBuffer]) async throws(StoreError) {
        guard pieces.contains(where: { $0.readableBytes > 0 }) else { return }
        guard !isSealed.load(ordering: .acquiring) else {
            throw StoreError(.conflict, "upload \(id) is complete and takes no more bytes")
        }
        try await threads.runStore { () throws(StoreError) in
            try self.locked { (state) throws(StoreError) in try self.write(pieces, &state) }
        }
    }

    /// Writes and hashes; a failure leaves the file as it was before.
    private func write(_ pieces: [ByteBuffer], _ state: inout State) throws(StoreError) {
        let path = shelves.layout.upload(id)
        if shelves.reserve > 0 {
            let count = pieces.reduce(0) { $0 + $1.readableBytes }
            try Disk.requireFree(shelves.reserve + Int64(count), in: shelves.layout.uploads)
        }
        var (hash, size) = (state.hash, state.size)
        do throws(StoreError) {
            for piece in pieces {
                // A piece is hashed while it is still in the processor's cache.
                try piece.withReadable { (raw) throws(StoreError) in
                    hash.update(raw)
                    try Disk.write(raw, to: file, at: size, path)
                }
                size += Int64(piece.readableBytes)
            }
        } catch {
            try Disk.truncate(file, to: state.size, path)
            throw error
        }
        (state.hash, state.size) = (hash, size)
        sizeTaken.store(state.size, ordering: .releasing)
        memory.remember(state.hash, of: id, proof: FileProof(size: state.size, inode: inode))
        if state.size - state.started >= Self.writeBehind {
            Disk.startWriting(file, state.started..<state.size)
            state.started = state.size
        }
    }

    func settle() async throws(StoreError) {}

    func isCurrent() async throws(StoreError) -> Bool {
        try await threads.runStore { () throws(StoreError) in
            let facts = try Disk.facts(at: self.shelves.layout.upload(self.id))
            return facts?.inode == self.inode && facts?.size == self.size
        }
    }

    func digest() async throws(StoreError) -> Digest {
        try await threads.runStore { () throws(StoreError) in self.state.withLock(\.hash.digest) }
    }

    func publish(as digest: Digest) async throws(StoreError) {
        try await threads.runStore { () throws(StoreError) in
            try self.locked { (state) throws(StoreError) in
                try self.place(as: digest, replacing: true, &state)
            }
        }
    }

    func republish(as digest: Digest) throws(StoreError) -> Bool {
        try locked { (state) throws(StoreError) in
            // The very file that was made durable before still has its name.
            if let placed = state.placed,
                let there = try Disk.facts(at: shelves.layout.data(of: digest)),
                there.inode == placed, there.size == state.size
            {
                return true
            }
            do throws(StoreError) {
                try place(as: digest, replacing: false, &state)
                return true
            } catch  where error.kind == .missing {
                return false
            }
        }
    }

    /// The bytes first, then the name: a name never leads to bytes that a power loss can take.
    private func place(as digest: Digest, replacing: Bool, _ state: inout State) throws(StoreError) {
        let path = shelves.layout.upload(id)
        guard try Disk.facts(file, path).size == state.size else {
            throw StoreError(.damaged, "upload \(id) was changed by somebody else")
        }
        isSealed.store(true, ordering: .releasing)
        try Disk.sync(file, path)
        // Once placed, putting it there again would only be repeated.
        state.placed = try shelves.place(
            id, size: state.size, as: digest, replacing: replacing && state.placed == nil)
    }

    private func locked<Value: Sendable>(_ body: (inout State) throws(StoreError) -> Value)
        throws(StoreError) -> Value
    {
        try state.withLock { (state) in
            Result { () throws(StoreError) in try body(&state) }
        }.get()
    }

    /// After how many bytes the disk is told to begin writing.
    private static let writeBehind: Int64 = 8 << 20
}

extension ByteBuffer {
    fileprivate func withReadable(_ body: (UnsafeRawBufferPointer) throws(StoreError) -> Void)
        throws(StoreError)
    {
        try withUnsafeReadableBytes { bytes in
            Result { () throws(StoreError) in try body(bytes) }
        }.get()
    }
}
