import ServerKit

/// Runs a program once for each question: what it reads is given to it whole, what it prints and how long it takes
/// have limits, and only so many run at once.
package struct ProgramRunner: Sendable {
    package struct Command: Sendable, Hashable {
        /// A path, or a name that is looked for in `PATH`.
        package var program: String
        package var arguments: [String]

        package init(_ program: String, _ arguments: [String] = []) {
            self.program = program
            self.arguments = arguments
        }
    }

    package struct Limits: Sendable {
        /// How long one run may take; then it is killed with all that it has started.
        package var time = Duration.seconds(10)
        /// How many run at once, and how many more may wait.
        package var runs = 16
        package var waiting = 256
        /// The most that is read of what it prints, in bytes.
        package var output = 64 << 10

        package init() {}
    }

    /// How a run ended.
    struct Ending: Sendable, Hashable {
        let status: Int32
        let output: [UInt8]
    }

    private let command: Command
    private let limits: Limits
    private let threads: BlockingThreads

    package init(_ command: Command, limits: Limits = Limits()) {
        self.command = command
        self.limits = limits
        threads = BlockingThreads(count: limits.runs, queueMax: limits.runs + limits.waiting)
    }

    /// Runs the program with `input` on its standard input. Its standard error is the server's.
    func run(_ input: [UInt8]) async throws(StoreError) -> Ending {
        do {
            return try await threads.run { [command, limits] in
                try ChildProcess(command, input: input).finish(within: limits.time, outputMax: limits.output)
            }
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(.unavailable, "running \(command.program)", cause: error)
        }
    }
}
