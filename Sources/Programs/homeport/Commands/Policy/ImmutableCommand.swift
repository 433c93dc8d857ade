internal import Access
internal import ArgumentParser
internal import OCI
internal import Registry

struct ImmutableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "immutable",
        abstract: "See which tags are immutable, and try a pattern before it counts.",
        discussion: "The patterns are in the configuration, under registry.immutable_tags.",
        subcommands: [ImmutableList.self, ImmutableTry.self])
}

struct ImmutableList: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the tags that the patterns of the configuration hold.")

    @OptionGroup var listing: ListingOptions
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        try await HeldTagView.show(stores.values.registryPolicy.immutableTags, stores, listing, terminal)
    }
}

struct ImmutableTry: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "try", abstract: "List the tags that a pattern would hold, without setting it.")

    @Argument(help: "The repositories, such as 'shop/**'.", transform: PolicyText.glob)
    var name: Glob

    @Argument(help: "The tags, such as 'v*'.", transform: PolicyText.glob)
    var tag: Glob
    @OptionGroup var listing: ListingOptions
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let rule = ImmutableTags(repositories: name, tags: tag, isDryRun: true)
        try await HeldTagView.show([rule], stores, listing, terminal)
    }
}

/// A tag that is held, and by what.
struct HeldTagView: Encodable {
    let repository: String
    let tag: String
    let digest: String
    let pattern: String
    let dryRun: Bool
    let removable: Bool

    static func show(
        _ rules: [ImmutableTags], _ stores: Stores, _ listing: ListingOptions, _ terminal: Terminal
    ) async throws {
        var views: [HeldTagView] = []
        for try await (name, tag) in TagWalk(manifests: stores.manifests) {
            let holding = rules.first {
                $0.repositories.matches(name.text) && $0.tags.matches(tag.text)
            }
            guard let holding, let digest = try await stores.manifests.digest(of: tag, in: name) else {
                continue
            }
            views.append(
                HeldTagView(
                    repository: name.text, tag: tag.text, digest: digest.description,
                    pattern: "\(holding.repositories.text):\(holding.tags.text)", dryRun: holding.isDryRun,
                    removable: holding.mayBeRemoved))
        }
        try listing.print(views, to: terminal) {
            var table = Table("REPOSITORY", "TAG", "DIGEST", "HELD BY", "STATE")
            for view in views {
                let state = view.dryRun ? "dry run" : view.removable ? "removable" : "in force"
                table.add([view.repository, view.tag, view.digest, printable(view.pattern), state])
            }
            return table
        }
    }
}

/// Every tag there is, repository by repository, a page at a time.
struct TagWalk: AsyncSequence {
    let manifests: any ManifestStore

    struct AsyncIterator: AsyncIteratorProtocol {
        let manifests: any ManifestStore
        private var names: [RepositoryName] = []
        private var lastName: RepositoryName?
        private var tags: [Tag] = []
        private var lastTag: Tag?
        private static let pageSize = 500

        init(_ manifests: any ManifestStore) { self.manifests = manifests }

        mutating func next() async throws -> (RepositoryName, Tag)? {
            while true {
                if let name = names.last {
                    if let tag = tags.popLast() { return (name, tag) }
                    tags = try await manifests.tags(in: name, after: lastTag, limit: Self.pageSize) ?? []
                    lastTag = tags.last
                    tags.reverse()
                    if tags.isEmpty { names.removeLast() }
                } else {
                    names = try await manifests.repositories(after: lastName, limit: Self.pageSize)
                    lastName = names.last
                    names.reverse()
                    if names.isEmpty { return nil }
                }
            }
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(manifests) }
}
