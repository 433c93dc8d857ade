import Foundation
import HTTPKit
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOExtras
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Takes the connections of one listener. Told to stop, it takes no more, lets those that are under way finish,
/// and returns.
struct Reception<Connections: ServerChildChannel>: Service {
    let place: Listener.Place
    let connections: Connections
    /// How many connections there may be now; more wait in the kernel's queue.
    let connectionsMax: @Sendable () -> Int
    let log: Logger
    /// Told once connections are taken.
    let onListening: @Sendable (SocketAddress?) async -> Void

    /// How many connections the kernel keeps while nobody takes them.
    private static var backlog: CInt { 1024 }

    /// Throws `IOError`, or `UnixSocket.Failure`, when the place cannot be had.
    func run() async throws {
        let helper = ServerQuiescingHelper(group: MultiThreadedEventLoopGroup.singleton)
        let guests = Guests()
        let server = try await bind(bootstrap(helper, guests))
        let file = file
        defer { if let file { UnixSocket.remove(file.path, file.identity) } }
        let stopping = Stopping()
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await onListening(server.localAddress)
                // However it ends, nobody else comes.
                _ = try? await server.closeFuture.get()
                await stopping.ended()
                await guests.gone()
            } onGracefulShutdown: {
                let end = stopping.promise(on: server.eventLoop)
                Self.pause(server).whenComplete { _ in helper.initiateShutdown(promise: end) }
            }
        } onCancel: {
            server.close(promise: nil)
            guests.putOut()
        }
    }

    private func bootstrap(_ helper: ServerQuiescingHelper, _ guests: Guests) -> ServerBootstrap {
        ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(ChannelOptions.backlog, value: numericCast(Self.backlog))
            .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            .serverChannelInitializer { [connectionsMax] channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(
                        AvailableConnectionsChannelHandler(delegate: Crowd(max: connectionsMax)))
                    try pipeline.addHandler(helper.makeServerChannelHandler(channel: channel))
                }
            }
            .childChannelInitializer { [connections, log] channel in
                connections.setup(channel: channel, logger: log).map { value in
                    guests.receive(channel) { await connections.handle(value: value, logger: log) }
                }
            }
    }

    /// Takes no more connections from the kernel, and lets those that were taken be set up: NIO resets whoever
    /// is not when the listener closes.
    private static func pause(_ server: any Channel) -> EventLoopFuture<Void> {
        server.setOption(ChannelOptions.autoRead, value: false).flatMap {
            let loops = Array(MultiThreadedEventLoopGroup.singleton.makeIterator())
            return EventLoopFuture.andAllComplete(loops.map { $0.submit {} }, on: server.eventLoop)
        }
    }

    private func bind(_ bootstrap: ServerBootstrap) async throws -> any Channel {
        switch place {
        case .hostname(let host, let port):
            return try await bootstrap.bind(host: host, port: port).get()
        case .inherited(let descriptor):
            return try await bootstrap.withBoundSocket(descriptor).get()
        case .unixSocket(let path, let mode):
            let descriptor = try UnixSocket.listen(at: path, mode: mode, backlog: Self.backlog)
            return try await bootstrap.withBoundSocket(descriptor).get()
        }
    }

    /// The file of a unix socket, which is not to be left behind.
    private var file: (path: String, identity: UnixSocket.Identity)? {
        guard case .unixSocket(let path, _) = place else { return nil }
        return UnixSocket.Identity(of: path).map { (path, $0) }
    }
}

/// How many connections there are, and whether there may be more.
private struct Crowd: AvailableConnectionsDelegate {
    let max: @Sendable () -> Int
    private var count = 0

    init(max: @escaping @Sendable () -> Int) { self.max = max }

    mutating func connectionOpened() { count += 1 }
    mutating func connectionClosed() { count -= 1 }
    func isAcceptingNewConnections() -> Bool { count < max() }
}

/// Waits until the last connection has gone, if somebody has asked for that.
private final class Stopping: Sendable {
    private let end = Mutex<EventLoopFuture<Void>?>(nil)

    func promise(on loop: any EventLoop) -> EventLoopPromise<Void> {
        let promise = loop.makePromise(of: Void.self)
        end.withLock { $0 = promise.futureResult }
        return promise
    }

    func ended() async {
        let end = end.withLock { $0 }
        // However it ends, nothing is left to be done.
        _ = try? await end?.get()
    }
}

/// What is done with each request: who it comes from is put together, a responder is asked, and its answer is
/// written.
enum Answering {
    /// - Parameters:
    ///   - responder: who answers those who ask now.
    ///   - client: whose connection it is, where a proxy has said so in front of it.
    ///   - asks: whether clients are asked for certificates.
    static func responder(
        _ responder: @escaping @Sendable () -> EdgeResponder, for client: String?, asks: Bool = false,
        log: Logger
    ) -> HTTPChannelHandler.Responder {
        { request, writer, channel in
            var log = log
            log[metadataKey: "hb.request.id"] = .stringConvertible(RequestID())
            var context = HomeportContext(
                source: ApplicationRequestContextSource(channel: channel, logger: log))
            if let client { context.clientAddress = client }
            let shown = asks ? await CertificateKeep.shown(on: channel) : nil
            var response = await withLogger(log) { [context] _ in
                await responder().respond(to: request, context: context, shown: shown)
            }
            response.headers[.date] = DateHeader.now.text
            do {
                try await writer.write(response: response.head, body: response.body)
            } catch {
                // As an error of the parser it would be answered, after an answer that has begun.
                throw AnswerCut(reason: error)
            }
        }
    }
}

/// An answer could not be sent to its end.
private struct AnswerCut: Error {
    let reason: any Error
}

/// `Date`, made once a second.
private final class DateHeader: Sendable {
    static let now = DateHeader()

    private let last = Mutex<(second: time_t, text: String)>((0, ""))

    var text: String {
        let second = time(nil)
        return last.withLock { last in
            if last.second != second {
                last = (second, HTTPDate.text(Date(timeIntervalSince1970: Double(second))))
            }
            return last.text
        }
    }
}
