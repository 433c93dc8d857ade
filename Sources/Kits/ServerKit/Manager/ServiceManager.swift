import Glibc
import NIOCore
import NIOPosix

/// The service manager that started the program, as far as it wants to hear from it (sd_notify(3)).
///
/// What it is told never fails and never waits: a program runs as well with nobody who listens.
package struct ServiceManager: Sendable {
    package enum State: Sendable {
        /// Clients are served now.
        case ready
        /// It reads its configuration again, and says `ready` when it has.
        case reloading
        /// The program is about to end.
        case stopping
        /// It still turns. Said often enough, or the manager starts it anew.
        case alive

        fileprivate var text: String {
            switch self {
            case .ready: "READY=1"
            case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(ServiceManager.monotonicMicroseconds)"
            case .stopping: "STOPPING=1"
            case .alive: "WATCHDOG=1"
            }
        }
    }

    /// The moment, as the manager counts them.
    private static var monotonicMicroseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }

    /// A path, or `@` and a name that is in no folder.
    private let address: String
    /// How long the manager waits for a sign of life; nil when it does not.
    package let patience: Duration?

    /// Nil when nobody wants to hear anything.
    ///
    /// - Parameters:
    ///   - environment: that of the process: `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`.
    ///   - process: its number; a sign of life that somebody else is to give is none of its business.
    package init?(environment: [String: String], process: Int) {
        guard let address = environment["NOTIFY_SOCKET"], address.hasPrefix("/") || address.hasPrefix("@")
        else { return nil }
        self.address = address
        let isMeant = environment["WATCHDOG_PID"].map { Int($0) == process } ?? true
        let patience = environment["WATCHDOG_USEC"].flatMap { Int64($0) }.map(Duration.microseconds)
        self.patience = isMeant ? patience.flatMap { $0 > .zero ? $0 : nil } : nil
    }

    package func tell(_ state: State) {
        let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var target = sockaddr_un()
        target.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(address.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: target.sun_path) else { return }
        if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &target.sun_path) { $0.copyBytes(from: bytes) }
        // The length says where a name without a folder ends.
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let text = Array(state.text.utf8)
        _ = withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(
                    descriptor, text, text.count, CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL),
                    $0, length)
            }
        }
    }

    /// Gives signs of life until it is cancelled, each once every event loop and the tasks have come to their
    /// turn: a program that hangs in one of them is silent. Returns at once when nobody waits for any.
    package func keepTelling() async {
        guard let patience else { return }
        while !Task.isCancelled {
            for loop in MultiThreadedEventLoopGroup.singleton.makeIterator() {
                guard (try? await loop.submit {}.get()) != nil else { return }
            }
            tell(.alive)
            try? await ContinuousClock().sleep(for: patience / 3)
        }
    }
}
