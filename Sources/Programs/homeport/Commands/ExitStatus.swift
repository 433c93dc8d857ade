/// What scripts learn from the program's exit code. Written down in docs/operate.md.
enum ExitStatus: Int32, Sendable {
    case done = 0
    /// What was asked was refused, or is not there; the reason is on standard error.
    case refused = 1
    /// The command line or the configuration is wrong.
    case usage = 2
    /// The data cannot be reached: another server has it, the disk is full, the folder is not there.
    case unreachable = 3
}

/// Why a command ends without having done what it was asked, in a sentence for the person who asked.
struct CommandFailure: Error, CustomStringConvertible {
    let status: ExitStatus
    let description: String

    init(_ status: ExitStatus, _ description: String) {
        self.status = status
        self.description = description
    }

    static func refused(_ description: String) -> Self { Self(.refused, description) }
    static func usage(_ description: String) -> Self { Self(.usage, description) }
    static func unreachable(_ description: String) -> Self { Self(.unreachable, description) }
}
