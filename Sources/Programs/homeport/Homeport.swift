internal import ArgumentParser

/// The program: every service that its configuration names, and the commands that look after them.
@main
struct Homeport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "homeport",
        abstract: "A container registry of your own, with accounts and rules.",
        discussion: """
            Without any configuration, `homeport serve` serves a registry on 127.0.0.1:5000 from ./data. \
            The other commands work on the same data, also while it runs.

            Exit codes: 0 done, 1 refused or not found, 2 wrong usage or configuration, 3 what is needed cannot be \
            had, such as data that another server holds.
            """,
        version: Version.current,
        groupedSubcommands: [
            CommandGroup(
                name: "Server", subcommands: [ServeCommand.self, CheckCommand.self, VersionCommand.self]),
            CommandGroup(
                name: "Data",
                subcommands: [
                    AccountCommand.self, TokenCommand.self, RuleCommand.self, RepositoryCommand.self,
                    KeyCommand.self,
                ]),
            CommandGroup(name: "Weather", subcommands: [WeatherCommand.self]),
        ])

    static func main() async {
        ProcessLog.begin()
        let status = await Program(surroundings: .process).run(Array(CommandLine.arguments.dropFirst()))
        Self.exit(withError: ExitCode(status.rawValue))
    }
}
