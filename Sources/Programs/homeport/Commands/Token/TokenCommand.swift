internal import Access
internal import Accounts
internal import ArgumentParser
internal import FoundationEssentials
internal import ServerKit

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make and revoke access tokens for machines.",
        discussion:
            "An access token is used as the password of its account, and never may more than the account. A token for "
            + "calendars is part of an address, and opens private calendars of the weather and nothing else.",
        subcommands: [TokenCreate.self, TokenList.self, TokenRevoke.self])
}

struct TokenCreate: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make an access token and print it: it cannot be shown again.")

    @Argument(help: "The account it is for.")
    var account: String

    @Argument(help: "What to call it; unique among the account's tokens.")
    var name: String

    @Option(
        name: .customLong("scope"),
        help: ArgumentHelp(
            "What it may be used for at most, such as repository:prod/*:pull; none for all that the account may.",
            valueName: "scope"))
    var scopes: [String] = []

    @Option(
        name: .customLong("calendar"),
        help: ArgumentHelp(
            "Make a token that opens this private calendar, as part of its address; several times for several, all for every one.",
            valueName: "calendar"))
    var calendars: [String] = []

    @Option(
        help: ArgumentHelp("When it ends: \(DateText.form); or never.", valueName: "when"),
        transform: ExpiryText.parse)
    var expires: AccountChange.Expiry?

    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup var settings: SettingsOptions

    func validate() throws {
        guard calendars.isEmpty || scopes.isEmpty else {
            throw ValidationError("Either --scope for the registry, or --calendar for the weather.")
        }
    }

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let opened = try CalendarBounds(calendars, weather: stores.values.weather)
        let made = try await stores.accounts.tokens.create(
            opened == nil ? .access : .calendar, for: try AccountName(account), name: name,
            scopes: opened?.scopes ?? scopes, expires: ExpiryText.date(expires))
        let addresses = opened?.addresses(made.text, at: stores.values.publicURL) ?? []
        if json {
            terminal.print(
                try JSON.text(
                    MadeToken(
                        token: made.text.revealed, about: TokenView(made.stored),
                        addresses: opened == nil ? nil : addresses)))
            return
        }
        terminal.note("Made token \(printable(name)) of \(printable(account)). It is shown this once:")
        terminal.print(made.text.revealed)
        if !addresses.isEmpty {
            terminal.note("Subscribe to:\n" + addresses.map { "  \($0)" }.joined(separator: "\n"))
        }
    }

    private struct MadeToken: Encodable {
        let token: String
        let about: TokenView
        /// What a token for calendars opens.
        let addresses: [String]?
    }
}

struct TokenList: StoreCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List access tokens.")

    @Argument(help: "Only those of this account.")
    var account: String?

    @Flag(help: "Also the tokens that clients got when they logged in.")
    var refresh = false
    @OptionGroup var listing: ListingOptions
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let name = try account.map { try AccountName($0) }
        if let name { _ = try await stores.accounts.accounts.account(named: name) }
        let tokens = try await stores.accounts.tokens.list(of: name).filter { refresh || $0.kind != .refresh }
        let views = tokens.map(TokenView.init).sorted {
            ($0.account, $0.name, $0.id) < ($1.account, $1.name, $1.id)
        }
        try listing.print(views, to: terminal) {
            var table = Table("ACCOUNT", "NAME", "KIND", "ID", "EXPIRES", "LAST USED", "SCOPES")
            for view in views {
                table.add([
                    printable(view.account), printable(view.name), view.kind, view.id,
                    DateText.show(view.expires),
                    DateText.show(view.used), printable(view.scopes.joined(separator: " ")),
                ])
            }
            return table
        }
    }
}

struct TokenRevoke: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Revoke a token; it counts on the next request.",
        usage: """
            homeport token revoke <account> <name>
            homeport token revoke --id <id>
            """)

    @Argument(help: "The account.")
    var account: String?

    @Argument(help: "The token's name.")
    var name: String?

    @Option(help: "The token's ID, as `homeport token list` shows it.")
    var id: String?
    @OptionGroup var settings: SettingsOptions

    func validate() throws {
        if let id {
            if account != nil { throw ValidationError("Either an account and a name, or --id.") }
            if TokenID(id[...]) == nil { throw ValidationError("`\(id)` is no token ID.") }
        } else if name == nil {
            throw ValidationError("Which token? Name the account and the token, or give --id.")
        }
    }

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        if let id = id.flatMap({ TokenID($0[...]) }) {
            try await stores.accounts.tokens.revoke(id)
            terminal.note("Revoked token \(id).")
        } else if let account, let name {
            try await stores.accounts.tokens.revoke(named: name, of: try AccountName(account))
            terminal.note("Revoked token \(printable(name)) of \(printable(account)).")
        }
    }
}

/// A token as it is listed.
struct TokenView: Encodable {
    let id: String
    let kind: String
    let account: String
    let name: String
    let scopes: [String]
    let service: String?
    let created: Date
    let expires: Date?
    let used: Date?

    init(_ token: StoredToken) {
        id = token.id.description
        kind = token.kind.rawValue
        account = token.account.text
        name = token.name
        scopes = token.scopes
        service = token.service
        created = token.createdAt
        expires = token.expires
        used = token.lastUsed
    }
}
