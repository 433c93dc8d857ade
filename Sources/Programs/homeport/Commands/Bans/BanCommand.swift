internal import ArgumentParser
internal import Doorkeeper
internal import FoundationEssentials
internal import SQLiteStore
internal import ServerKit

struct BanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ban",
        abstract: "Look after the addresses that nobody is served at.",
        discussion: """
            The server bans addresses by itself from which too many sign-ins fail (`bans` in the configuration). What is \
            changed here counts on a running server's next request.
            """,
        subcommands: [BanListCommand.self, BanAdd.self, BanRemove.self])
}

struct BanListCommand: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the bans that hold, the oldest first.")

    @Flag(help: "Also those that are over and not forgotten: the next ban of such an address lasts longer.")
    var all = false
    @OptionGroup var listing: ListingOptions
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let moment = stores.now()
        let bans = try await stores.database.bans().filter { all || $0.holds(at: moment) }
        try listing.print(bans.map(BanView.init), to: terminal) {
            var table = Table("ADDRESS", "SINCE", "UNTIL", "BY", "REASON")
            for ban in bans {
                table.add([
                    "\(ban.range)", DateText.show(ban.since),
                    ban.until.map { DateText.show($0) } ?? "removed",
                    ban.isAutomatic ? "server" : "operator", printable(ban.reason),
                ])
            }
            return table
        }
    }
}

struct BanAdd: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Ban an address or a range of them, from the next request on.",
        discussion: """
            An IPv6 address without a length stands for its network of 64 bits, which one customer usually has to himself. \
            Those whom `bans.allow` and `proxies.trusted` name are served all the same.
            """)

    @Argument(help: ArgumentHelp("`192.0.2.7`, `198.51.100.0/24`, `2001:db8::/64`.", valueName: "address"))
    var address: String
    @Option(
        help: ArgumentHelp(
            "When it ends: \(DateText.form). Without it, when it is removed.", valueName: "when"))
    var until: String?
    @Option(help: ArgumentHelp("Why, for whoever looks at the list.", valueName: "text"))
    var reason = "banned by hand"
    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var settings: SettingsOptions

    static let reasonMax = 200

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let range = try BanText.range(address)
        let now = stores.now()
        let end = try until.map { text in
            guard let end = DateText.parse(text, edge: .end, now: now), end > now else {
                throw CommandFailure.usage("--until: `\(text)` is not in the future, or not \(DateText.form)")
            }
            return end
        }
        guard (1...Self.reasonMax).contains(reason.utf8.count), !reason.utf8.contains(where: { $0 < 0x20 })
        else { throw CommandFailure.usage("--reason: expected one line of at most \(Self.reasonMax) bytes") }
        if range.isWide { try confirmation.confirm("Ban everybody in \(range)?", terminal) }
        let allowed = stores.values.banSettings.allowed
        if let whole = allowed.first(where: { $0.covers(range) }) {
            throw CommandFailure.refused(
                "\(range) is never banned, because `bans.allow` or `proxies.trusted` names \(whole)")
        }
        try await stores.database.save([
            Ban(range: range, since: now, until: end, reason: reason, isAutomatic: false)
        ])
        for spared in allowed where range.covers(spared) {
            terminal.note(
                "\(spared) in it is served all the same: `bans.allow` or `proxies.trusted` names it.")
        }
        terminal.note("Banned \(range) \(end.map { "until \(DateText.show($0))" } ?? "until it is removed").")
    }
}

struct BanRemove: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Serve an address again, from the next request on.")

    @Argument(
        help: ArgumentHelp("As `homeport ban list` shows it, or an address in it.", valueName: "address"))
    var address: String
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let range = try BanText.range(address)
        if try await stores.database.removeBan(of: range) {
            return terminal.note("\(range) is served again.")
        }
        let moment = stores.now()
        let wider = try await stores.database.bans().first { $0.holds(at: moment) && $0.range.covers(range) }
        guard let wider else { throw CommandFailure.refused("\(range) is not banned") }
        throw CommandFailure.refused(
            "\(range) is banned with all of \(wider.range): `homeport ban remove \(wider.range)` ends that")
    }
}

enum BanText {
    /// An address stands for whatever counts as one client.
    static func range(_ text: String) throws -> AddressRange {
        if let address = PlainAddress(text) { return .client(address) }
        guard let range = AddressRange(text) else {
            throw CommandFailure.usage(
                "`\(printable(text))` is no address and no range such as 198.51.100.0/24 or 2001:db8::/64")
        }
        return range
    }
}

/// A ban as it is listed.
private struct BanView: Encodable {
    let address: String
    let since: Date
    /// Absent when somebody has to end it.
    let until: Date?
    let by: String
    let reason: String
    let count: Int

    init(_ ban: Ban) {
        address = "\(ban.range)"
        since = ban.since
        until = ban.until
        by = ban.isAutomatic ? "server" : "operator"
        reason = ban.reason
        count = ban.count
    }
}
