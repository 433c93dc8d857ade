import NIOPosix
import Synchronization

/// Threads for calls that block: disks, password hashes, C libraries. The concurrency threads are as few as
/// the cores and must never wait.
package final class BlockingThreads: Sendable {
    private let pool: NIOThreadPool
    private let waiting = Mutex(0)
    private let queueMax: Int

    /// - Parameter queueMax: how many calls may run or wait at once; one more is refused at once.
    package init(count: Int, queueMax: Int) {
        precondition(count > 0 && queueMax >= count)
        self.pool = NIOThreadPool(numberOfThreads: count)
        self.queueMax = queueMax
        pool.start()
    }

    deinit {
        pool.shutdownGracefully { _ in }
    }

    /// Runs `body` on one of the threads. Throws `StoreError(.unavailable)` when too many are waiting
    /// already.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        let isAdmitted = waiting.withLock { count in
            guard count < queueMax else { return false }
            count += 1
            return true
        }
        guard isAdmitted else { throw StoreError(.unavailable, "too many calls are waiting for a thread") }
        defer { waiting.withLock { $0 -= 1 } }
        return try await pool.runIfActive(body)
    }
}
