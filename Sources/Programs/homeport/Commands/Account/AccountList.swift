internal import Access
internal import Accounts
internal import ArgumentParser
internal import FoundationEssentials

struct AccountList: StoreCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the accounts.")

    @OptionGroup var listing: ListingOptions
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let now = Surroundings.current.now()
        var views: [AccountView] = []
        var last: AccountName?
        repeat {
            let page = try await stores.accounts.accounts.list(after: last, limit: 500)
            views += page.map { AccountView($0, now: now) }
            last = page.last?.name
        } while last != nil
        try listing.print(views, to: terminal) {
            var table = Table("NAME", "STATE", "EXPIRES", "LABELS")
            for view in views {
                table.add([view.shownName, view.state, DateText.show(view.expires), view.shownLabels])
            }
            return table
        }
    }
}

struct AccountShow: StoreCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one account.")

    @OptionGroup var subject: AccountArgument
    @OptionGroup var settings: SettingsOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let account = try await stores.accounts.accounts.account(named: try subject.name())
        let view = AccountView(account, now: Surroundings.current.now())
        if json {
            terminal.print(try JSON.text(view))
            return
        }
        var lines = [
            "name      \(view.shownName)",
            "state     \(view.state)",
            "expires   \(view.expires.map { DateText.show($0) } ?? "never")",
            "created   \(DateText.show(view.created))",
            "password  \(view.password ? "yes" : "none")",
        ]
        for (name, values) in view.labels.sorted(by: { $0.key < $1.key }) {
            lines += values.map { "label     \(printable("\(name)=\($0)"))" }
        }
        for (name, values) in view.literal.sorted(by: { $0.key < $1.key }) {
            lines += values.map { "label     \(printable("\(name)=\($0)")) (literal)" }
        }
        terminal.print(lines.joined(separator: "\n"))
    }
}
