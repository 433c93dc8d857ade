internal import Access
internal import Accounts
internal import ArgumentParser
internal import FoundationEssentials

struct RuleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "acl",
        abstract: "Say who may do what, and ask why.",
        discussion:
            "Rules are asked in the order of their numbers; the first whose conditions all hold decides.",
        subcommands: [
            RuleList.self, RuleAdd.self, RuleMove.self, RuleRemove.self, RuleExplain.self, RuleTest.self,
        ])
}

struct RuleList: StoreCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the rules in order.")

    @OptionGroup var listing: ListingOptions
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let rules = try await stores.accounts.rules.rules()
        try listing.print(rules.map(RuleView.init), to: terminal) {
            var table = Table("SEQ", "MATCHES", "ACTIONS", "VALID", "COMMENT")
            for view in rules.map(RuleView.init) {
                table.add([
                    "\(view.seq)", printable(view.conditions), view.shownActions, view.span,
                    printable(view.comment ?? ""),
                ])
            }
            return table
        }
    }
}

struct RuleMove: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "move", abstract: "Give a rule another place.")

    @Argument(help: "The rule's number.")
    var seq: Int

    @Argument(help: "The number it is to have; it must be free.")
    var target: Int
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let before = try await RuleHazards.now(stores)
        try await stores.accounts.rules.move(seq, to: target)
        terminal.note("Moved rule \(seq) to \(target).")
        try await RuleHazards.warn(stores, beyond: before, terminal)
    }
}

struct RuleRemove: StoreCommand {
    static let configuration = CommandConfiguration(commandName: "remove", abstract: "Remove a rule.")

    @Argument(help: "The rule's number.")
    var seq: Int
    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        guard let rule = try await stores.accounts.rules.rules().first(where: { $0.seq == seq }) else {
            throw CommandFailure.refused("there is no rule \(seq)")
        }
        let view = RuleView(rule)
        let words = printable("\(view.conditions) → \(view.shownActions)")
        try confirmation.confirm("Remove rule \(seq), \(words)?", terminal)
        let before = try await RuleHazards.now(stores)
        try await stores.accounts.rules.remove(seq)
        terminal.note("Removed rule \(seq).")
        try await RuleHazards.warn(stores, beyond: before, terminal)
    }
}

/// What a change of the rules makes worth a second look.
enum RuleHazards {
    static func now(_ stores: Stores) async throws -> Set<String> {
        Set(try await all(stores))
    }

    /// Says what was not there before the change.
    static func warn(_ stores: Stores, beyond before: Set<String>, _ terminal: Terminal) async throws {
        for hazard in try await all(stores) where !before.contains(hazard) {
            terminal.note("Mind: \(printable(hazard)).")
        }
    }

    private static func all(_ stores: Stores) async throws -> [String] {
        let rules = try await stores.accounts.rules.rules()
        do throws(AccessError) {
            return try Policy(rules: rules).hazards.map(\.description)
        } catch {
            return [error.description]
        }
    }
}

/// A rule as it is listed.
struct RuleView: Encodable {
    let seq: Int
    /// Only the conditions there are: account, type, name, service, ip, tag.
    let match: [String: String]
    let labels: [String: String]
    let actions: [String]
    let comment: String?
    let from: Date?
    let until: Date?

    init(_ rule: Rule) {
        seq = rule.seq
        match = [
            "account": rule.match.account, "type": rule.match.type, "name": rule.match.name,
            "service": rule.match.service, "ip": rule.match.ip, "tag": rule.match.tag,
        ].compactMapValues(\.self)
        labels = rule.match.labels
        actions = rule.actions
        comment = rule.comment
        from = rule.notBefore
        until = rule.notAfter
    }

    var conditions: String {
        let fields = ["account", "type", "name", "service", "ip", "tag"].compactMap { field in
            match[field].map { "\(field)=\($0)" }
        }
        let all = fields + labels.sorted { $0.key < $1.key }.map { "label \($0.key)=\($0.value)" }
        return all.isEmpty ? "everything" : all.joined(separator: " ")
    }

    var shownActions: String { actions.isEmpty ? "nothing" : actions.joined(separator: ",") }

    var span: String {
        switch (from, until) {
        case (nil, nil): ""
        case (let from?, nil): "from \(DateText.show(from))"
        case (nil, let until?): "until \(DateText.show(until))"
        case (let from?, let until?): "\(DateText.show(from)) to \(DateText.show(until))"
        }
    }
}
