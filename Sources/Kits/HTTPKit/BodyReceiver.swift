import HTTPTypes
package import NIOCore
package import NIOHTTPTypes

/// Has a connection receive large bodies in large pieces, each of which costs the same, and everything else
/// in small ones, which keep little memory. For HTTP/1.1 with or without TLS; a stream of HTTP/2 has no
/// buffers of its own.
package final class BodyReceiver: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart

    /// The largest piece of a body. Some ten of them may wait for whoever reads the body.
    private static let pieceMax = 256 << 10
    /// The largest piece otherwise, and the longest body that is received so.
    private static let smallMax = 64 << 10
    /// How many pieces are received at once: what NIO begins with.
    private static let piecesAtOnce: UInt = 4

    private var isWide = false

    package init() {}

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): if Self.hasLargeBody(head) { widen(context) }
        case .body: break
        case .end: narrow(context)
        }
        context.fireChannelRead(data)
    }

    private static func hasLargeBody(_ head: HTTPRequest) -> Bool {
        guard let length = head.headerFields[.contentLength] else {
            return head.headerFields[.transferEncoding] != nil
        }
        return Int(length).map { $0 > smallMax } ?? false
    }

    private func widen(_ context: ChannelHandlerContext) {
        guard let options = context.channel.syncOptions else { return }
        isWide = true
        // A connection that cannot receive otherwise goes on as it is.
        try? options.setOption(
            .recvAllocator,
            value: AdaptiveRecvByteBufferAllocator(
                minimum: 2048, initial: Self.smallMax, maximum: Self.pieceMax))
    }

    private func narrow(_ context: ChannelHandlerContext) {
        guard isWide, let options = context.channel.syncOptions else { return }
        isWide = false
        try? options.setOption(.recvAllocator, value: AdaptiveRecvByteBufferAllocator())
        // The connection keeps as many large buffers as it may receive pieces at once: this drops them.
        try? options.setOption(.maxMessagesPerRead, value: 1)
        try? options.setOption(.maxMessagesPerRead, value: Self.piecesAtOnce)
    }
}

/// It never leaves its event loop.
@available(*, unavailable)
extension BodyReceiver: Sendable {}
