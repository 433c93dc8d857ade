internal import FoundationEssentials

/// What one run of the program finds around it: the process's own, or a test's.
struct Surroundings: Sendable {
    var terminal: Terminal
    var environment: [String: String]
    var now: @Sendable () -> Date

    static let process = Surroundings(
        terminal: .standard, environment: ProcessInfo.processInfo.environment, now: { Date() })

    /// Those of the command that runs in this task.
    @TaskLocal static var current = process
}
