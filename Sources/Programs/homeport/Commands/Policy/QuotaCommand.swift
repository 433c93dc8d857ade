internal import Access
internal import ArgumentParser
internal import Registry

struct QuotaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quota",
        abstract: "See how much of each quota is used, and try one before it counts.",
        discussion: """
            Quotas are in the configuration, under registry.quotas. A repository counts each of its blobs and \
            manifests once; the blobs of what was deleted count until they are collected.
            """,
        subcommands: [QuotaList.self, QuotaTry.self])
}

struct QuotaList: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the quotas of the configuration and what is used of them.")

    @OptionGroup var listing: ListingOptions
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        try await QuotaView.show(stores.values.registryPolicy.quotas, stores, listing, terminal)
    }
}

struct QuotaTry: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "try",
        abstract: "Say what a quota would come to, without setting it.",
        discussion: "Ends with code 1 when pushes would be refused.")

    @Argument(help: "The repositories it would count, such as 'team-a/**'.", transform: PolicyText.glob)
    var name: Glob

    @Argument(help: "How much they might hold, such as 50GiB.", transform: PolicyText.size)
    var bytes: Int64
    @OptionGroup var listing: ListingOptions
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let quota = Quota(repositories: name, limit: bytes, isDryRun: true)
        let views = try await QuotaView.show([quota], stores, listing, terminal)
        guard views.allSatisfy({ $0.free > 0 }) else {
            throw CommandFailure.refused("with this quota pushes to \(printable(name.text)) would be refused")
        }
    }
}

/// A quota as it is listed.
struct QuotaView: Encodable {
    let name: String
    /// In bytes, like the others.
    let used: Int64
    let limit: Int64
    let free: Int64
    let dryRun: Bool
    let state: String

    init(_ use: QuotaUse) {
        name = use.quota.repositories.text
        used = use.used
        limit = use.quota.limit
        free = use.room
        dryRun = use.quota.isDryRun
        let refuses = dryRun ? "would refuse pushes" : "refuses pushes"
        state = use.room == 0 ? refuses : dryRun ? "dry run" : "in force"
    }

    @discardableResult
    static func show(
        _ quotas: [Quota], _ stores: Stores, _ listing: ListingOptions, _ terminal: Terminal
    ) async throws -> [QuotaView] {
        var views: [QuotaView] = []
        for quota in quotas {
            let used = try await stores.links.used(by: quota.repositories)
            views.append(QuotaView(QuotaUse(quota: quota, used: used)))
        }
        try listing.print(views, to: terminal) {
            var table = Table("NAME", "USED", "LIMIT", "FREE", "STATE")
            for view in views {
                let sizes = [view.used, view.limit, view.free].map(SizeText.rounded)
                table.add([printable(view.name)] + sizes + [view.state])
            }
            return table
        }
        return views
    }
}
