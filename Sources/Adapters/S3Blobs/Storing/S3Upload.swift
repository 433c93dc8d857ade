import NIOCore
import OCI
import Registry
import ServerKit
import Synchronization

/// An upload that grows in pieces, each an object of its own, hashed while they come.
///
/// What is too small for a piece stays in memory while a request runs. When it has ended, that is an object too: the
/// tail, which the next request replaces by a larger one. Every object is known by its tag as it was written or read
/// here, and used on the condition that it still has it: what another process may have put in its place is not taken
/// for what was hashed.
final class S3Upload: BlobUpload {
    /// What is behind the last whole piece.
    private struct Tail {
        /// Nil where it is in the bucket alone.
        var bytes: ByteBuffer? = ByteBuffer()
        var size = 0
        /// What the bucket has of it.
        var stored: S3Object?
    }

    private struct State {
        var hash: ContentHash
        var size: Int64
        var pieces: [S3Object]
        var tail: Tail
        /// Pieces on their way, with how many bytes each.
        var writing: [(task: Task<S3Object, any Error>, size: Int)] = []
        /// Why this upload has to be opened anew.
        var problem: StoreError?
        var isSealed = false
    }

    private let id: UploadID
    private let store: S3Blobs
    private let sizes: PieceSizes
    private let budget: Budget
    /// Calls come one after the other; the lock is for whoever looks at the size meanwhile.
    private let state: Mutex<State>

    /// How many pieces are on their way at once.
    private static let writingMax = 2

    /// An upload of which the bucket has these pieces, all of them in the hash.
    init(
        _ id: UploadID, hash: ContentHash, pieces: [S3Object], tail: S3Object?, store: S3Blobs,
        sizes: PieceSizes, budget: Budget
    ) {
        self.id = id
        self.store = store
        self.sizes = sizes
        self.budget = budget
        var end = Tail()
        if let tail { end = Tail(bytes: nil, size: Int(tail.size), stored: tail) }
        let size = pieces.reduce(0) { $0 + $1.size } + (tail?.size ?? 0)
        self.state = Mutex(State(hash: hash, size: size, pieces: pieces, tail: end))
    }

    deinit {
        state.withLock { state in
            budget.give(state.tail.bytes?.readableBytes ?? 0)
            for piece in state.writing { budget.give(piece.size) }
        }
    }

    var size: Int64 { state.withLock(\.size) }

    func append(_ pieces: [ByteBuffer]) async throws(StoreError) {
        let count = pieces.reduce(0) { $0 + $1.readableBytes }
        guard count > 0 else { return }
        try check()
        try await breaking { () throws(StoreError) in
            try await fetchTail()
            let hash = try await store.hashed(state.withLock(\.hash), pieces)
            budget.take(count)
            let isPiece = state.withLock { state in
                for piece in pieces { state.tail.bytes?.writeImmutableBuffer(piece) }
                state.tail.size += count
                state.hash = hash
                state.size += Int64(count)
                return state.tail.size >= sizes.size(of: state.pieces.count + state.writing.count)
            }
            if isPiece { try await writePiece() }
            if budget.isExceeded { try await park() }
        }
    }

    func settle() async throws(StoreError) {
        try check()
        try await breaking { () throws(StoreError) in
            try await finishWriting(leaving: 0)
            try await storeTail()
            let (hash, stored) = state.withLock { ($0.hash, $0.pieces + [$0.tail.stored].compactMap(\.self)) }
            store.remember(hash, of: id, stored)
        }
    }

    func isCurrent() async throws(StoreError) -> Bool {
        let known = state.withLock {
            $0.problem == nil ? $0.pieces + [$0.tail.stored].compactMap(\.self) : nil
        }
        guard let known else { return false }
        return try await store.pieces(of: id) == known
    }

    func digest() async throws(StoreError) -> Digest { state.withLock(\.hash.digest) }

    // MARK: Pieces

    /// Sends the tail on its way as a whole piece; the next bytes come meanwhile.
    private func writePiece() async throws(StoreError) {
        try await finishWriting(leaving: budget.isExceeded ? 0 : Self.writingMax - 1)
        let (bytes, number) = state.withLock { state in
            defer { state.tail = Tail() }
            return (state.tail.bytes ?? ByteBuffer(), state.pieces.count + state.writing.count)
        }
        guard number < PieceSizes.countMax else {
            budget.give(bytes.readableBytes)
            throw StoreError(.failed, "upload \(id) has become larger than what S3 takes in \(number) pieces")
        }
        let task = Task { [store, id] in try await store.putPiece(bytes, number, of: id) }
        state.withLock { $0.writing.append((task, bytes.readableBytes)) }
    }

