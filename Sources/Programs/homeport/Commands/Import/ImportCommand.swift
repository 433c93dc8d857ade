internal import ArgumentParser

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take over what another registry or token server holds.",
        subcommands: [ImportDistribution.self, ImportDockerAuth.self])
}
