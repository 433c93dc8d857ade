/// Where a setting came from.
enum Origin: Hashable, Sendable {
    case builtIn
    /// A line of the configuration file, counted from 1.
    case file(line: Int)
    /// The environment variable of this name.
    case environment(String)
    /// An option of the command line, `--listen`.
    case option(String)
}

extension Origin: CustomStringConvertible {
    var description: String {
        switch self {
        case .builtIn: "default"
        case .file(let line): "line \(line)"
        case .environment(let name): name
        case .option(let name): name
        }
    }
}

/// One thing that is wrong with a configuration: where it stands, what is wrong, and what would be right.
struct ConfigurationProblem: Hashable, Sendable {
    /// The key it is about, `registry.manifest_max`; empty when it is about the file as a whole.
    var path: String
    var origin: Origin
    var message: String

    /// One line, led by the file and the line as compilers do it, so that editors can jump there.
    func description(file: String?) -> String {
        let place: String
        switch origin {
        case .builtIn: place = file.map { "\($0): " } ?? ""
        case .file(let line): place = "\(file ?? "configuration"):\(line): "
        case .environment(let name): place = "\(name): "
        case .option(let name): place = "\(name): "
        }
        return place + (path.isEmpty ? message : "\(path): \(message)")
    }
}

/// Everything that is wrong with a configuration, so that it is put right in one go.
struct ConfigurationError: Error, CustomStringConvertible {
    let file: String?
    let problems: [ConfigurationProblem]

    var description: String {
        problems.map { $0.description(file: file) }.joined(separator: "\n")
    }
}

/// Why a value cannot be taken, in words that follow the name of its key.
struct ValueProblem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
