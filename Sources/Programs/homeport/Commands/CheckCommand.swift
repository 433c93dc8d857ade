internal import ArgumentParser

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say what the configuration means, and what is wrong with it.",
        discussion:
            "Nothing is started and nothing is changed. The last column says where a value comes from.")

    @OptionGroup var settings: SettingsOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let loaded = try settings.load()
        let values = Configuration.leaves().map { leaf in
            CheckedValue(
                key: leaf.path, value: leaf.show(loaded.values), from: "\(loaded.origin(of: leaf.path))")
        }
        let terminal = Surroundings.current.terminal
        if json {
            terminal.print(try JSON.text(values))
            return
        }
        var table = Table("KEY", "VALUE", "FROM")
        for value in values { table.add([value.key, printable(value.value), value.from]) }
        terminal.print(table.text)
        terminal.note("The configuration is right\(loaded.file.map { ": \($0)" } ?? "; there is no file").")
    }
}

/// One setting as `homeport check` prints it.
private struct CheckedValue: Encodable {
    let key: String
    let value: String
    let from: String
}
