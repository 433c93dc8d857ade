import Foundation
import NIOPosix

/// A plain TCP connection to a server on this machine, for requests that no well-behaved client would send.
///
/// Calls block threads of a pool of their own, never the concurrency threads, nor NIO's few, for which servers under test
/// wait. Every read gives up after
/// `patience`.
package final class RawConnection: Sendable {
    private let descriptor: CInt

    private static let threads: NIOThreadPool = {
        let threads = NIOThreadPool(numberOfThreads: 64)
        threads.start()
        return threads
    }()

    /// - Parameter patience: after how many seconds without a byte a read gives up.
    package init(port: Int, patience: Int = 20) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw RawConnectionError("no socket: errno \(errno)") }
        var wait = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            let reason = errno
            Foundation.close(descriptor)
            throw RawConnectionError("cannot connect to port \(port): errno \(reason)")
        }
    }

    deinit { Foundation.close(descriptor) }

    /// Sends everything; false when the server has closed meanwhile.
    @discardableResult
    package func send(_ bytes: [UInt8]) async throws -> Bool {
        try await Self.threads.runIfActive { [descriptor] in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes {
                    Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }

    @discardableResult
    package func send(_ text: String) async throws -> Bool { try await send(Array(text.utf8)) }

    /// Reads until the server closes, or nothing has come for the time of patience, or `limit` bytes are
    /// there.
    package func readToEnd(limit: Int = 1 << 30) async throws -> [UInt8] {
        try await read(limit: limit) { _ in false }
    }

    /// Reads one answer's head, and as much of its body as its Content-Length says.
    package func readAnswer() async throws -> (head: String, body: [UInt8]) {
        let bytes = try await read(limit: 1 << 30) { Self.isWholeAnswer($0) }
        guard let split = Self.endOfHead(bytes) else {
            throw RawConnectionError("no answer, only \(String(decoding: bytes, as: UTF8.self))")
        }
        return (String(decoding: bytes[..<split], as: UTF8.self), Array(bytes[split...]))
    }

    /// Reads at least `count` bytes, fewer only at the end.
    package func read(atLeast count: Int) async throws -> [UInt8] {
        try await read(limit: 1 << 30) { $0.count >= count }
    }

    /// Whether bytes have come, or the end, that nobody has read.
    package func hasBytes() async throws -> Bool {
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&item, 1, 0) > 0
    }

    private func read(limit: Int, until isDone: @escaping @Sendable ([UInt8]) -> Bool) async throws -> [UInt8]
    {
        try await Self.threads.runIfActive { [descriptor] in
            var all: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: 64 << 10)
            while all.count < limit, !isDone(all) {
                let count = recv(descriptor, &piece, piece.count, 0)
                guard count > 0 else { break }
                all += piece[..<count]
            }
            return all
        }
    }

    private static func endOfHead(_ bytes: [UInt8]) -> Int? {
        let mark: [UInt8] = [13, 10, 13, 10]
        return bytes.indices.dropLast(3).first { bytes[$0] == 13 && Array(bytes[$0..<$0 + 4]) == mark }
            .map { $0 + 4 }
    }

    private static func isWholeAnswer(_ bytes: [UInt8]) -> Bool {
        guard let split = endOfHead(bytes) else { return false }
        let head = String(decoding: bytes[..<split], as: UTF8.self)
        let length = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) }
        return bytes.count - split >= length ?? 0
    }
}

/// Why a raw connection could not do what a test asked of it.
package struct RawConnectionError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
