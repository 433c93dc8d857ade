import Foundation
import Subprocess
import Synchronization

#if canImport(System)
import System
#else
import SystemPackage
#endif

/// A server that runs beside a test and never outlives it.
///
/// A small shell stands between: it passes on the signals whose names it reads, and when its input ends,
/// because the test has finished or the whole test run was killed, it ends the server: one that is still there a
/// minute after it was asked to stop is killed, so that it cannot hold up the test run for ever.
package final class GuardedProcess: Sendable {
    /// The server's own process, for reading what the kernel says of it.
    package let pid: Int
    private let lines: LineQueue
    private let send: @Sendable (String) async throws -> Void

    init(pid: Int, lines: LineQueue, send: @escaping @Sendable (String) async throws -> Void) {
        self.pid = pid
        self.lines = lines
        self.send = send
    }

    /// Sends a signal by its name, `TERM` or `KILL`.
    package func signal(_ name: String) async throws {
        try await send("\(name)\n")
    }

    /// The next line on its standard output that starts with `prefix`; nil when the output ended before.
    package func line(startingWith prefix: String) async -> String? {
        while let line = await lines.next() {
            if line.hasPrefix(prefix) { return line }
        }
        return nil
    }

    /// The next line on its standard output that has `words` in it; nil when the output ended before.
    package func line(containing words: String) async -> String? {
        while let line = await lines.next() {
            if line.contains(words) { return line }
        }
        return nil
    }

    /// Waits until its output has ended, which is when it has.
    package func ended() async {
        while await lines.next() != nil {}
    }

    static let script = """
        exec 3<&0 </dev/null
        sh -c 'echo "pid $$"; exec "$@"' sh "$@" 3<&- &
        server=$!
        {
            while read -r signal <&3; do kill -s "$signal" "$server"; done
            kill -s TERM "$server"
            for second in $(seq 60); do sleep 1; kill -0 "$server" || exit; done
            kill -s KILL "$server"
        } >/dev/null 2>&1 &
        exec 3<&-
        wait "$server"
        """
}

/// The lines a process prints, for one reader at a time.
actor LineQueue {
    private var iterator: AsyncStream<String>.Iterator

    init(_ stream: AsyncStream<String>) { self.iterator = stream.makeAsyncIterator() }

    func next() async -> String? {
        var mine = iterator
        let line = await mine.next(isolation: self)
        iterator = mine
        return line
    }
}

/// Runs a server while `body` runs, then asks it to stop by SIGTERM and waits for its end.
///
/// - Parameter log: the file that takes its standard error.
/// - Returns: what `body` returned, and the server's status as a shell counts.
package func withGuardedProcess<Value: Sendable>(
    _ executable: String, _ arguments: [String], environment: [String: String], log: String,
    _ body: @Sendable @escaping (GuardedProcess) async throws -> Value
) async throws -> (value: Value, status: Int) {
    let logFile = try FileDescriptor.open(
        FilePath(log), .writeOnly, options: [.create, .append], permissions: [.ownerReadWrite])
    let result = try await Subprocess.run(
        .path("/bin/sh"),
        arguments: Arguments(["-c", GuardedProcess.script, "sh", executable] + arguments),
        environment: .custom(Command.minimalEnvironment.merging(environment) { $1 }.keyed),
        input: .inputWriter, output: .sequence,
        error: .fileDescriptor(logFile, closeAfterSpawningProcess: true)
    ) { execution in
        let (stream, continuation) = AsyncStream.makeStream(of: String.self)
        let writer = execution.standardInputWriter
        let output = execution.standardOutput
        let pump = Task {
            defer { continuation.finish() }
            for try await line in output.strings() {
                continuation.yield(line.trimmingCharacters(in: .newlines))
            }
        }
        let outcome: Result<Value, any Error>
        do {
            let lines = LineQueue(stream)
            let first = await lines.next() ?? ""
            guard first.hasPrefix("pid "), let pid = Int(first.dropFirst(4)) else {
                throw CommandFailed(description: "\(executable) did not start")
            }
            let process = GuardedProcess(pid: pid, lines: lines) { _ = try await writer.write($0) }
            outcome = .success(try await body(process))
        } catch {
            outcome = .failure(error)
        }
        try await writer.finish()
        try await pump.value
        return outcome
    }
    return (try result.closureResult.get(), result.terminationStatus.shellStatus)
}
