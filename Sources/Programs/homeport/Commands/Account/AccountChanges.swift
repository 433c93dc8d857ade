internal import Access
internal import Accounts
internal import ArgumentParser
internal import FoundationEssentials

struct AccountSet: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Change the labels and the end of an account.",
        discussion: "A label that is given replaces the values it had; other labels stay.")

    @OptionGroup var subject: AccountArgument
    @OptionGroup var labels: LabelOptions
    @OptionGroup var settings: SettingsOptions

    @Option(help: ArgumentHelp("Take this label away.", valueName: "name"))
    var removeLabel: [String] = []

    @Option(
        help: ArgumentHelp("From when on it may do nothing: \(DateText.form); or never.", valueName: "when"),
        transform: ExpiryText.parse)
    var expires: AccountChange.Expiry?

    func validate() throws {
        if expires == nil, removeLabel.isEmpty, labels.labels.isEmpty {
            throw ValidationError("Nothing to change: give --label, --remove-label or --expires.")
        }
    }

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        var changes = labels.labels
        for name in removeLabel { changes[name] = [] }
        let account = try await stores.accounts.accounts.change(
            try subject.name(), AccountChange(labelChanges: changes, expires: expires))
        terminal.note("Changed account \(AccountView(account, now: Surroundings.current.now()).shownName).")
    }
}

struct AccountPassword: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "passwd",
        abstract: "Give an account another password.",
        discussion: "Whoever was signed in with the old one has to sign in again. Access tokens stay.")

    @Argument(help: "The account.")
    var account: String
    @OptionGroup var passwords: PasswordOptions
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let name = try AccountName(account)
        _ = try await stores.accounts.accounts.account(named: name)
        var made: String?
        let password = try passwords.read(terminal, made: &made)
        try await stores.accounts.accounts.setPassword(name, to: password)
        terminal.note("Changed the password of \(printable(name.text)).")
        if let made { terminal.print(made) }
    }
}

struct AccountDisable: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable",
        abstract: "Let an account do nothing until it is enabled again.",
        discussion: "It counts on the next request, also for tokens that were issued before.")

    @OptionGroup var subject: AccountArgument
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let account = try await stores.accounts.accounts.change(
            try subject.name(), AccountChange(isDisabled: true))
        terminal.note("Disabled account \(AccountView(account, now: Surroundings.current.now()).shownName).")
    }
}

struct AccountEnable: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable", abstract: "Let a disabled account act again.")

    @OptionGroup var subject: AccountArgument
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let account = try await stores.accounts.accounts.change(
            try subject.name(), AccountChange(isDisabled: false))
        let view = AccountView(account, now: Surroundings.current.now())
        let hint = view.state == "expired" ? ", but it has expired: see `homeport account set --expires`" : ""
        terminal.note("Enabled account \(view.shownName)\(hint).")
    }
}

struct AccountRemove: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove an account with its tokens.",
        discussion: "What it pushed stays.")

    @OptionGroup var subject: AccountArgument
    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let name = try subject.name()
        let account = try await stores.accounts.accounts.account(named: name)
        let shown = AccountView(account, now: Surroundings.current.now()).shownName
        try confirmation.confirm("Remove account \(shown) and its tokens?", terminal)
        try await stores.accounts.accounts.remove(name)
        terminal.note("Removed account \(shown).")
    }
}
