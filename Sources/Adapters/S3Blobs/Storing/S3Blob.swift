import NIOCore
import Registry
import ServerKit
import Synchronization

/// A blob that is open for reading: in pieces, each asked for on the condition that the object is still the one that
/// was opened.
///
/// Whoever reads on where he stopped finds the next piece on its way already, and larger the faster he is. So a fast
/// reader is not held up by the way to the server, and a slow one holds neither a connection nor much memory.
final class S3Blob: StoredBlob {
    /// How much is got with the question whether the blob is there.
    static let headSize = 64 << 10
    private static let windowSizes: ClosedRange<Int64> = 256 << 10...8 << 20
    /// Who takes longer for a piece gets a smaller one.
    private static let windowTime = Duration.milliseconds(250)

    /// Bytes that are here, or on their way.
    private struct Window {
        let range: Range<Int64>
        let bytes: Task<ByteBuffer, any Error>
        let begun = ContinuousClock.now
    }

    private struct State {
        /// At most two, one after the other.
        var windows: [Window] = []
        var size = windowSizes.lowerBound
    }

    let object: S3Object
    private let head: ByteBuffer
    private let store: S3Blobs
    private let state = Mutex(State())

    init(_ object: S3Object, head: ByteBuffer, store: S3Blobs) {
        self.object = object
        self.head = head
        self.store = store
    }

    deinit {
        for window in state.withLock(\.windows) { window.bytes.cancel() }
    }

    var size: Int64 { object.size }
    var fileDescriptor: CInt? { nil }

    func read(at offset: Int64, count: Int) async throws(StoreError) -> ByteBuffer {
        precondition(offset >= 0 && count >= 0, "a blob is read from 0 on")
        let end = min(
            size, offset.addingReportingOverflow(Int64(count)).overflow ? size : offset + Int64(count))
        var result = ByteBuffer()
        var offset = offset
        while offset < end {
            var piece = try await piece(at: offset, upTo: end)
            offset += Int64(piece.readableBytes)
            if result.readableBytes == 0 { result = piece } else { result.writeBuffer(&piece) }
        }
        return result
    }

    /// Some of the bytes from `offset` on, at least one.
    private func piece(at offset: Int64, upTo end: Int64) async throws(StoreError) -> ByteBuffer {
        if offset < head.readableBytes {
            let count = min(Int(end - offset), head.readableBytes - Int(offset))
            if let piece = head.getSlice(at: head.readerIndex + Int(offset), length: count) { return piece }
        }
        let window = state.withLock { state in advance(&state, to: offset, end) }
        let bytes: ByteBuffer
        do {
            bytes = try await window.bytes.value
        } catch let error as StoreError {
            state.withLock { $0.windows = [] }
            throw error
        } catch {
            throw StoreError(.unavailable, "reading was given up", cause: error)
        }
        let start = Int(offset - window.range.lowerBound)
        let count = min(Int(end - offset), bytes.readableBytes - start)
        guard count > 0, let piece = bytes.getSlice(at: bytes.readerIndex + start, length: count) else {
            throw StoreError(.damaged, "\(object.key) ended early")
        }
        return piece
    }

    /// The window that has `offset`, with the next one on its way.
    private func advance(_ state: inout State, to offset: Int64, _ end: Int64) -> Window {
        if let index = state.windows.firstIndex(where: { $0.range.contains(offset) }) {
            if index > 0 {
                let isFast = state.windows[index].begun.duration(to: .now) < Self.windowTime
                let size = isFast ? state.size * 2 : state.size / 2
                state.size = min(max(size, Self.windowSizes.lowerBound), Self.windowSizes.upperBound)
                state.windows.removeFirst(index)
            }
        } else {
            for window in state.windows { window.bytes.cancel() }
            state.windows = [window(from: offset, max(state.size, end - offset))]
        }
        if let last = state.windows.last, state.windows.count < 2, last.range.upperBound < size {
            state.windows.append(window(from: last.range.upperBound, state.size))
        }
        return state.windows[0]
    }

    private func window(from start: Int64, _ count: Int64) -> Window {
        let range = start..<min(size, start + min(count, Self.windowSizes.upperBound))
        return Window(
            range: range, bytes: Task { [store, object] in try await store.bytes(of: object, range) })
    }
}

extension S3Blobs {
    /// Part of an object that is still the one that was opened.
    func bytes(of object: S3Object, _ range: Range<Int64>) async throws(StoreError) -> ByteBuffer {
        do {
            return try await asking("reading \(range.count) bytes", object.key) {
                (client) throws(S3Failure) in
                try await client.get(object, range)
            }
        } catch  where error.kind == .conflict {
            throw StoreError(.missing, "\(object.key) is not what was opened any more: \(error)")
        }
    }
}
