import NIOCore

/// A request's body broke off: the connection was cut, or the client took too long. What came before is kept.
package struct BodyInterrupted: Error {
    package let cause: any Error

    package init(cause: any Error) { self.cause = cause }
}

/// A body went beyond what an upload may hold.
struct BodyTooLong: Error {}

/// Carries a body into an upload, receiving the next piece while the one before is written and hashed.
struct UploadPump {
    /// Pieces are gathered up to this many bytes, so that a slow trickle of small ones does not cost a write
    /// each.
    private static let batchSize = 256 << 10

    private let upload: any BlobUpload
    private let sizeMax: Int64
    private let onProgress: (Int64) -> Void
    /// Two buffers take turns, one filling while the other is written.
    private var gathered = ByteBuffer()
    private var spare = ByteBuffer()
    private var received: Int64
    private var writing: Task<Void, any Error>?

    /// - Parameter onProgress: told the upload's size after each write.
    init(into upload: any BlobUpload, sizeMax: Int64, onProgress: @escaping (Int64) -> Void) {
        self.upload = upload
        self.sizeMax = sizeMax
        self.onProgress = onProgress
        self.received = upload.size
    }

    /// Returns when all bytes are written. When the body breaks off, what came before is written and
    /// `BodyInterrupted` thrown: the upload can be gone on with. After any other error it must be opened
    /// anew.
    mutating func run<Body: AsyncSequence>(_ body: Body) async throws where Body.Element == ByteBuffer {
        var pieces = body.makeAsyncIterator()
        do {
            while let piece = try await nextPiece(&pieces) {
                received += Int64(piece.readableBytes)
                guard received <= sizeMax else { throw BodyTooLong() }
                gather(piece)
                if gathered.readableBytes >= Self.batchSize { try await startWriting() }
            }
        } catch let interruption as BodyInterrupted {
            try await writeRest()
            throw interruption
        } catch {
            // The upload is this call's own until the write that is under way has ended.
            _ = await writing?.result
            throw error
        }
        try await writeRest()
    }

    private func nextPiece<Pieces: AsyncIteratorProtocol>(_ pieces: inout Pieces) async throws -> ByteBuffer?
    where Pieces.Element == ByteBuffer {
        do {
            return try await pieces.next()
        } catch {
            throw BodyInterrupted(cause: error)
        }
    }

    private mutating func gather(_ piece: ByteBuffer) {
        // A body of one piece takes what it needs; a longer one will need all of it.
        if gathered.readableBytes > 0 { gathered.reserveCapacity(Self.batchSize * 2) }
        gathered.writeImmutableBuffer(piece)
    }

    private mutating func startWriting() async throws {
        try await finishWriting()
        let batch = gathered
        swap(&gathered, &spare)
        gathered.clear()
        writing = Task { [upload] in try await upload.append(batch) }
    }

    private mutating func finishWriting() async throws {
        guard let task = writing else { return }
        writing = nil
        try await task.value
        onProgress(upload.size)
    }

    private mutating func writeRest() async throws {
        try await finishWriting()
        guard gathered.readableBytes > 0 else { return }
        try await upload.append(gathered)
        gathered = ByteBuffer()
        onProgress(upload.size)
    }
}