    /// Waits until at most so many pieces are on their way.
    private func finishWriting(leaving count: Int) async throws(StoreError) {
        while let first = state.withLock({ $0.writing.count > count ? $0.writing.first : nil }) {
            let result = await first.task.result
            budget.give(first.size)
            try state.withLock { state in
                state.writing.removeFirst()
                return Result { () throws(StoreError) in
                    do {
                        state.pieces.append(try result.get())
                    } catch let error as StoreError {
                        throw error
                    } catch {
                        throw StoreError(.unavailable, "writing upload \(id) was given up", cause: error)
                    }
                }
            }.get()
        }
    }

    /// Has the tail in the bucket.
    private func storeTail() async throws(StoreError) {
        let (tail, number) = state.withLock { ($0.tail, $0.pieces.count) }
        guard tail.size > 0, let bytes = tail.bytes, tail.stored?.size != Int64(tail.size) else { return }
        let stored = try await store.putPiece(bytes, number, of: id)
        state.withLock { $0.tail.stored = stored }
    }

    /// Lets go of the memory that the tail takes.
    private func park() async throws(StoreError) {
        try await finishWriting(leaving: 0)
        try await storeTail()
        let count = state.withLock { state in
            defer { if state.tail.size > 0 { state.tail.bytes = nil } }
            return state.tail.size > 0 ? state.tail.bytes?.readableBytes ?? 0 : 0
        }
        budget.give(count)
    }

    /// Has the tail in memory.
    private func fetchTail() async throws(StoreError) {
        guard let stored = state.withLock({ $0.tail.bytes == nil ? $0.tail.stored : nil }) else { return }
        let bytes = try await store.bytes(of: stored, 0..<stored.size)
        budget.take(bytes.readableBytes)
        state.withLock { $0.tail.bytes = bytes }
    }

    private func check() throws(StoreError) {
        try state.withLock { state in
            Result { () throws(StoreError) in
                if let problem = state.problem { throw problem }
                if state.isSealed {
                    throw StoreError(.conflict, "upload \(id) is complete and takes no more bytes")
                }
            }
        }.get()
    }

    /// After a failure nothing is on its way any more, and nothing else is done.
    private func breaking<Value>(_ body: () async throws(StoreError) -> Value) async throws(StoreError)
        -> Value
    {
        do {
            return try await body()
        } catch {
            state.withLock { $0.problem = error }
            for piece in state.withLock(\.writing) { _ = await piece.task.result }
            throw error
        }
    }

    // MARK: Publishing

    func publish(as digest: Digest) async throws(StoreError) {
        try await breaking { () throws(StoreError) in
            try await finishWriting(leaving: 0)
            state.withLock { $0.isSealed = true }
            let key = store.places.blob(digest)
            let (pieces, tail, size) = state.withLock { ($0.pieces, $0.tail, $0.size) }
            try await store.asking("publishing \(digest)", key) { (client) throws(S3Failure) in
                // A blob of this size is this blob, or it is damaged, and then a check finds it.
                if try await client.look(key, confirms: false)?.size == size { return }
                try await Self.place(pieces, tail, at: key, client)
            }
        }
    }

    private static func place(_ pieces: [S3Object], _ tail: Tail, at key: String, _ client: S3Client)
        async throws(S3Failure)
    {
        if pieces.isEmpty, let bytes = tail.bytes {
            _ = try await client.put(key, bytes)
        } else if pieces.isEmpty, let stored = tail.stored {
            _ = try await client.copy(stored, to: key)
        } else if pieces.count == 1, tail.size == 0 {
            _ = try await client.copy(pieces[0], to: key)
        } else {
            var parts = pieces.map { S3Client.Part.copy($0, nil) }
            if tail.size > 0 {
                if let bytes = tail.bytes {
                    parts.append(.bytes(bytes))
                } else if let stored = tail.stored {
                    parts.append(.copy(stored, nil))
                }
            }
            _ = try await client.assemble(key, from: parts)
        }
    }

    func republish(as digest: Digest) throws(StoreError) -> Bool {
        try store.isInPlace(digest, size: size)
    }
}

extension S3Blobs {
    fileprivate func putPiece(_ bytes: ByteBuffer, _ number: Int, of id: UploadID) async throws(StoreError)
        -> S3Object
    {
        let key = places.piece(number, of: id)
        let payload = try await payload(of: bytes)
        return try await asking("writing upload \(id)", key) { (client) throws(S3Failure) in
            try await client.put(key, bytes, payload: payload)
        }
    }
}
