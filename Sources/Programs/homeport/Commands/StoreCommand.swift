internal import ArgumentParser
internal import FoundationEssentials
internal import ServerKit

/// A command that works on the data, beside a running server or without one.
protocol StoreCommand: AsyncParsableCommand {
    var settings: SettingsOptions { get }

    func run(on stores: Stores, _ terminal: Terminal) async throws
}

extension StoreCommand {
    func run() async throws {
        let surroundings = Surroundings.current
        let loaded = try settings.load()
        let folder = DataFolder(loaded.values.data)
        guard folder.hasStore else {
            throw CommandFailure.unreachable(
                "there is no data in \(folder.path): start `homeport serve` once, or say where it lies with "
                    + "--data or --config")
        }
        let stores = try Stores.open(loaded.values, now: surroundings.now)
        do {
            try await surroundings.asOperator { try await run(on: stores, surroundings.terminal) }
        } catch {
            try? await stores.close()
            throw error
        }
        try await stores.close()
    }
}

/// `--json` of a listing.
struct ListingOptions: ParsableArguments {
    @Flag(help: "Print JSON.")
    var json = false

    /// Prints the entries as JSON, or as the table.
    func print(_ entries: [some Encodable], to terminal: Terminal, table: () -> Table) throws {
        terminal.print(json ? try JSON.text(entries) : table().text)
    }
}

/// `--yes` of a command that destroys something.
struct ConfirmationOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    /// Asks on a terminal; elsewhere, `--yes` must have been given.
    func confirm(_ question: String, _ terminal: Terminal) throws {
        if yes { return }
        guard terminal.canAsk else { throw CommandFailure.usage("\(question) Say so with --yes.") }
        guard terminal.confirm(question) else { throw CommandFailure.refused("nothing was changed") }
    }
}
