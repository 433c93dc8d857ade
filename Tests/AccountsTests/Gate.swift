import Foundation

/// Holds a blocking thread until it is opened, and says when one has arrived.
final class Gate: Sendable {
    private let condition = NSCondition()
    // Only touched while the condition, which is a lock, is held.
    private nonisolated(unsafe) var isOpen = false
    private let arrivals: AsyncStream<Void>
    private let arrive: AsyncStream<Void>.Continuation

    init() { (arrivals, arrive) = AsyncStream.makeStream() }

    /// Called on a thread that may block.
    func pass() {
        arrive.yield()
        condition.withLock {
            while !isOpen { condition.wait() }
        }
    }

    func entered() async {
        for await _ in arrivals { return }
    }

    func open() {
        condition.withLock {
            isOpen = true
            condition.broadcast()
        }
    }
}
