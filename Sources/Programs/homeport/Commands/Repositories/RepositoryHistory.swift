internal import ArgumentParser
internal import FoundationEssentials
internal import OCI
internal import Registry
internal import ServerKit

struct RepositoryHistory: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Show where tags pointed, who moved them, and when.",
        discussion: "The newest comes first. NAME shows all tags of a repository, NAME:TAG one.")

    @Argument(
        help: ArgumentHelp("A repository or a tag.", valueName: "name[:tag]"),
        transform: RepositoryText.target)
    var target: RepositoryText.Target

    @Option(help: ArgumentHelp("How many lines at most.", valueName: "number"))
    var limit = 50

    @Option(help: ArgumentHelp("Only what came before the line of this number.", valueName: "number"))
    var before: Int64?
    @OptionGroup var listing: ListingOptions
    @OptionGroup var settings: SettingsOptions

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit is 1 to 10000") }
    }

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let moves = try await stores.history.history(
            of: try RepositoryText.tag(of: target), in: target.name, before: before, limit: limit)
        if moves.isEmpty, before == nil, try await stores.manifests.summary(of: target.name) == nil {
            throw RepositoryText.unknown(target.name)
        }
        try listing.print(moves.map { MoveView($0) }, to: terminal) {
            var table = Table("LINE", "WHEN", "TAG", "WHAT", "DIGEST", "BY")
            for move in moves {
                table.add([
                    "\(move.id)", DateText.show(move.date), move.tag?.description ?? "(repository)",
                    move.kind.rawValue, (move.to ?? move.from)?.description ?? "",
                    move.account.isEmpty ? "(anonymous)" : printable(move.account),
                ])
            }
            return table
        }
    }
}

struct RepositoryRestore: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Bring back a removed or overwritten tag, or a removed repository.",
        discussion: """
            NAME:TAG points the tag where it pointed before it was moved or removed, or where --to or --at says. A \
            manifest that was removed comes back with all it needs. NAME brings a whole repository back. What was \
            removed longer ago than `garbage.grace_time` is gone.
            """)

    @Argument(
        help: ArgumentHelp("What to bring back.", valueName: "name[:tag]"), transform: RepositoryText.target)
    var target: RepositoryText.Target

    @Option(
        help: ArgumentHelp("The manifest to point to.", valueName: "digest"), transform: RepositoryText.digest
    )
    var to: Digest?

    @Option(help: ArgumentHelp("Where it pointed then: \(DateText.pastForm).", valueName: "time"))
    var at: String?
    @OptionGroup var settings: SettingsOptions

    func validate() throws {
        guard to == nil || at == nil else { throw ValidationError("--to and --at cannot both be given") }
    }

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        guard let tag = try RepositoryText.tag(of: target) else {
            return try await restoreRepository(stores, terminal)
        }
        let name = target.name
        let digest = try await digest(of: tag, stores)
        let account = RepositoryText.commandLine
        let conditions = stores.values.registryPolicy.conditions(for: name)
        switch try await stores.history.restore(tag, to: digest, in: name, by: account, under: conditions) {
        case .restored: terminal.note("Restored \(name):\(tag) to \(digest).")
        case .unchanged: terminal.note("\(name):\(tag) points to \(digest) already.")
        case .collected:
            throw CommandFailure.refused(
                "the manifest \(digest) is not there any more: it was collected as garbage")
        case .incomplete(let missing):
            throw CommandFailure.refused(
                "the manifest \(digest) is there, but what it needs is not: "
                    + missing.map(\.description).joined(separator: ", "))
        }
    }

    private func restoreRepository(_ stores: Stores, _ terminal: Terminal) async throws {
        let name = target.name
        guard to == nil, at == nil else {
            throw CommandFailure.usage("--to and --at are for one tag: \(name):TAG")
        }
        do {
            let conditions = stores.values.registryPolicy.conditions(for: name)
            guard
                try await stores.history.restoreRepository(
                    name, by: RepositoryText.commandLine, under: conditions)
            else {
                throw CommandFailure.refused("no repository \(name) was removed that is still kept")
            }
        } catch let error as StoreError where error.kind == .conflict {
            throw CommandFailure.refused(
                "there is a repository \(name) again; bring back single tags of the one before with \(name):TAG"
            )
        }
        terminal.note("Restored repository \(name).")
    }

    private func digest(of tag: Tag, _ stores: Stores) async throws -> Digest {
        if let to { return to }
        let now = Surroundings.current.now()
        if let at {
            guard let date = DateText.parsePast(at, now: now) else {
                throw CommandFailure.usage("`\(at)` is no time; expected \(DateText.pastForm)")
            }
            guard let digest = try await stores.history.digest(of: tag, in: target.name, at: date) else {
                throw CommandFailure.refused(
                    "the history does not know of \(target.name):\(tag) at \(DateText.show(date))")
            }
            return digest
        }
        let current = try await stores.manifests.digest(of: tag, in: target.name)
        guard let digest = try await stores.history.digest(of: tag, in: target.name, before: current) else {
            throw CommandFailure.refused("the history of \(target.name):\(tag) names nothing to go back to")
        }
        return digest
    }
}

/// A line of a tag's history, for programs.
private struct MoveView: Encodable {
    let line: Int64
    let date: Date
    let tag: String?
    let what: String
    let from: String?
    let to: String?
    let by: String

    init(_ move: TagMove) {
        line = move.id
        date = move.date
        tag = move.tag?.description
        what = move.kind.rawValue
        from = move.from?.description
        to = move.to?.description
        by = move.account
    }
}
