import CLinux
import Foundation
package import HummingbirdCore
package import NIOCore
import NIOPosix

/// Something with bytes that can be sent: usually an open file.
package protocol FileSource: AnyObject, Sendable {
    /// A descriptor of a plain file with exactly these bytes, valid as long as this object lives; nil without
    /// one.
    var fileDescriptor: CInt? { get }

    /// Reads up to `count` bytes from `offset`; fewer only at the end. Never blocks a concurrency thread.
    func read(at offset: Int64, count: Int) async throws -> ByteBuffer
}

/// Bodies that are sent from files in constant memory: by the kernel (`sendfile`) where the connection is
/// plain HTTP/1.1, in pieces through memory elsewhere.
package enum FileBody {
    /// How much the kernel is given at a time, at first and at most. Two such windows are under way.
    private static let windowSizes: ClosedRange<Int64> = 256 << 10...4 << 20
    /// A window that has left sooner is followed by a larger one, and one that has not by a smaller one, so
    /// that even a slow client takes one within the time after which it would be taken for dead.
    private static let windowTime = Duration.milliseconds(500)
    /// How much is read at a time where it goes through memory.
    private static let pieceSize = 256 << 10
    /// How much is read at a time to have it in memory for the kernel.
    private static let coldPieceSize: Int64 = 1 << 20

    /// - Parameter onEnd: called once with the bytes sent when the body has been sent or given up.
    package static func make(
        _ source: any FileSource, range: Range<Int64>, context: HomeportContext,
        onEnd: @Sendable @escaping (Int64) -> Void = { _ in }
    ) -> ResponseBody {
        // A file region on a TLS or HTTP/2 channel would end the process, so it goes only where the listener
        // has said that its connections take them.
        let channel = context.channel.flatMap { context.takesFileRegions ? $0 : nil }
        return ResponseBody(contentLength: Int(range.upperBound - range.lowerBound)) { writer in
            var sent: Int64 = 0
            defer { onEnd(sent) }
            if let channel, let descriptor = source.fileDescriptor {
                try await sendByKernel(descriptor, of: source, range: range, on: channel, sent: &sent)
            } else {
                try await sendThroughMemory(source, range: range, to: &writer, sent: &sent)
            }
            try await writer.finish(nil)
        }
    }

    private static func sendThroughMemory(
        _ source: any FileSource, range: Range<Int64>, to writer: inout any ResponseBodyWriter,
        sent: inout Int64
    ) async throws {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let count = min(Int64(pieceSize), range.upperBound - offset)
            let piece = try await source.read(at: offset, count: Int(count))
            guard piece.readableBytes > 0 else { throw FileEndedEarly() }
            try await writer.write(piece)
            offset += Int64(piece.readableBytes)
            sent = offset - range.lowerBound
        }
    }

    /// Hands the kernel one window after the other, each made sure to be in memory first, so that an event
    /// loop never waits for the disk.
    private static func sendByKernel(
        _ descriptor: CInt, of source: any FileSource, range: Range<Int64>, on channel: any Channel,
        sent: inout Int64
    ) async throws {
        let handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: descriptor)
        // The source keeps owning the descriptor; the handle must let go of it before it is deallocated.
        defer { _ = try? handle.takeDescriptorOwnership() }
        var underway: EventLoopFuture<Void>?
        var offset = range.lowerBound
        var size = windowSizes.lowerBound
        do {
            while offset < range.upperBound {
                let begin = ContinuousClock.now
                let end = min(offset + size, range.upperBound)
                try await warm(descriptor, of: source, offset..<end)
                let region = FileRegion(fileHandle: handle, readerIndex: Int(offset), endIndex: Int(end))
                let previous = underway
                underway = channel.triggerUserOutboundEvent(SendFile(region: region))
                try await previous?.get()
                sent = offset - range.lowerBound
                offset = end
                let isFast = ContinuousClock.now - begin < windowTime
                size = isFast ? min(size * 2, windowSizes.upperBound) : max(size / 2, windowSizes.lowerBound)
            }
            try await underway?.get()
            sent = range.upperBound - range.lowerBound
        } catch {
            // The descriptor must stay until the channel has done with the last region.
            _ = try? await underway?.get()
            throw error
        }
        withExtendedLifetime(source) {}
    }

    /// Returns when the window is in the page cache: at once when it is already, else after reading it.
    private static func warm(_ descriptor: CInt, of source: any FileSource, _ window: Range<Int64>)
        async throws
    {
        var probe: UInt8 = 0
        let probes = stride(from: window.lowerBound, to: window.upperBound, by: 128 << 10)
        let isCold = probes.contains { offset in
            homeport_pread_cached(descriptor, &probe, 1, off_t(offset)) < 0 && errno == EAGAIN
        }
        guard isCold else { return }
        var offset = window.lowerBound
        while offset < window.upperBound {
            let count = min(coldPieceSize, window.upperBound - offset)
            let piece = try await source.read(at: offset, count: Int(count))
            guard piece.readableBytes > 0 else { throw FileEndedEarly() }
            offset += Int64(piece.readableBytes)
        }
    }
}

/// A file had fewer bytes than were promised to the client.
private struct FileEndedEarly: Error {}

/// Asks the keeper of a plain HTTP/1.1 connection to send part of a file.
struct SendFile: Sendable {
    let region: FileRegion
}
