import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Waits on this machine for a browser to come back with an answer in its address, once.
package final class LoopbackListener: Sendable {
    /// Where the browser is to be sent.
    package let address: String
    private let channel: any Channel
    private let arrivals: AsyncStream<String>

    /// - Parameter port: 0 for any.
    package init(port: Int = 0) async throws {
        let (stream, continuation) = AsyncStream<String>.makeStream(bufferingPolicy: .bufferingOldest(8))
        self.arrivals = stream
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Greeter(arrivals: continuation))
                }
            }
        self.channel = try await bootstrap.bind(host: "127.0.0.1", port: port).get()
        self.address = "http://127.0.0.1:\(channel.localAddress?.port ?? port)/"
    }

    /// The first request with a query for which `accept` returns a value; others are left waiting for it.
    package func answer<Value: Sendable>(_ accept: (String) -> Value?) async -> Value? {
        for await target in arrivals {
            if let value = accept(target) { return value }
        }
        return nil
    }

    package func close() async {
        try? await channel.close()
    }

    /// Answers every request with a sentence, and hands on the addresses that hold a query.
    private final class Greeter: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let arrivals: AsyncStream<String>.Continuation

        init(arrivals: AsyncStream<String>.Continuation) { self.arrivals = arrivals }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .head(let head) = unwrapInboundIn(data) else { return }
            if head.uri.contains("?"), head.uri.utf8.count <= 8192 { arrivals.yield(head.uri) }
            let text = "Thank you. Homeport goes on in the terminal; this page can be closed.\n"
            let headers: HTTPHeaders = [
                "Content-Type": "text/plain; charset=utf-8", "Content-Length": "\(text.utf8.count)",
                "Connection": "close",
            ]
            context.write(
                wrapOutboundOut(.head(.init(version: .http1_1, status: .ok, headers: headers))), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
            let promise = context.eventLoop.makePromise(of: Void.self)
            promise.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: promise)
        }
    }
}
