import Glibc
import NIOPosix
import Synchronization

/// Threads for calls that block: disks, password hashes, C libraries. The concurrency threads are as few as
/// the cores and must never wait.
package final class BlockingThreads: Sendable {
    private let pool: NIOThreadPool
    private let waiting = Mutex(0)
    private let queueMax: Int
    private let niceness: CInt

    /// - Parameters:
    ///   - queueMax: how many calls may run or wait at once; one more is refused at once.
    ///   - niceness: how far the threads stand back behind the others when there are not cores for all, 0 to 19:
    ///   for work that takes long and that nobody else should wait for.
    package init(count: Int, queueMax: Int, niceness: Int = 0) {
        precondition(count > 0 && queueMax >= count && (0...19).contains(niceness))
        self.pool = NIOThreadPool(numberOfThreads: count)
        self.queueMax = queueMax
        self.niceness = CInt(niceness)
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
        return try await pool.runIfActive { [niceness] in
            // Linux keeps it for each thread; setting it again costs nothing beside what is run.
            if niceness > 0 { setpriority(CInt(PRIO_PROCESS.rawValue), 0, niceness) }
            return try body()
        }
    }

    /// Like `run`, with the one error that stores throw.
    package func runStore<Value: Sendable>(_ body: @escaping @Sendable () throws(StoreError) -> Value)
        async throws(StoreError) -> Value
    {
        do {
            return try await run(body)
        } catch let error as StoreError {
            throw error
        } catch {
            // The pool is shutting down, or the task was cancelled before it got a thread.
            throw StoreError(.unavailable, "waiting for a thread", cause: error)
        }
    }

    /// Has `body` run on one of the threads, and waits for nothing: not even for a task's turn.
    package func begin(_ body: @escaping @Sendable () -> Void) {
        pool.submit { state in
            if case .active = state { body() }
        }
    }
}
