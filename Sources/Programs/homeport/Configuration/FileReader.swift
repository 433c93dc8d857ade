internal import FoundationEssentials
internal import Yams

/// Reads a YAML text into sections, noting where every value stands and everything that is wrong.
struct FileReader {
    /// Relative file names in the text are relative to this.
    let place: Place
    var origins: [String: Origin] = [:]
    private(set) var problems: [ConfigurationProblem] = []
    /// Every key with a value there is, for saying which one was probably meant.
    private let knownPaths: [String]
    /// Whether it is read as programs in Go do: `<<: *name` takes over the keys of another mapping, and a key
    /// without a value is none.
    var readsAsGo = false

    init(place: Place, knownPaths: [String]) {
        self.place = place
        self.knownPaths = knownPaths
    }

    /// Reads `yaml` into `section`. An empty text, or one of comments alone, changes nothing.
    mutating func read<Section: ConfigurationSection>(_ yaml: String, into section: inout Section) {
        do {
            guard let root = try Yams.compose(yaml: yaml) else { return }
            readSection(root, into: &section, path: "")
        } catch let error as YamlError {
            problems.append(Self.problem(error))
        } catch {
            problems.append(
                ConfigurationProblem(path: "", origin: .builtIn, message: "is not YAML: \(error)"))
        }
    }

    mutating func readSection<Section: ConfigurationSection>(
        _ node: Node, into section: inout Section, path: String
    ) {
        if node.isNothing { return }
        guard case .mapping(let mapping) = node else {
            note(path, node, "holds \(node.whatItIs); expected keys such as `\(Section.keys[0].name)`")
            return
        }
        var seen: Set<String> = []
        for (keyNode, value) in readsAsGo ? mapping.merged : Array(mapping) {
            let name = keyNode.scalar?.string ?? ""
            if readsAsGo, value.isNothing, Section.keys.contains(where: { $0.name == name }) { continue }
            seen.insert(name)
            guard let key = Section.keys.first(where: { $0.name == name }) else {
                noteUnknown(name, at: keyNode, under: path, siblings: Section.keys.map(\.name))
                continue
            }
            // Also of a section that says nothing: that it is named can mean something.
            origins[Section.join(path, name)] = .file(line: keyNode.line)
            key.read(&section, value, &self, Section.join(path, name))
        }
        for key in Section.keys where key.isRequired && !seen.contains(key.name) {
            let expected = key.leaves("").first.map { "; expected \($0.expected)" } ?? ""
            note(Section.join(path, key.name), node, "is missing\(expected)")
        }
    }

    mutating func readSections<Section: ConfigurationSection>(
        _ node: Node, into sections: inout [Section], path: String
    ) {
        if node.isNothing { return }
        guard case .sequence(let sequence) = node else {
            note(path, node, "holds \(node.whatItIs); expected a list, each entry led by `- `")
            return
        }
        sections = sequence.enumerated().map { index, entry in
            var section = Section()
            origins["\(path)[\(index)]"] = .file(line: entry.line)
            readSection(entry, into: &section, path: "\(path)[\(index)]")
            return section
        }
    }

    mutating func readValue(
        _ node: Node, path: String, expected: String,
        assign: (RawValue, Place) -> ValueProblem?
    ) {
        origins[path] = .file(line: node.line)
        if node.isNothing {
            note(path, node, "has no value; expected \(expected)")
            return
        }
        guard let raw = node.rawValue else {
            note(path, node, "holds \(node.whatItIs); expected \(expected)")
            return
        }
        if let problem = assign(raw, place) { note(path, node, problem.description) }
    }

    mutating func note(_ path: String, _ node: Node, _ message: String) {
        problems.append(ConfigurationProblem(path: path, origin: .file(line: node.line), message: message))
    }

    private mutating func noteUnknown(_ name: String, at node: Node, under path: String, siblings: [String]) {
        let full = path.isEmpty ? name : "\(path).\(name)"
        let elsewhere = knownPaths.filter { $0.hasSuffix(".\(name)") }
        let hint: String
        if let sibling = NearestName.to(name, among: siblings) {
            hint = "; did you mean `\(path.isEmpty ? sibling : "\(path).\(sibling)")`?"
        } else if let other = elsewhere.first ?? NearestName.to(full, among: knownPaths) {
            hint = "; did you mean `\(other)`?"
        } else {
            hint = "; known here: \(siblings.sorted().joined(separator: ", "))"
        }
        note(full, node, "unknown key\(hint)")
    }

    private static func problem(_ error: YamlError) -> ConfigurationProblem {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            ConfigurationProblem(path: "", origin: .file(line: mark.line), message: "is not YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            ConfigurationProblem(
                path: "", origin: .file(line: context.mark.line),
                message:
                    "the mapping that begins here has \(duplicates.sorted().joined(separator: ", ")) twice")
        default:
            ConfigurationProblem(path: "", origin: .builtIn, message: "is not YAML: \(error)")
        }
    }
}

extension Node {
    /// Counted from 1.
    var line: Int { mark?.line ?? 1 }

    /// Whether nothing was written: `key:` or `key: ~`.
    var isNothing: Bool {
        guard case .scalar(let scalar) = self, scalar.style == .plain || scalar.style == .any else {
            return false
        }
        return ["", "~", "null"].contains(scalar.string)
    }

    var whatItIs: String {
        switch self {
        case .scalar(let scalar): "the text `\(scalar.string)`"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }

    /// A text, or a list of texts; nil for anything deeper.
    fileprivate var rawValue: RawValue? {
        switch self {
        case .scalar(let scalar): return .text(scalar.string)
        case .sequence(let sequence):
            let texts = sequence.map { $0.isNothing ? nil : $0.scalar?.string }
            guard texts.allSatisfy({ $0 != nil }) else { return nil }
            return .list(texts.compactMap(\.self))
        case .mapping, .alias: return nil
        }
    }
}
