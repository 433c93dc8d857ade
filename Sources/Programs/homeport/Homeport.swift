internal import ArgumentParser
internal import CLinux

/// The program: every service that its configuration names, and the commands that look after them.
#if !FUZZING
@main
#endif
struct Homeport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "homeport",
        abstract:
            "A container registry of your own, with accounts and rules, and the weather in your calendar.",
        discussion: """
            Without any configuration, `homeport serve` serves a registry on 127.0.0.1:5000 from ./data. \
            The other commands work on the same data, also while it runs.

            Exit codes: 0 done, 1 refused or not found, 2 wrong usage or configuration, 3 what is needed cannot be \
            had, such as data that another server holds.
            """,
        version: Version.current,
        groupedSubcommands: [
            CommandGroup(
                name: "Server",
                subcommands: [
                    ServeCommand.self, ReloadCommand.self, TokenServerCommand.self, CheckCommand.self,
                    VersionCommand.self,
                ]),
            CommandGroup(
                name: "Installation",
                subcommands: [SetupCommand.self, DoctorCommand.self, SelfImageCommand.self]),
            CommandGroup(
                name: "Data",
                subcommands: [
                    AccountCommand.self, TokenCommand.self, RuleCommand.self, RepositoryCommand.self,
                    CollectCommand.self, VerifyCommand.self, BackupCommand.self, RestoreCommand.self,
                    ImportCommand.self, KeyCommand.self,
                ]),
            CommandGroup(
                name: "Policy",
                subcommands: [QuotaCommand.self, ImmutableCommand.self, RetentionCommand.self]),
            CommandGroup(name: "Door", subcommands: [BanCommand.self]),
            CommandGroup(name: "Trail", subcommands: [AuditCommand.self]),
            CommandGroup(name: "Weather", subcommands: [WeatherCommand.self]),
        ])

    static func main() async {
        homeport_settle_allocator()
        ProcessLog.begin()
        let status = await Program(surroundings: .process).run(Array(CommandLine.arguments.dropFirst()))
        Self.exit(withError: ExitCode(status.rawValue))
    }
}
