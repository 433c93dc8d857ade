internal import FoundationEssentials

/// A configuration that has been read and found right, and where each of its values came from.
struct LoadedConfiguration: Sendable {
    let file: String?
    var values: Configuration
    private let origins: [String: Origin]

    /// Where the value of a key came from.
    func origin(of path: String) -> Origin { origins[path] ?? .builtIn }

    /// Whether a section, or anything in it, was set somewhere.
    func names(_ section: String) -> Bool {
        origins.keys.contains { $0 == section || $0.hasPrefix(section + ".") }
    }

    /// Reads the file, lays the environment over it and the command line's options over both.
    ///
    /// - Parameters:
    ///   - file: the YAML file; nil for none.
    ///   - environment: the variables of the process; those named `HOMEPORT_…` are settings.
    ///   - options: values given on the command line: the key's path, the option's name, the text.
    static func load(
        file: String?, environment: [String: String],
        options: [(path: String, option: String, text: String)] = []
    ) throws -> LoadedConfiguration {
        var values = Configuration()
        let leaves = Configuration.leaves()
        let paths = leaves.filter { $0.assign != nil }.map(\.path)
        var reader = FileReader(place: Place(folder: file.map(folder) ?? ""), knownPaths: paths)
        if let file { reader.read(try text(of: file), into: &values) }

        var overlay = Overlay(values: values, origins: reader.origins)
        overlay.apply(environment: environment, leaves: leaves)
        overlay.apply(options: options, leaves: leaves)
        var problems = reader.problems + overlay.problems
        let loaded = LoadedConfiguration(file: file, values: overlay.values, origins: overlay.origins)
        if problems.isEmpty { problems = loaded.contradictions }
        guard problems.isEmpty else { throw ConfigurationError(file: file, problems: problems) }
        return loaded
    }

    /// Throws when the values contradict each other beside some that have to wait for a restart.
    func requireNoContradiction(beside waiting: [String]) throws(ConfigurationError) {
        guard !waiting.isEmpty else { return }
        let keys = waiting.map { "`\($0)`" }.joined(separator: ", ")
        let problems = contradictions.map { problem in
            var problem = problem
            problem.message += " (beside what counts after a restart: \(keys)); restart the server"
            return problem
        }
        guard problems.isEmpty else { throw ConfigurationError(file: file, problems: problems) }
    }

    private var contradictions: [ConfigurationProblem] {
        values.allContradictions().map { path, message in
            ConfigurationProblem(path: path, origin: nearestOrigin(of: path), message: message)
        }
    }

    /// Where a value came from; of one that was not set, the section it is missing in.
    func nearestOrigin(of path: String) -> Origin {
        var path = path[...]
        while !path.isEmpty {
            if let origin = origins[String(path)] { return origin }
            path = path.lastIndex { $0 == "." || $0 == "[" }.map { path[..<$0] } ?? ""
        }
        return .builtIn
    }

    /// Relative names in a file are relative to the folder it lies in.
    private static func folder(of file: String) -> String {
        guard let slash = file.lastIndex(of: "/") else { return "" }
        return slash == file.startIndex ? "/" : String(file[..<slash])
    }

    private static func text(of file: String) throws -> String {
        let problem: String
        do {
            let content = try Data(contentsOf: URL(filePath: file))
            if let text = String(data: content, encoding: .utf8) { return text }
            problem = "is not UTF-8 text"
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
            problem = "there is no such file"
        } catch {
            problem = "cannot be read"
        }
        throw ConfigurationError(
            file: file, problems: [ConfigurationProblem(path: "", origin: .builtIn, message: problem)])
    }
}

/// Where a configuration is read from, and is read from again.
struct ConfigurationSource: Sendable {
    let file: String?
    let environment: [String: String]
    let options: [(path: String, option: String, text: String)]

    func load() throws -> LoadedConfiguration {
        try LoadedConfiguration.load(file: file, environment: environment, options: options)
    }
}

/// What is laid over the values of the file.
private struct Overlay {
    var values: Configuration
    var origins: [String: Origin]
    var problems: [ConfigurationProblem] = []

    mutating func apply(environment: [String: String], leaves: [Leaf<Configuration>]) {
        var known: [String: Leaf<Configuration>] = [:]
        for leaf in leaves where leaf.assign != nil { known[EnvironmentNames.name(of: leaf.path)] = leaf }
        for (name, text) in environment.sorted(by: { $0.key < $1.key }) {
            if let leaf = known[name] {
                assign(text, to: leaf, from: .environment(name))
            } else if EnvironmentNames.isMeantForUs(name) {
                let hint =
                    NearestName.to(name, among: known.keys.sorted()).map { "; did you mean \($0)?" } ?? ""
                let message = "no setting has this name\(hint)"
                problems.append(ConfigurationProblem(path: "", origin: .environment(name), message: message))
            }
        }
    }

    mutating func apply(
        options: [(path: String, option: String, text: String)], leaves: [Leaf<Configuration>]
    ) {
        for (path, option, text) in options {
            guard let leaf = leaves.first(where: { $0.path == path }) else { continue }
            assign(text, to: leaf, from: .option(option))
        }
    }

    private mutating func assign(_ text: String, to leaf: Leaf<Configuration>, from origin: Origin) {
        origins[leaf.path] = origin
        guard let problem = leaf.assign?(&values, .text(text), Place(folder: "")) else { return }
        problems.append(ConfigurationProblem(path: leaf.path, origin: origin, message: problem.description))
    }
}

/// How settings are named in the environment.
enum EnvironmentNames {
    /// Variables with our prefix that are no settings.
    static let others: Set<String> = ["HOMEPORT_CONFIG", "HOMEPORT_ADMIN_PASSWORD"]

    /// `HOMEPORT_TOKEN_LIFE` for `token.life`.
    static func name(of path: String) -> String {
        "HOMEPORT_" + path.uppercased().map { $0 == "." ? "_" : String($0) }.joined()
    }

    /// Whether a variable can only have been meant as a setting.
    ///
    /// A Kubernetes service named `homeport` puts `HOMEPORT_PORT`, `HOMEPORT_PORT_5000_TCP`,
    /// `HOMEPORT_SERVICE_HOST` and the like into every container beside it; these are nobody's slip.
    static func isMeantForUs(_ name: String) -> Bool {
        guard name.hasPrefix("HOMEPORT_"), !others.contains(name) else { return false }
        let rest = name.dropFirst("HOMEPORT_".count)
        return !(rest == "PORT" || rest.hasPrefix("PORT_") || rest.hasPrefix("SERVICE_"))
    }
}
