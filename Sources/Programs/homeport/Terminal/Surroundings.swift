internal import FoundationEssentials
internal import ServerKit

/// What one run of the program finds around it: the process's own, or a test's.
struct Surroundings: Sendable {
    var terminal: Terminal
    var environment: [String: String]
    var now: @Sendable () -> Date
    /// The operating system's user.
    var user = ProcessInfo.processInfo.userName

    static let process = Surroundings(
        terminal: .standard, environment: ProcessInfo.processInfo.environment, now: { Date() })

    /// Runs `body` as what the user of the operating system typed: the trail names him.
    func asOperator<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        try await RequestOrigin.$current.withValue(RequestOrigin(commandUser: user), operation: body)
    }

    /// Those of the command that runs in this task.
    @TaskLocal static var current = process
}
