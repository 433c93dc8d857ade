package import NIOCore

/// Closes a channel whose client takes nothing of what is written for too long. It belongs to the channel's event loop.
package final class WriteWatchdog {
    private let timeout: TimeAmount
    private var pending = 0
    private var lastProgress = NIODeadline.now()
    private var timer: Scheduled<Void>?

    package init(timeout: TimeAmount) { self.timeout = timeout }

    /// Counts a write as pending until it is done.
    ///
    /// - Parameter promise: that of the write; a new one when it has none.
    /// - Returns: the promise to write with.
    package func watch(_ promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext)
        -> EventLoopPromise<Void>
    {
        let promise = promise ?? context.eventLoop.makePromise()
        if pending == 0 { lastProgress = .now() }
        pending += 1
        promise.futureResult.assumeIsolated().whenComplete { _ in
            self.pending -= 1
            self.lastProgress = .now()
        }
        if timer == nil { start(context) }
        return promise
    }

    package func cancel() { timer?.cancel() }

    private func start(_ context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
            self.timer = nil
            guard self.pending > 0 else { return }
            if NIODeadline.now() - self.lastProgress >= self.timeout {
                context.close(mode: .all, promise: nil)
            } else {
                self.start(context)
            }
        }
    }
}
