internal import Access
internal import Accounts
internal import ArgumentParser
internal import FoundationEssentials

struct AccountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account",
        abstract: "Add, change and remove accounts.",
        subcommands: [
            AccountAdd.self, AccountList.self, AccountShow.self, AccountSet.self, AccountPassword.self,
            AccountDisable.self, AccountEnable.self, AccountRemove.self,
        ])
}

/// Which account a command is about.
struct AccountArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The account.", valueName: "account"))
    var account: String?

    @Flag(help: "Instead of an account: whoever has not signed in.")
    var anonymous = false

    func validate() throws {
        if account == nil, !anonymous { throw ValidationError("Which account? Name it, or say --anonymous.") }
        if account != nil, anonymous { throw ValidationError("Either an account or --anonymous, not both.") }
        if let account {
            do throws(AccessError) { _ = try AccountName(account) } catch {
                throw ValidationError(error.description)
            }
        }
    }

    func name() throws -> AccountName {
        guard let account else { return .anonymous }
        return try AccountName(account)
    }
}

/// Labels on the command line: `--label team=core --label team=web`.
struct LabelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A label; given more than once, it has several values. `*` and `?` in a value match as in file names.",
            valueName: "name=value"))
    var label: [String] = []

    @Option(
        help: ArgumentHelp(
            "A label whose value is just itself: no character in it is special.", valueName: "name=value"))
    var literalLabel: [String] = []

    func validate() throws {
        for text in label + literalLabel where !text.dropFirst().contains("=") || text.hasPrefix("=") {
            throw ValidationError("`\(text)` is no label; write name=value.")
        }
    }

    var labels: Labels {
        var labels: Labels = [:]
        for (texts, isLiteral) in [(label, false), (literalLabel, true)] {
            for text in texts {
                let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                labels[String(parts[0]), default: []].append(
                    LabelValue(String(parts[1]), isLiteral: isLiteral))
            }
        }
        return labels
    }
}

/// An account as it is listed.
struct AccountView: Encodable {
    /// Empty for whoever has not signed in.
    let name: String
    let state: String
    let labels: [String: [String]]
    /// Labels whose values are just themselves.
    let literal: [String: [String]]
    let expires: Date?
    let created: Date
    /// Whether it can sign in with a password.
    let password: Bool

    init(_ account: Account, now: Date) {
        name = account.name.text
        let isOver = account.expires.map { $0 <= now } ?? false
        state = account.isDisabled ? "disabled" : isOver ? "expired" : "active"
        labels = account.labels.compactMapValues { Self.texts($0.filter { !$0.isLiteral }) }
        literal = account.labels.compactMapValues { Self.texts($0.filter(\.isLiteral)) }
        expires = account.expires
        created = account.createdAt
        password = account.passwordHash != nil
    }

    private static func texts(_ values: [LabelValue]) -> [String]? {
        values.isEmpty ? nil : values.map(\.text)
    }

    var shownName: String { name.isEmpty ? "(anonymous)" : printable(name) }

    /// `group=web, team=core|web`
    var shownLabels: String {
        let all = labels.merging(literal) { $0 + $1 }.sorted { $0.key < $1.key }
        return printable(all.map { "\($0.key)=\($0.value.joined(separator: "|"))" }.joined(separator: ", "))
    }
}
