internal import ArgumentParser

/// The options that say which configuration and which data a command is about.
struct SettingsOptions: ParsableArguments {
    @Option(
        name: .long, help: ArgumentHelp("The configuration file.", valueName: "file"), completion: .file())
    var config: String?

    @Option(
        name: .long, help: ArgumentHelp("The folder of the data.", valueName: "folder"),
        completion: .directory)
    var data: String?

    /// The configuration: the file of `--config` or of `HOMEPORT_CONFIG`, under the environment, under the
    /// options.
    func load(
        adding more: [(path: String, option: String, text: String)] = []
    ) throws -> LoadedConfiguration {
        try source(adding: more).load()
    }

    /// Where the configuration is read from.
    func source(adding more: [(path: String, option: String, text: String)] = []) -> ConfigurationSource {
        let environment = Surroundings.current.environment
        let file = config ?? environment["HOMEPORT_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        let options = data.map { [(path: "data", option: "--data", text: $0)] } ?? []
        return ConfigurationSource(file: file, environment: environment, options: options + more)
    }
}
