internal import Access
internal import Accounts
internal import ArgumentParser
internal import FoundationEssentials

struct RuleAdd: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add a rule.",
        discussion: """
            A pattern is a glob, in which * stops at / and ** does not, or a /regular expression/ for the whole \
            value. ${account}, ${type}, ${name}, ${service} and ${labels:NAME} stand for the caller's values.
            """)

    @Option(help: "The rule's place in the order; without it, after the last one.")
    var seq: Int?

    @Option(help: ArgumentHelp("Who asks; ?* is whoever has signed in.", valueName: "pattern"))
    var account: String?

    @Option(help: ArgumentHelp("The kind of resource, such as repository or registry.", valueName: "pattern"))
    var type: String?

    @Option(help: ArgumentHelp("The resource, such as team/**.", valueName: "pattern"))
    var name: String?

    @Option(help: ArgumentHelp("The service that the token is for.", valueName: "pattern"))
    var service: String?

    @Option(help: ArgumentHelp("Where the caller is: an address or a range.", valueName: "address"))
    var ip: String?

    @Option(help: ArgumentHelp("A label the caller must have.", valueName: "name=pattern"))
    var label: [String] = []

    @Option(help: ArgumentHelp("Tags, for pushing and pulling manifests.", valueName: "pattern"))
    var tag: String?

    @Option(help: ArgumentHelp("What is granted, such as pull,push or *.", valueName: "list"))
    var actions: String?

    @Flag(help: "Grant nothing, and ask no later rule.")
    var deny = false

    @Option(help: ArgumentHelp("The first moment it counts: \(DateText.form).", valueName: "when"))
    var from: String?

    @Option(
        help: ArgumentHelp("The last moment it counts; a date means the end of that day.", valueName: "when"))
    var until: String?

    @Option(help: "What it is for.")
    var comment: String?
    @OptionGroup var settings: SettingsOptions

    func validate() throws {
        if (actions == nil) != deny {
            throw ValidationError("Say what is granted with --actions, or --deny.")
        }
        if let seq, seq < 0 { throw ValidationError("--seq is 0 or more.") }
        for text in label where !text.dropFirst().contains("=") || text.hasPrefix("=") {
            throw ValidationError("`\(text)` is no label; write name=pattern.")
        }
        _ = try span()
    }

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let last = try await stores.accounts.rules.rules().last?.seq ?? 0
        let rule = try rule(at: seq ?? (last / 10 + 1) * 10)
        let before = try await RuleHazards.now(stores)
        try await stores.accounts.rules.add(rule)
        let view = RuleView(rule)
        terminal.note(
            "Added rule \(rule.seq): \(printable(view.conditions)) → \(printable(view.shownActions)).")
        if let until = rule.notAfter, until < Surroundings.current.now() {
            terminal.note("Mind: rule \(rule.seq) is over already.")
        }
        try await RuleHazards.warn(stores, beyond: before, terminal)
    }

    private func rule(at seq: Int) throws -> Rule {
        var labels: [String: String] = [:]
        for text in label {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            labels[String(parts[0])] = String(parts[1])
        }
        let granted = (actions ?? "").split(separator: ",").map(String.init)
        let (first, last) = try span()
        return Rule(
            seq: seq,
            match: Rule.Match(
                account: account, type: type, name: name, service: service, ip: ip, labels: labels, tag: tag),
            actions: granted, comment: comment, notBefore: first, notAfter: last)
    }

    private func span() throws -> (Date?, Date?) {
        let now = Surroundings.current.now()
        func read(_ text: String?, _ option: String, _ edge: DateText.Edge) throws -> Date? {
            guard let text else { return nil }
            if let date = DateText.parse(text, edge: edge, now: now) { return date }
            throw ValidationError("\(option): `\(text)` is no time; expected \(DateText.form).")
        }
        let (first, last) = (try read(from, "--from", .beginning), try read(until, "--until", .end))
        if let first, let last, last < first { throw ValidationError("--until lies before --from.") }
        return (first, last)
    }
}
