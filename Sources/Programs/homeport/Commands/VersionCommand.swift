internal import ArgumentParser

struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Say which version this is.")

    func run() async throws {
        Surroundings.current.terminal.print("homeport \(Version.current)")
    }
}
