internal import FoundationEssentials
internal import Yams

/// Documents of a MongoDB collection as `mongoexport` writes them: one a line, or all in one list.
///
/// JSON is YAML, so they are read with the same care as the configuration: a key that is not known makes a document one
/// that is left out, for a rule whose condition was misspelt would grant to everybody.
struct DockerAuthDocuments<Document: ConfigurationSection>: Sendable {
    struct Entry: Sendable {
        let line: Int
        let document: Document
    }

    let path: String
    private(set) var entries: [Entry] = []
    /// What is wrong with those that are left out.
    private(set) var problems: [ConfigurationProblem] = []

    private static var sizeMax: Int { 256 << 20 }

    init(path: String) throws(CommandFailure) {
        guard let content = FileManager.default.contents(atPath: path) else {
            throw .refused("there is no file \(path), or it cannot be read")
        }
        guard content.count <= Self.sizeMax, let text = String(data: content, encoding: .utf8) else {
            throw .refused("\(path) is larger than 256 MiB, or is not UTF-8 text")
        }
        self.init(text, path: path)
    }

    init(_ text: String, path: String) {
        self.path = path
        if text.first(where: { !$0.isWhitespace }) == "[" {
            do {
                let list = try Yams.compose(yaml: text)?.sequence.map { Array($0) } ?? []
                for node in list { take(node, line: node.line) }
            } catch {
                problems.append(problem(1, "is no list of documents: \(error)"))
            }
            return
        }
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        where line.contains(where: { !$0.isWhitespace }) {
            do {
                if let node = try Yams.compose(yaml: String(line)) { take(node, line: index + 1) }
            } catch {
                problems.append(problem(index + 1, "is no document in JSON"))
            }
        }
    }

    private mutating func take(_ node: Node, line: Int) {
        guard case .mapping = node else {
            problems.append(problem(line, "holds \(node.whatItIs) and no document"))
            return
        }
        var document = Document()
        var reader = FileReader(place: Place(folder: ""), knownPaths: Document.leaves().map(\.path))
        reader.readsAsGo = true
        reader.readSection(node, into: &document, path: "")
        guard reader.problems.isEmpty else {
            problems += reader.problems.map {
                ConfigurationProblem(path: $0.path, origin: .file(line: line), message: $0.message)
            }
            return
        }
        entries.append(Entry(line: line, document: document))
    }

    private func problem(_ line: Int, _ message: String) -> ConfigurationProblem {
        ConfigurationProblem(path: "", origin: .file(line: line), message: message)
    }
}

/// A document of the collection of users.
struct DockerAuthUserDocument: ConfigurationSection {
    var name: String?
    var password: String?
    var labels: [String: [String]] = [:]
    var expires: Date?
    var notBefore: Date?
    var isDisabled = false

    static var keys: [Key<Self>] {
        [
            .anything("_id"),
            .value("username", \.name, .optional(.anyText), isRequired: true),
            .value("password", \.password, .optional(.anyText)),
            .named("labels", \.labels, .list(of: .anyText)),
            .extended("expires", \.expires, "a date", ExtendedJSON.date),
            .extended("not_before", \.notBefore, "a date", ExtendedJSON.date),
            .value("disabled", \.isDisabled, .flag),
            .anything("__v"),
        ]
    }
}

/// A document of the collection of rules.
struct DockerAuthRuleDocument: ConfigurationSection {
    var seq: Int?
    var match = DockerAuthMatch()
    var actions: [String] = []
    var comment: String?

    static var keys: [Key<Self>] {
        [
            .anything("_id"),
            .extended("seq", \.seq, "a whole number", ExtendedJSON.integer, isRequired: true),
            .section("match", \.match),
            .value("actions", \.actions, .list(of: .anyText), isRequired: true),
            .value("comment", \.comment, .optional(.anyText)),
            .anything("__v"),
        ]
    }
}

extension Key {
    /// A key whose value is not looked at.
    static func anything(_ name: String) -> Key {
        Key(
            name: name, isRequired: false, read: { _, _, _, _ in }, leaves: { _ in [] },
            contradictions: { _, _ in [] })
    }

    /// A key whose value JSON has no form of its own for.
    fileprivate static func extended<Value>(
        _ name: String, _ property: WritableKeyPath<Section, Value?>, _ expected: String,
        _ read: @escaping (Node) -> Value?, isRequired: Bool = false
    ) -> Key {
        Key(
            name: name, isRequired: isRequired,
            read: { section, node, reader, path in
                section[keyPath: property] = read(node)
                if section[keyPath: property] == nil, !node.isNothing {
                    reader.note(path, node, "holds \(node.whatItIs); expected \(expected)")
                }
            }, leaves: { _ in [] }, contradictions: { _, _ in [] })
    }
}

/// Values as MongoDB writes them into JSON, plainly or with their type.
private enum ExtendedJSON {
    static func integer(_ node: Node) -> Int? {
        let inner = ["$numberInt", "$numberLong", "$numberDouble"].lazy.compactMap { node.mapping?[$0] }.first
        guard let text = (inner ?? node).scalar?.string else { return nil }
        return Int(text) ?? Double(text).flatMap { Int(exactly: $0) }
    }

    static func date(_ node: Node) -> Date? {
        guard let inner = node.mapping?["$date"] else { return node.scalar.flatMap { date($0.string) } }
        if inner.mapping != nil {
            return integer(inner).map { Date(timeIntervalSince1970: Double($0) / 1000) }
        }
        return inner.scalar.flatMap { date($0.string) }
    }

    private static func date(_ text: String) -> Date? {
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: text.contains("."))
        return try? Date(text, strategy: format)
    }
}
