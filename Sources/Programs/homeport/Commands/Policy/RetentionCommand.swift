internal import Access
internal import ArgumentParser
internal import Audit
internal import FoundationEssentials
internal import OCI
internal import Registry

struct RetentionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retention",
        abstract: "Remove tags that the rules of the configuration do not keep.",
        discussion: """
            The rules are in the configuration, under registry.retention; the server runs them by itself. Only tags go: \
            their manifests stay until they are collected, and until then `homeport repo restore` brings a tag back.
            """,
        subcommands: [RetentionRun.self, RetentionTry.self])
}

struct RetentionRun: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Remove tags now, and say of each tag why it goes or stays.")

    @Flag(help: "Remove nothing.")
    var dryRun = false
    @OptionGroup var output: RetentionOptions
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        guard !stores.values.retentionRules.isEmpty else {
            throw CommandFailure.refused("the configuration has no rules under registry.retention")
        }
        let summary = try await output.run(stores.retention(), isDryRun: dryRun, terminal)
        if !dryRun { try await stores.note(.retention, by: "", summary.words) }
    }
}

struct RetentionTry: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "try", abstract: "Say which tags a rule would remove, without setting it.")

    @Argument(help: "The repositories, such as 'ci/**'.", transform: PolicyText.glob)
    var name: Glob

    @Argument(help: "The tags, such as 'build-*'.", transform: PolicyText.glob)
    var tag: Glob

    @Option(help: ArgumentHelp("So many stay, those pushed last.", valueName: "count"))
    var keepLast: Int?

    @Option(
        help: ArgumentHelp("Those pushed within this time stay: 30d.", valueName: "time"),
        transform: PolicyText.duration)
    var keepYounger: Duration?
    @OptionGroup var output: RetentionOptions
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let rule = RetentionRule(
            repositories: name, tags: tag, keepLast: keepLast,
            keepYounger: keepYounger.map { TimeInterval($0.components.seconds) })
        guard let rule else {
            throw CommandFailure.usage("every tag would go; say --keep-last, --keep-younger or both")
        }
        try await output.run(stores.retention([rule]), isDryRun: true, terminal)
    }
}

/// Which repository, and how what happens is printed: line by line as it happens, however many tags there
/// are.
struct RetentionOptions: ParsableArguments {
    @Option(help: "Only this repository.", transform: RepositoryText.name)
    var repository: RepositoryName?

    @Flag(help: "Print JSON.")
    var json = false

    @discardableResult
    func run(_ retention: Retention, isDryRun: Bool, _ terminal: Terminal) async throws -> RetentionSummary {
        var isFirst = true
        if json { terminal.print("[") }
        let summary = try await retention.run(isDryRun: isDryRun, only: repository) { name, tag, verdict in
            guard verdict != .unspoken else { return }
            let view = RetentionView(name, tag, verdict)
            guard json else { return terminal.print(view.line) }
            let text = try JSON.text(view)
            terminal.print(isFirst ? text : ",\n\(text)")
            isFirst = false
        }
        if json { terminal.print("]") }
        terminal.note(isDryRun ? "Dry run, nothing was removed: \(summary.words)." : "\(summary.words).")
        return summary
    }
}

/// A tag that a rule speaks of, and what becomes of it.
private struct RetentionView: Encodable {
    let repository: String
    let tag: String
    let digest: String
    let pushed: Date
    let removed: Bool
    let reason: String

    init(_ repository: RepositoryName, _ tag: PushedTag, _ verdict: RetentionVerdict) {
        self.repository = repository.text
        self.tag = tag.tag.text
        digest = tag.digest.description
        pushed = tag.pushedAt
        removed = verdict.isRemoval
        reason = verdict.reason
    }

    var line: String {
        "\(removed ? "remove" : "keep  ")  \(repository):\(tag)  \(digest)  pushed \(DateText.show(pushed)): "
            + reason
    }
}

extension RetentionVerdict {
    /// Why, in words for people.
    fileprivate var reason: String {
        switch self {
        case .unspoken: "no rule speaks of it"
        case .immutable: "it is immutable"
        case .amongLast(let rank, let rule):
            "number \(rank) of the last \(rule.keepLast ?? 0) of \(rule.words)"
        case .young(let rule): "pushed within \(rule.span), by \(rule.words)"
        case .changed: "it was changed meanwhile"
        case .goes(let rules): rules.map(\.missed).joined(separator: "; ")
        }
    }
}

extension RetentionRule {
    fileprivate var words: String { printable(tags.text) }

    fileprivate var span: String { DurationText.show(.seconds(Int64(keepYounger ?? 0))) }

    /// How a tag failed this rule.
    fileprivate var missed: String {
        let last = keepLast.map { "not among the last \($0) of \(words)" }
        let young = keepYounger.map { _ in "not pushed within \(span)" }
        return [last, young].compactMap(\.self).joined(separator: " and ")
    }
}
