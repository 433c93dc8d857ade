internal import ArgumentParser
internal import FoundationEssentials
internal import OCI
internal import Registry

struct RepositoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repo",
        abstract: "Look at repositories, remove them, and bring back what was removed.",
        subcommands: [
            RepositoryList.self, RepositoryTags.self, RepositoryShow.self, RepositoryRemove.self,
            RepositoryHistory.self, RepositoryRestore.self,
        ])
}

struct RepositoryList: StoreCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the repositories.")

    @Argument(help: "Only those whose names begin with this.")
    var prefix: String?
    @OptionGroup var listing: ListingOptions
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        var views: [RepositoryView] = []
        var last: RepositoryName?
        repeat {
            let page = try await stores.manifests.repositories(after: last, limit: 500)
            for name in page where name.description.hasPrefix(prefix ?? "") {
                if let summary = try await stores.manifests.summary(of: name) {
                    views.append(RepositoryView(summary))
                }
            }
            last = page.last
        } while last != nil
        try listing.print(views, to: terminal) {
            var table = Table("NAME", "TAGS", "MANIFESTS", "SIZE", "LAST PUSH")
            for view in views {
                table.add([
                    view.name, "\(view.tags)", "\(view.manifests)", SizeText.rounded(view.size),
                    DateText.show(view.pushed),
                ])
            }
            return table
        }
    }
}

struct RepositoryTags: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "tags", abstract: "List the tags of a repository, and what they point to.")

    @Argument(help: "The repository.", transform: RepositoryText.name)
    var name: RepositoryName
    @OptionGroup var listing: ListingOptions
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        var views: [TagView] = []
        var last: Tag?
        repeat {
            guard let page = try await stores.manifests.tags(in: name, after: last, limit: 500) else {
                throw RepositoryText.unknown(name)
            }
            for tag in page {
                guard let digest = try await stores.manifests.digest(of: tag, in: name) else { continue }
                let manifest = try await stores.manifests.manifest(digest, in: name)
                views.append(
                    TagView(
                        tag: tag.description, digest: digest.description,
                        type: manifest?.mediaType.description ?? ""))
            }
            last = page.last
        } while last != nil
        try listing.print(views, to: terminal) {
            var table = Table("TAG", "DIGEST", "TYPE")
            for view in views { table.add([view.tag, view.digest, printable(view.type)]) }
            return table
        }
    }
}

struct RepositoryShow: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one repository in numbers.")

    @Argument(help: "The repository.", transform: RepositoryText.name)
    var name: RepositoryName

    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        guard let summary = try await stores.manifests.summary(of: name) else {
            throw RepositoryText.unknown(name)
        }
        let view = RepositoryView(summary)
        if json {
            terminal.print(try JSON.text(view))
            return
        }
        terminal.print(
            """
            name       \(view.name)
            tags       \(view.tags)
            manifests  \(view.manifests)
            size       \(SizeText.rounded(view.size))
            last push  \(DateText.show(view.pushed))
            """)
    }
}

struct RepositoryRemove: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove a repository, or one tag or manifest of it.",
        discussion:
            """
            NAME removes the repository with everything in it, NAME:TAG a tag, NAME@DIGEST a manifest with its tags. \
            Until `garbage.grace_time` is over, `homeport repo restore` brings it back.
            """
    )

    @Argument(
        help: ArgumentHelp("What to remove.", valueName: "name[:tag|@digest]"),
        transform: RepositoryText.target)
    var target: RepositoryText.Target
    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let name = target.name
        let conditions = stores.values.registryPolicy.conditions(for: name)
        guard let summary = try await stores.manifests.summary(of: name) else {
            throw RepositoryText.unknown(name)
        }
        switch target.part {
        case nil:
            let view = RepositoryView(summary)
            let content = "\(view.tags) tags, \(view.manifests) manifests, \(SizeText.rounded(view.size))"
            try confirmation.confirm("Remove repository \(name) with \(content)?", terminal)
            guard
                try await stores.manifests.removeRepository(
                    name, by: RepositoryText.commandLine, under: conditions)
            else {
                throw RepositoryText.unknown(name)
            }
            terminal.note("Removed repository \(name).")
        case .tag(let tag):
            guard
                try await stores.manifests.remove(
                    tag, in: name, by: RepositoryText.commandLine, under: conditions)
            else {
                throw CommandFailure.refused("\(name) has no tag \(tag)")
            }
            terminal.note("Removed tag \(tag) of \(name).")
        case .manifest(let digest):
            try confirmation.confirm(
                "Remove manifest \(digest) of \(name) and the tags that point to it?", terminal)
            guard
                let tags = try await stores.manifests.remove(
                    digest, in: name, by: RepositoryText.commandLine, under: conditions)
            else {
                throw CommandFailure.refused("\(name) has no manifest \(digest)")
            }
            let which = tags.isEmpty ? "" : " and its tags \(tags.map(\.description).joined(separator: ", "))"
            terminal.note("Removed manifest \(digest)\(which) of \(name).")
        }
    }
}
