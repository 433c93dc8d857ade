internal import ArgumentParser
internal import Audit
internal import FileBlobs
internal import FoundationEssentials
internal import OCI
internal import Registry
internal import ServerKit
internal import Synchronization

struct ImportDistribution: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "distribution",
        abstract: "Take over the data folder of Docker's registry (distribution).",
        discussion: """
            Every repository, tag and manifest is taken over, and each blob becomes one file with two names: no byte \
            is copied, and nothing in the old folder is changed. Where the old folder is the data folder itself, its \
            blobs are in place already. What was left out is listed with the reason.

            It can be run again: only what is not here yet is added, and what has been changed or removed here since \
            stays as it is here. A server may serve the data meanwhile; the old registry should take no pushes.
            """)

    @Argument(
        help: ArgumentHelp(
            "The old registry's folder of data, or its config.yml, which names it.", valueName: "dir"),
        completion: .directory)
    var place: String

    @Flag(help: "Only say what would be done.")
    var dryRun = false

    @Flag(help: "Read every blob and leave out those whose digest is wrong. Manifests always are read.")
    var verify = false

    @Flag(help: "Copy the blobs, where the old folder is on another file system.")
    var copy = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var settings: SettingsOptions

    func run() async throws {
        let surroundings = Surroundings.current
        let loaded = try settings.load()
        let root = try DistributionPlace.root(of: place)
        let folder = DataFolder(loaded.values.data)
        if !dryRun { try folder.create() }
        guard copy || !loaded.values.s3.isNamed else {
            throw CommandFailure.refused(
                "the blobs of \(root) have to be copied to the \(loaded.values.s3.words): say so with --copy, or "
                    + "carry them there with `aws s3 sync` and import without `s3` in the configuration")
        }
        try checkFileSystems(root, folder)
        guard folder.hasStore || !dryRun else {
            return try await report(from: root, to: folder, stores: nil, surroundings)
        }
        let stores = try Stores.open(loaded.values, now: surroundings.now)
        do {
            try await report(from: root, to: folder, stores: stores, surroundings)
        } catch {
            try? await stores.close()
            throw error
        }
        try await stores.close()
    }

    private func checkFileSystems(_ root: String, _ folder: DataFolder) throws {
        guard !copy, FileManager.default.fileExists(atPath: folder.path),
            try !DistributionFolder.areTogether(root, folder.path)
        else { return }
        throw CommandFailure.refused(
            "\(root) is on another file system than \(folder.path), so its blobs have to be copied: "
                + "say so with --copy, or lay the data on the same one")
    }

    private func report(
        from root: String, to folder: DataFolder, stores: Stores?, _ surroundings: Surroundings
    ) async throws {
        let threads = BlockingThreads(count: 16, queueMax: 1024)
        let source = try DistributionFolder(
            root: root, target: folder.path, isRehearsal: dryRun, threads: threads)
        var options = Adoption.Options()
        options.isRehearsal = dryRun
        options.verifiesBlobs = verify
        let destination = stores.map {
            Adoption.Destination(links: $0.database, manifests: $0.database, adoptions: $0.database)
        }
        var copying: BlobCopy?
        if copy, !dryRun, let stores {
            let house = try BlobHouse.open(
                stores.values, in: folder, of: stores.installation, threads: 16, queueMax: 1024,
                now: surroundings.now)
            copying = BlobCopy(
                blobs: house.store, links: stores.database, ledger: stores.database, now: surroundings.now)
        }
        let adoption = Adoption(of: source, to: destination, options: options, copying: copying)
        let terminal = surroundings.terminal
        let state = Mutex((done: 0, all: 0))
        let report = try await Progress(terminal: terminal).during {
            let (done, all) = state.withLock { $0 }
            return "Taking over repositories: \(done) of \(all)"
        } work: {
            try await adoption.run { done, all in state.withLock { $0 = (done, all) } }
        }
        if !dryRun, let stores {
            try await stores.note(
                .adoption, by: "", of: root,
                "\(report.blobs.new) blobs, \(report.manifests.new) manifests, \(report.tags.new) tags new")
        }
        let view = ImportView(report, from: root, isRehearsal: dryRun)
        terminal.print(json ? try JSON.text(view) : view.text(isCopy: copying != nil))
    }
}
