import HummingbirdCore
import Logging
import NIOCore
import Synchronization

/// Connections that are set up by what the door's desk stands for when they come.
struct FreshChannel<Base: ServerChildChannel>: ServerChildChannel {
    struct Value: ServerChildChannelValue {
        let base: Base
        let value: Base.Value

        var channel: any Channel { value.channel }
    }

    /// The last one made, and for which state of the desk.
    private final class Made: Sendable {
        let last = Mutex<(edition: Int, base: Base)?>(nil)
    }

    private let desk: EdgeDesk
    private let make: @Sendable () -> Base
    private let made = Made()

    /// - Parameter make: what serves connections, as the desk stands now.
    init(_ desk: EdgeDesk, _ make: @escaping @Sendable () -> Base) {
        self.desk = desk
        self.make = make
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let base = base
        return base.setup(channel: channel, logger: logger).map { Value(base: base, value: $0) }
    }

    func handle(value: Value, logger: Logger) async {
        await value.base.handle(value: value.value, logger: logger)
    }

    /// Made once for each state of the desk, and not for each of ten thousand connections.
    private var base: Base {
        let edition = desk.edition
        return made.last.withLock { last in
            if let last, last.edition == edition { return last.base }
            let base = make()
            last = (edition, base)
            return base
        }
    }
}
