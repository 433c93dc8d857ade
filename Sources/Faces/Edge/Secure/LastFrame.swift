import NIOCore
import NIOHPACK
import NIOHTTP2

/// Lets the last bytes of an answer carry the end of its stream (RFC 9113, 8.1).
///
/// The codec above says the end in a frame of its own, without bytes. Clients that know from `Content-Length` that
/// they have all of it (curl among them) would reset the stream in between, and soon be taken for attackers. So the
/// frame after which nothing can come waits for the end, which always follows.
final class LastFrame: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = HTTP2Frame.FramePayload
    typealias OutboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private var isHead = false
    /// How many bytes are still to come; nil when the answer does not say.
    private var bytesLeft: Int?
    private var held: (frame: HTTP2Frame.FramePayload, promise: EventLoopPromise<Void>?)?

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .headers(let fields) = unwrapInboundIn(data) {
            isHead = fields.headers.first(name: ":method") == "HEAD"
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let frame = unwrapOutboundIn(data)
        if let held {
            self.held = nil
            if let last = held.frame.ended(by: frame) {
                held.promise?.futureResult.cascade(to: promise)
                return context.write(wrapOutboundOut(last), promise: held.promise ?? promise)
            }
            context.write(wrapOutboundOut(held.frame), promise: held.promise)
        }
        if countIsFull(with: frame) {
            held = (frame, promise)
        } else {
            context.write(data, promise: promise)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        release(ChannelError.ioOnClosedChannel)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { release(ChannelError.ioOnClosedChannel) }

    private func release(_ error: any Error) {
        let promise = held?.promise
        held = nil
        promise?.fail(error)
    }

    /// Whether nothing but the end can come after this.
    private func countIsFull(with frame: HTTP2Frame.FramePayload) -> Bool {
        switch frame {
        case .headers(let fields):
            let status = fields.headers.first(name: ":status") ?? "1"
            if status.hasPrefix("1") { return false }
            if isHead || status == "204" || status == "304" {
                bytesLeft = 0
            } else {
                bytesLeft = fields.headers.first(name: "content-length").flatMap { Int($0) }
            }
            return bytesLeft == 0 && !fields.endStream
        case .data(let data):
            bytesLeft? -= data.data.readableBytes
            return bytesLeft == 0 && !data.endStream
        default: return false
        }
    }
}

@available(*, unavailable)
extension LastFrame: Sendable {}

extension HTTP2Frame.FramePayload {
    /// This frame with the end that `next` says; nil when `next` says more than that.
    fileprivate func ended(by next: Self) -> Self? {
        guard case .data(let data) = next, data.endStream, data.data.readableBytes == 0 else { return nil }
        switch self {
        case .headers(var fields):
            fields.endStream = true
            return .headers(fields)
        case .data(var data):
            data.endStream = true
            return .data(data)
        default: return nil
        }
    }
}
