import CLinux
import Glibc
import ServerKit

/// A program that has been started, in a process group of its own so that what it starts goes with it.
struct ChildProcess: ~Copyable {
    private let name: String
    private let pid: pid_t
    private let output: CInt

    /// How often somebody who has closed its output is looked after.
    private static let pause: UInt32 = 2000

    init(_ command: ProgramRunner.Command, input: [UInt8]) throws(StoreError) {
        let source = try Self.file(of: input)
        defer { close(source) }
        var ends: [CInt] = [-1, -1]
        guard homeport_pipe(&ends) == 0 else { throw Self.failure(command.program, "a pipe", errno) }
        defer { close(ends[1]) }
        do throws(StoreError) {
            pid = try Self.spawn(command, input: source, output: ends[1])
        } catch {
            close(ends[0])
            throw error
        }
        name = command.program
        output = ends[0]
    }

    deinit { close(output) }

    /// Waits for its end. A run that takes too long, or prints too much, is killed and thrown.
    consuming func finish(
        within time: Duration, outputMax: Int
    ) throws(StoreError) -> ProgramRunner.Ending {
        let end = ContinuousClock.now + time
        var bytes: [UInt8] = []
        do throws(StoreError) {
            bytes = try read(until: end, outputMax: outputMax)
            let status = try status(until: end)
            return ProgramRunner.Ending(status: status, output: bytes)
        } catch {
            kill(-pid, SIGKILL)
            var status: CInt = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            throw error
        }
    }

    private borrowing func read(
        until end: ContinuousClock.Instant, outputMax: Int
    ) throws(StoreError) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            var item = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            let left = (end - .now).components
            let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000
            guard milliseconds > 0 else { throw tooSlow }
            let ready = poll(&item, 1, CInt(min(milliseconds, 60_000)))
            if ready < 0, errno != EINTR { throw Self.failure(name, "its output", errno) }
            guard ready > 0 else { continue }
            let count = Glibc.read(output, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return bytes }
            bytes += piece[..<count]
            guard bytes.count <= outputMax else {
                throw StoreError(.unavailable, "\(name) prints more than \(outputMax) bytes")
            }
        }
    }

    /// Its exit status; 128 and the number for one that a signal has ended.
    private borrowing func status(until end: ContinuousClock.Instant) throws(StoreError) -> Int32 {
        var status: CInt = 0
        while true {
            let found = waitpid(pid, &status, WNOHANG)
            if found == pid { break }
            if found < 0, errno != EINTR { throw Self.failure(name, "its end", errno) }
            guard .now < end else { throw tooSlow }
            usleep(Self.pause)
        }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }

    private var tooSlow: StoreError { StoreError(.unavailable, "\(name) has taken too long and was killed") }

    private static func failure(_ name: String, _ what: String, _ code: CInt) -> StoreError {
        StoreError(.unavailable, "\(name): \(what) cannot be had: \(String(cString: strerror(code)))")
    }

    /// A file in memory alone: a program may leave it unread, and nobody else finds it.
    private static func file(of bytes: [UInt8]) throws(StoreError) -> CInt {
        let descriptor = homeport_memory_file()
        guard descriptor >= 0 else { throw failure("a program", "its input", errno) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else {
                let code = errno
                close(descriptor)
                throw failure("a program", "its input", code)
            }
            rest = rest.dropFirst(count)
        }
        lseek(descriptor, 0, SEEK_SET)
        return descriptor
    }

    private static func spawn(
        _ command: ProgramRunner.Command, input: CInt, output: CInt
    ) throws(StoreError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var words: [UnsafeMutablePointer<CChar>?] = ([command.program] + command.arguments).map { strdup($0) }
        defer { for word in words { free(word) } }
        words.append(nil)
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, command.program, &actions, &attributes, words, environ)
        guard code == 0 else {
            throw StoreError(
                .unavailable, "\(command.program) cannot be started: \(String(cString: strerror(code)))")
        }
        return pid
    }
}
