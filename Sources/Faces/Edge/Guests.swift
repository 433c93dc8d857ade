import NIOCore
import Synchronization

/// Those who are being served, each in a task of its own.
///
/// A connection is handed over in the very moment in which it has been set up, and none is ever dropped: the
/// sequence that NIO would give them out by forgets those that come while it ends, which ends the process.
final class Guests: Sendable {
    private struct Guest {
        let channel: any Channel
        let task: Task<Void, Never>
    }

    private struct State {
        var guests: [UInt64: Guest] = [:]
        var count: UInt64 = 0
        var arePutOut = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func receive(_ channel: any Channel, _ serve: @escaping @Sendable () async -> Void) {
        let late = state.withLock { state -> Guest? in
            state.count += 1
            let number = state.count
            let task = Task {
                await serve()
                leave(number)
            }
            let guest = Guest(channel: channel, task: task)
            state.guests[number] = guest
            return state.arePutOut ? guest : nil
        }
        if let late { Self.putOut(late) }
    }

    private func leave(_ number: UInt64) {
        let waiting = state.withLock { state in
            state.guests[number] = nil
            guard state.guests.isEmpty else { return [CheckedContinuation<Void, Never>]() }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Waits for nobody any more: connections end wherever they are, and then what was done for them.
    func putOut() {
        let guests = state.withLock { state in
            state.arePutOut = true
            return Array(state.guests.values)
        }
        for guest in guests { Self.putOut(guest) }
    }

    /// Whoever serves a connection closes half of it when cancelled, which NIO traps at where it has only just been
    /// taken, and waits for a client that takes nothing. So the connection goes first, and as a whole.
    private static func putOut(_ guest: Guest) {
        let (channel, task) = (guest.channel, guest.task)
        channel.closeFuture.whenComplete { _ in task.cancel() }
        channel.eventLoop.execute {
            do {
                try channel.pipeline.syncOperations.addHandler(WayOut(), position: .first)
            } catch {
                channel.close(promise: nil)
            }
        }
    }

    /// Returns when the last has left.
    func gone() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if !state.guests.isEmpty { state.waiting.append(continuation) }
                return state.guests.isEmpty
            }
            if isEmpty { continuation.resume() }
        }
    }
}

/// Closes a connection from the socket's side, as soon as it is there: what else is in the pipeline would say goodbye to
/// the client first, and wait for it.
private final class WayOut: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    func handlerAdded(context: ChannelHandlerContext) { context.close(promise: nil) }
}

@available(*, unavailable)
extension WayOut: Sendable {}
