internal import ArgumentParser
internal import MongoStore
internal import ServerKit

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say what the configuration means, and what is wrong with it.",
        discussion:
            "Nothing is started and nothing is changed. The last column says where a value comes from. Places of the weather "
            + "that are named and not known yet are looked up.")

    @OptionGroup var settings: SettingsOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let loaded = try settings.load()
        var located = loaded
        try await located.locatePlaces(isKept: false, Surroundings.current)
        try await SecureDoor(loaded.values, now: Surroundings.current.now).open(loaded.values)
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
        terminal.note(ServedText(loaded).sentence)
        for note in ServedText(loaded).notes { terminal.note(note) }
        if let line = try await mongoLine(loaded.values) { terminal.note(line) }
        if let line = await s3Line(loaded.values) { terminal.note(line) }
        let sources = try SignInSources(loaded.values, threads: BlockingThreads(count: 1, queueMax: 1))
        for line in await sources.lines() { terminal.note(line) }
        await sources.shutDown()
        let authorizers = AuthorizerSet(loaded.values)
        for line in await authorizers.lines() { terminal.note(line) }
        await authorizers.shutDown()
        for line in loaded.values.accounts.vouchingLines { terminal.note(line) }
        let providers = IdentityProviderSet(loaded.values, now: Surroundings.current.now)
        for line in await providers.lines() { terminal.note(line) }
        try await providers.shutDown()
    }

    /// Whether the MongoDB answers, where there is to be one.
    private func mongoLine(_ values: Configuration) async throws -> String? {
        guard values.mongodb.isNamed else { return nil }
        let problem = try await MongoStore(values.mongodb.settings, now: Surroundings.current.now).problem()
        return "\(values.mongodb.words) " + (problem.map { "cannot be asked: \($0)." } ?? "can be asked.")
    }
}

extension CheckCommand {
    /// Whether the bucket answers, where there is to be one.
    private func s3Line(_ values: Configuration) async -> String? {
        guard let trouble = await S3Trouble.of(values, now: Surroundings.current.now()) else { return nil }
        return trouble.words.map { "S3 cannot be asked: \($0)." } ?? "The \(values.s3.words) can be asked."
    }
}

/// One setting as `homeport check` prints it.
private struct CheckedValue: Encodable {
    let key: String
    let value: String
    let from: String
}
