internal import Access
internal import Accounts
internal import FoundationEssentials
internal import TLSKit

/// What of a docker_auth configuration can be taken over into the store: accounts, rules in Homeport's notation,
/// the key. And what is to be said of it.
struct DockerAuthWares: Sendable {
    let file: DockerAuthFile
    let accounts: [Account]
    /// Numbered in steps, so that others fit between.
    let rules: [Rule]
    let key: StoredKey?
    /// What means something else now.
    let differences: [DockerAuthNote]
    let collections: DockerAuthCollections

    private static let step = 10

    /// - Parameter collections: asked after the file, as docker_auth does: its users are looked for there when the
    /// file does not know them, and its rules stand behind those of the file.
    init(
        _ file: DockerAuthFile, collections: DockerAuthCollections, wantsKey: Bool, now: Date
    ) throws {
        var options = DockerAuthOptions()
        // Accounts here have the safe meaning.
        options.safety = [.values, .actions, .passwords]
        var planner = DockerAuthPlanner(file: file, options: options, now: now)
        let users = planner.users()
        let old = planner.rules()
        let key = wantsKey ? planner.key() : nil
        guard planner.problems.isEmpty else {
            throw ConfigurationError(file: file.path, problems: planner.problems)
        }
        var differences = planner.notes.filter { $0.key.hasPrefix("users.") }
        var rules: [Rule] = []
        for rule in old {
            let translated = DockerAuthTranslation(of: rule)
            var own = translated.rule
            own.seq = rule.seq * Self.step
            rules.append(own)
            let entry = "acl[\(rule.seq - 1)]"
            for difference in translated.differences {
                let path =
                    difference.field == "actions" ? "\(entry).actions" : "\(entry).match.\(difference.field)"
                differences.append(
                    DockerAuthNote(key: path, line: file.line(of: path), text: difference.text))
            }
        }
        for (number, entry) in collections.rules.enumerated() {
            var own = entry.rule
            own.seq = (old.count + number + 1) * Self.step
            rules.append(own)
        }
        do throws(AccessError) {
            _ = try Policy(rules: rules)
        } catch {
            // What docker_auth takes and this does not would have been found before.
            throw CommandFailure.refused("the rules cannot be written in this program's notation: \(error)")
        }
        differences += Self.labels(in: file)
        self.file = file
        let own = users.map { account in
            var account = account
            account.labels = DockerAuthTranslation.labels(of: account.labels)
            return account
        }
        let names = Set(own.map(\.name))
        self.accounts = own + collections.accounts.filter { !names.contains($0.name) }
        self.collections = collections
        self.rules = rules
        self.key = key?.stored
        self.differences = DockerAuthNote.together(differences)
    }

    /// Labels that were regular expressions, or are written in another way.
    private static func labels(in file: DockerAuthFile) -> [DockerAuthNote] {
        file.values.users.sorted { $0.key < $1.key }.flatMap { name, user in
            user.labels.sorted { $0.key < $1.key }.compactMap { label, values -> DockerAuthNote? in
                guard let text = difference(of: values) else { return nil }
                let key = "users.\(name).labels.\(label)"
                return DockerAuthNote(key: key, line: file.line(of: key), text: text)
            }
        }
    }

    private static func difference(of values: [String]) -> String? {
        if values.contains(where: { $0.count > 2 && $0.hasPrefix("/") && $0.hasSuffix("/") }) {
            return "a value between slashes was a regular expression, and is a text now"
        }
        let labels: Labels = ["": values.map { LabelValue($0) }]
        return DockerAuthTranslation.labels(of: labels) == labels
            ? nil : "a value with ** or [! was written anew, because they mean something else here"
    }
}

/// What an import of docker_auth's configuration did, as it is printed.
struct DockerAuthReport: Encodable {
    struct Entry: Encodable {
        let file: String
        let key: String
        let line: Int
        let text: String
    }

    let from: String
    let dryRun: Bool
    var accounts = 0
    /// Those that were here before and stay as they are.
    var knownAccounts: [String] = []
    var rules = 0
    var removedRules = 0
    var hasKey = false
    var leftOut: [Entry]
    let differences: [Entry]
    /// What the rest of the file comes to, in this program's own configuration.
    let configuration: String

    private let counts: (accounts: Int, rules: Int)

    init(_ wares: DockerAuthWares, of file: String, isRehearsal: Bool) {
        from = file
        dryRun = isRehearsal
        counts = (wares.accounts.count, wares.rules.count)
        let settings = DockerAuthSettings(wares.file)
        let collections = wares.collections
        func entries(_ notes: [DockerAuthNote]) -> [Entry] {
            notes.map { Entry(file: file, key: $0.key, line: $0.line, text: $0.text) }
        }
        leftOut = entries(settings.leftOut) + collections.leftOut
        differences = entries(wares.differences) + collections.differences
        configuration = settings.text
    }

    private enum CodingKeys: String, CodingKey {
        case from, dryRun, accounts, knownAccounts, rules, removedRules, hasKey, leftOut, differences,
            configuration
    }

    /// As if everything were new.
    mutating func rehearse() {
        accounts = counts.accounts
        rules = counts.rules
    }

    var text: String {
        let verb = dryRun ? "Would take over" : "Took over"
        var parts = [
            "\(verb) \(Self.count(accounts, "account")) and \(Self.count(rules, "rule")) of \(printable(from))."
        ]
        if removedRules > 0 { parts.append("Rules that were here before and are removed: \(removedRules).") }
        if hasKey { parts.append("Its key signs from now on.") }
        if !knownAccounts.isEmpty {
            let names: [String] = knownAccounts.map { printable($0) }
            parts.append("Here before, and left as they are: \(names.joined(separator: ", ")).")
        }
        parts += list("These mean something else now", differences) + list("Left out", leftOut)
        parts += ["", "The rest of the file, as this program's configuration:", "", configuration]
        return parts.joined(separator: "\n")
    }

    private func list(_ title: String, _ entries: [Entry]) -> [String] {
        guard !entries.isEmpty else { return [] }
        return ["", "\(title):"]
            + entries.map {
                printable("  \($0.file):\($0.line): \($0.key.isEmpty ? "" : "\($0.key): ")\($0.text)")
            }
    }

    private static func count(_ number: Int, _ noun: String) -> String {
        number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
    }
}
