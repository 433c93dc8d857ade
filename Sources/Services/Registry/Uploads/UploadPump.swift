import NIOCore

/// A request's body broke off: the connection was cut, or the client took too long. What came before is kept.
package struct BodyInterrupted: Error {
    package let cause: any Error

    package init(cause: any Error) { self.cause = cause }
}

/// A body went beyond what an upload may hold.
struct BodyTooLong: Error {}

/// Carries a body into an upload, receiving the next pieces while those before are written and hashed.
struct UploadPump {
    /// Pieces are gathered up to this many bytes, so that a visit to a thread serves many of them.
    private static let batchSize = 1 << 20
    /// Pieces below this size are copied together: a slow trickle of them would keep more memory than it
    /// fills, and cost a write each. Larger ones are passed on as they came.
    private static let smallSize = 32 << 10

    private let upload: any BlobUpload
    private let sizeMax: Int64
    private let onProgress: (Int64) -> Void
    private var gathered: [ByteBuffer] = []
    private var gatheredSize = 0
    /// Small pieces that came after those.
    private var small = ByteBuffer()
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
                if gatheredSize >= Self.batchSize { try await startWriting() }
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
        gatheredSize += piece.readableBytes
        if piece.readableBytes < Self.smallSize {
            small.writeImmutableBuffer(piece)
        } else {
            closeSmall()
            gathered.append(piece)
        }
    }

    private mutating func closeSmall() {
        guard small.readableBytes > 0 else { return }
        gathered.append(small)
        small = ByteBuffer()
    }

    private mutating func takeBatch() -> [ByteBuffer] {
        closeSmall()
        defer { (gathered, gatheredSize) = ([], 0) }
        return gathered
    }

    private mutating func startWriting() async throws {
        try await finishWriting()
        let batch = takeBatch()
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
        guard gatheredSize > 0 else { return }
        try await upload.append(takeBatch())
        onProgress(upload.size)
    }
}
