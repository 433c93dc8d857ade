internal import Access
internal import Accounts
internal import ArgumentParser
internal import FoundationEssentials

struct AccountAdd: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add an account.",
        discussion: """
            The password is asked for, or read from standard input with --password-stdin. What the account may do \
            is said by rules: see `homeport acl`.
            """)

    @OptionGroup var subject: AccountArgument
    @OptionGroup var labels: LabelOptions
    @OptionGroup var passwords: PasswordOptions
    @OptionGroup var settings: SettingsOptions

    @Option(
        help: ArgumentHelp(
            "From when on it may do nothing: \(DateText.form); or never.", valueName: "when"),
        transform: ExpiryText.parse)
    var expires: AccountChange.Expiry?

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let name = try subject.name()
        var made: String?
        let password = name.isAnonymous ? .none : try passwords.read(terminal, made: &made)
        var date: Date?
        if case .at(let moment)? = expires { date = moment }
        let account = try await stores.accounts.accounts.add(
            name, password: password, labels: labels.labels, expires: date)
        let view = AccountView(account, now: Surroundings.current.now())
        terminal.note(
            "Added account \(view.shownName)\(view.state == "expired" ? ", which has expired already" : "").")
        if let made { terminal.print(made) }
    }
}

/// How an account's end is written.
enum ExpiryText {
    static func parse(_ text: String) throws -> AccountChange.Expiry {
        if text == "never" { return .never }
        guard let date = DateText.parse(text, now: Surroundings.current.now()) else {
            throw ValidationError("`\(text)` is no time; expected \(DateText.form), or never.")
        }
        return .at(date)
    }

    /// The moment, or nil for never and for nothing said.
    static func date(_ expiry: AccountChange.Expiry?) -> Date? {
        if case .at(let date)? = expiry { date } else { nil }
    }
}
