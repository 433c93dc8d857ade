import Contracts
import Foundation
import Subprocess

#if canImport(System)
import System
#else
import SystemPackage
#endif

/// One run of a program: its arguments, its whole environment, what it reads and how long it may take.
package struct Command: Sendable {
    package var executable: String
    package var arguments: [String]
    /// Added to a minimal environment; the test's own is not inherited, so that nothing of the user's is
    /// used.
    package var environment: [String: String] = [:]
    package var input = ""
    package var limitInSeconds = 60

    package init(_ executable: String, _ arguments: [String]) {
        self.executable = executable
        self.arguments = arguments
    }

    /// The most a program may print on each of its outputs, in bytes.
    private static let outputMax = 8 << 20

    /// Runs it to its end. A program that runs longer than its limit is stopped and ends with status 124.
    package func run() async throws -> Finished {
        let timeout = try Peer(program: "timeout", debianPackage: "coreutils").path()
        // From a file and not through a pipe: a program may end before it has read everything, and then
        // swift-subprocess 1.0.2 traps (`StandardInputWriter` goes without having been finished).
        let folder = try TemporaryFolder()
        try Data(input.utf8).write(to: URL(filePath: folder.path + "/input"))
        let reader = try FileDescriptor.open(FilePath(folder.path + "/input"), .readOnly)
        let result = try await Subprocess.run(
            .path(FilePath(timeout)),
            arguments: Arguments(["--kill-after=5", "\(limitInSeconds)", executable] + arguments),
            environment: .custom(Self.minimalEnvironment.merging(environment) { $1 }.keyed),
            input: .fileDescriptor(reader, closeAfterSpawningProcess: true),
            output: .string(limit: Self.outputMax),
            error: .string(limit: Self.outputMax)
        )
        return Finished(
            line: ([executable] + arguments).joined(separator: " "),
            status: result.terminationStatus.shellStatus,
            output: result.standardOutput,
            errors: result.standardError
        )
    }

    static let minimalEnvironment = [
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "HOME": "/nonexistent",
    ]
}

/// How a command ended and what it said.
package struct Finished: Sendable, CustomStringConvertible {
    package let line: String
    /// As a shell counts: 128 and the number for a signal, 124 for a time limit.
    package let status: Int
    package let output: String
    package let errors: String

    package var description: String { "$ \(line)\n\(output)\(errors)[status \(status)]" }

    /// Everything it said.
    package var text: String { output + errors }

    /// The same, when it ended well; otherwise an error that shows all of it.
    @discardableResult
    package func succeeded() throws -> Finished {
        guard status == 0 else { throw CommandFailed(description: description) }
        return self
    }
}

/// A command that a test builds upon ended badly.
package struct CommandFailed: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
}

extension [String: String] {
    var keyed: [Environment.Key: String] {
        Dictionary<Environment.Key, String>(
            uniqueKeysWithValues: compactMap { name, value in
                Environment.Key(rawValue: name).map { ($0, value) }
            })
    }
}

extension TerminationStatus {
    var shellStatus: Int {
        switch self {
        case .exited(let code): Int(code)
        case .signaled(let signal): 128 + Int(signal)
        }
    }
}
