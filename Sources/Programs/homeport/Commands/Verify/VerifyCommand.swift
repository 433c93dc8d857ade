internal import ArgumentParser
internal import Audit
internal import FoundationEssentials
internal import Registry
internal import SQLiteStore
internal import ServerKit

struct VerifyCommand: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that everything stored is what its digest says.",
        discussion: """
            Reads every blob and every manifest, also while a server runs. What is damaged is moved to the folder \
            `damaged` of the data, or of the bucket, never deleted, and no longer served; pushing it again mends it. Stopped with \
            Ctrl-C or in any other way, it goes on where it was when it is called again. A running server makes the \
            same check by itself, see `verify` in docs/configure.md.

            Exit codes: 0 all is well, 1 something is damaged or incomplete, 3 it could not be checked.
            """)

    @Option(
        help: ArgumentHelp("Read at most so much a second, such as 50MB.", valueName: "size"),
        transform: Self.rate)
    var rate: Int?

    @Flag(help: "Begin anew, also when a check was not finished.")
    var restart = false

    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let lock = try stores.folder.lockForCheck()
        let database = stores.database
        let now = Surroundings.current.now
        let blobs = try BlobHouse.open(
            stores.values, in: stores.folder, of: stores.installation, threads: 1, queueMax: 16,
            now: now
        ).store
        let verifier = Verifier(
            blobs: blobs, links: database, manifests: database, checks: database,
            control: DamageControl(quarantine: blobs, ledger: database, now: now), name: "by hand")
        let extent = try await database.extent()
        let line = VerifyLine(terminal: terminal, extent: extent)
        line.begin(
            in: stores.values.blobPlace(stores.folder), after: restart ? nil : try await verifier.last())
        let found = try await verifier.run(anew: restart, bytesPerSecond: rate) { line.show($0) }
        line.end()
        try await stores.note(.verification, by: "", found.words)
        let report = try await VerifyReport(found, ledger: database, folder: stores.folder.path)
        terminal.print(json ? try JSON.text(report) : report.text)
        withExtendedLifetime(lock) {}
        guard found.isClean, report.damagedCount == 0 else {
            throw CommandFailure.refused(
                "\(report.damagedCount) damaged, \(report.incompleteCount) incomplete")
        }
    }

    private static func rate(_ text: String) throws -> Int {
        guard let size = SizeText.parse(text), size >= 64 << 10 else {
            throw ValidationError("`\(text)` is no size of at least 64KiB; write 50MB or 64MiB")
        }
        return size
    }
}
