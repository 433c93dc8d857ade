import HummingbirdCore
import Logging
import NIOCore

/// Connections whose requests are worked on by the very thread that receives them and sends the answers: a
/// small answer then waits for no other thread, neither on its way in nor on its way out.
///
/// What blocks has threads of its own anyway (`BlockingThreads`, the database's), and whatever takes long in
/// pieces gives the thread back at every `await` that waits.
struct OnItsLoop<Base: ServerChildChannel>: ServerChildChannel {
    private let base: Base

    init(_ base: Base) { self.base = base }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        base.setup(channel: channel, logger: logger)
    }

    func handle(value: Base.Value, logger: Logger) async {
        await withTaskExecutorPreference(LoopExecutor(loop: value.channel.eventLoop)) {
            await base.handle(value: value, logger: logger)
        }
    }
}

/// Runs tasks on one event loop, which outlives them.
private final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
