import HTTPKit
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP2
import NIOHTTPTypes
import NIOHTTPTypesHTTP2
import NIOSSL
import NIOTLS
import TLSKit

/// Connections that speak TLS and, within it, HTTP/1.1 or HTTP/2, as the client likes better.
///
/// Files never go out by the kernel here: what leaves has to be encrypted first.
struct SecureChannel: HTTPChannelHandler {
    typealias Stream = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    enum Spoken: Sendable {
        case http1(Stream)
        case http2(NIOHTTP2Handler.AsyncStreamMultiplexer<Stream>)
    }

    struct Value: ServerChildChannelValue {
        let spoken: EventLoopFuture<Spoken>
        let channel: any Channel
    }

    let responder: Responder
    let shelf: CertificateShelf
    let limits: EdgeConfiguration.Limits
    let gate: @Sendable () -> any RemovableChannelHandler
    /// Connections with HTTP/1.1, set up as they are without TLS.
    let http1: HTTP1Channel

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let promise = channel.eventLoop.makePromise(of: Spoken.self)
            let entrance = TLSEntrance(
                shelf: shelf, time: TimeAmount(limits.handshakeTime), spoken: promise
            ) { result, channel in
                speak(result, on: channel, logger)
            }
            do {
                try channel.pipeline.syncOperations.addHandler(gate())
                try channel.pipeline.syncOperations.addHandler(entrance)
            } catch {
                promise.fail(error)
                throw error
            }
            return Value(spoken: promise.futureResult, channel: channel)
        }
    }

    func handle(value: Value, logger: Logger) async {
        do {
            switch try await value.spoken.get() {
            case .http1(let stream): await http1.handle(value: stream, logger: logger)
            case .http2(let connection):
                try await withTaskCancellationHandler {
                    try await withThrowingDiscardingTaskGroup { group in
                        for try await stream in connection.inbound {
                            group.addTask { await handleHTTP(asyncChannel: stream, logger: logger) }
                        }
                    }
                } onCancel: {
                    value.channel.close(promise: nil)
                }
            }
        } catch {
            logger.debug("a TLS connection ended early", metadata: ["error": "\(error)"])
        }
    }

    private func speak(_ result: ALPNResult, on channel: any Channel, _ logger: Logger)
        -> EventLoopFuture<Spoken>
    {
        do {
            try keepCertificate(of: channel)
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        switch result {
        case .negotiated("h2"):
            return channel.eventLoop.makeCompletedFuture { .http2(try speakHTTP2(on: channel, logger)) }
        case .negotiated("http/1.1"), .fallback:
            return http1.setup(channel: channel, logger: logger).map { .http1($0) }
        case .negotiated(let other):
            // An authority has seen the certificate it came for.
            channel.close(promise: nil)
            return channel.eventLoop.makeFailedFuture(NothingToSay(name: other))
        }
    }

    /// The handshake is over, so what the client has shown is known.
    private func keepCertificate(of channel: any Channel) throws {
        guard let clients = shelf.clients else { return }
        let pipeline = channel.pipeline.syncOperations
        let shown = try pipeline.nioSSL_peerCertificate().map { clients.read($0) }
        try pipeline.addHandler(CertificateKeep(shown))
    }

    private func speakHTTP2(on channel: any Channel, _ logger: Logger) throws
        -> NIOHTTP2Handler.AsyncStreamMultiplexer<Stream>
    {
        let streams = try channel.pipeline.syncOperations.configureAsyncHTTP2Pipeline(
            mode: .server, connectionManagerConfiguration: HTTP2Limits.connection(limits),
            http2HandlerConfiguration: HTTP2Limits.frames(limits)
        ) { stream in
            stream.eventLoop.makeCompletedFuture {
                let pipeline = stream.pipeline.syncOperations
                try pipeline.addHandler(LastFrame())
                try pipeline.addHandler(HTTP2FramePayloadToHTTPServerCodec())
                try pipeline.addHandler(
                    StreamKeeper(
                        writeTimeout: TimeAmount(limits.writeTime), headerCountMax: limits.headerCount))
                try pipeline.addHandler(
                    HTTPConnectionStateHandler(idleTimeout: limits.idleTime, logger: logger))
                return try Stream(wrappingChannelSynchronously: stream)
            }
        }
        // The connection is open already: its manager, which waits for that to begin its clocks, has to be told.
        try channel.pipeline.syncOperations.context(handlerType: NIOHTTP2Handler.self).fireChannelActive()
        return streams
    }
}

/// What was agreed upon is not for talking.
private struct NothingToSay: Error {
    let name: String
}

/// What a connection with HTTP/2 may do. Floods of resets, pings, settings and empty frames end it.
private enum HTTP2Limits {
    private static let streamsMax = 100
    /// How much a client may send ahead in one upload, and in all uploads of a connection.
    private static let streamWindow = 512 << 10
    private static let connectionWindow = 1 << 20
    /// How much of an answer may wait for the connection to take it.
    private static let outboundMax = 256 << 10
    /// Pings, settings and priorities in half a minute. curl says a priority with each request, so few would cut off
    /// honest clients.
    private static let controlFramesMax = 10_000
    /// Requests that a client may take back in half a minute. Clients of containers do so with each one of which they
    /// know enough.
    private static let resetsMax = 1_000
    /// How often a silent client is asked whether it is there, and how long it has for its answer.
    private static let pingInterval = TimeAmount.seconds(30)
    private static let pingTime = TimeAmount.seconds(15)

    static func connection(_ limits: EdgeConfiguration.Limits)
        -> NIOHTTP2ServerConnectionManagementHandler.Configuration
    {
        .init(
            maxIdleTime: TimeAmount(limits.idleTime), maxAge: nil,
            maxGraceTime: TimeAmount(limits.stopTime),
            keepalive: .init(pingInterval: pingInterval, ackTimeout: pingTime))
    }

    static func frames(_ limits: EdgeConfiguration.Limits) -> NIOHTTP2Handler.Configuration {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: streamsMax),
            HTTP2Setting(parameter: .maxHeaderListSize, value: limits.headerSize),
            HTTP2Setting(parameter: .initialWindowSize, value: streamWindow),
        ]
        connection.targetWindowSize = connectionWindow
        connection.controlFrameRateLimit.maximumCount = controlFramesMax
        var stream = NIOHTTP2Handler.StreamConfiguration()
        stream.targetWindowSize = streamWindow
        stream.streamResetFrameRateLimit.maximumCount = resetsMax
        stream.outboundBufferSizeHighWatermark = outboundMax
        stream.outboundBufferSizeLowWatermark = outboundMax / 2
        return NIOHTTP2Handler.Configuration(connection: connection, stream: stream)
    }
}
