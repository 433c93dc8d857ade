import ArgumentParser
import Foundation
import Testing

@testable import homeport

/// The manual of all commands is what the program itself says.
@Suite struct CommandManualTests {
    private static let page = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "docs/commands.md")

    @Test func theManualOfCommandsIsTheProgramsOwnHelp() throws {
        let text = manual()
        if ProcessInfo.processInfo.environment["UPDATE_DOCS"] != nil {
            try Data(text.utf8).write(to: Self.page)
        }
        let written = try String(contentsOf: Self.page, encoding: .utf8)
        #expect(written == text, "docs/commands.md is out of date: `make docs` writes it anew")
    }

    @Test func everyCommandSaysWhatItDoes() {
        for command in commands() { #expect(!command.type.configuration.abstract.isEmpty, "\(command.name)") }
    }

    private func manual() -> String {
        let sections = commands().map { command in
            "## \(command.name)\n\n```\n\(Homeport.helpMessage(for: command.type, columns: 100))\n```\n"
        }
        let head =
            "# Commands\n\nWhat `homeport help` says, command by command. `make docs` writes this page.\n"
        return ([head] + sections).joined(separator: "\n")
    }

    private func commands() -> [(name: String, type: any ParsableCommand.Type)] {
        func below(_ type: any ParsableCommand.Type, _ path: [String]) -> [(String, any ParsableCommand.Type)]
        {
            let groups = type.configuration.groupedSubcommands.flatMap(\.subcommands)
            let inner = type.configuration.ungroupedSubcommands + groups
            return [(path.joined(separator: " "), type)]
                + inner.flatMap { below($0, path + [$0.configuration.commandName ?? ""]) }
        }
        return below(Homeport.self, ["homeport"]).map { (name: $0.0, type: $0.1) }
    }
}
