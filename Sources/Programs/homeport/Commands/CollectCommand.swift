internal import ArgumentParser
internal import Audit
internal import FoundationEssentials
internal import Registry
internal import ServerKit

struct CollectCommand: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Free what nothing needs any more.",
        discussion: """
            The server does so by itself; this does it now, beside a running server or without one. What no tag, \
            no index and no subject needs goes after the grace time (`garbage.grace_time`), and so do blobs that no \
            manifest refers to, abandoned uploads, and what was removed. Until then it can be restored.

            Whatever the grace time is, a manifest whose push was acknowledged stays whole. With a short one, a \
            push that is under way may be told that a blob it has sent is missing, and has to be repeated.
            """)

    @Flag(help: "Only say what would go.")
    var dryRun = false

    @Option(
        help: ArgumentHelp("Another grace time than the configuration's; 0s takes all.", valueName: "time"),
        transform: Self.time)
    var grace: Duration?

    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        var policy = stores.values.garbagePolicy
        if let grace { policy.graceTime = TimeInterval(milliseconds: grace) }
        if !dryRun, policy.graceTime < Self.graceThatIsSafe {
            try confirmation.confirm(
                "With a grace time of \(DurationText.show(grace ?? .zero)), pushes that run now may fail and have to "
                    + "be repeated, and what goes cannot be restored. Go on?", terminal)
        }
        let blobs = try BlobHouse.open(
            stores.values, in: stores.folder, of: stores.installation, threads: 2, queueMax: 100,
            now: Surroundings.current.now
        ).store
        let registry = stores.registry(blobs)
        let collector = GarbageCollector(registry, garbage: stores.database, policy: policy)
        let isDryRun = dryRun
        let report = try await Progress(terminal: terminal).during(
            isDryRun ? "Looking for garbage" : "Collecting garbage"
        ) {
            try await isDryRun ? collector.forecast() : collector.collect()
        }
        if !isDryRun, let words = report.words {
            try await stores.note(.collection, by: "", words)
        }
        terminal.print(json ? try JSON.text(CollectView(report, isDryRun)) : text(report))
    }

    private func text(_ report: GarbageReport) -> String {
        let parts = [
            Self.count(report.manifests, "manifest"), Self.count(report.blobs, "blob"),
            Self.count(report.uploads, "upload"), Self.count(report.repositories, "repository"),
        ].compactMap(\.self)
        guard !parts.isEmpty else { return "There is nothing to free." }
        let list =
            parts.count == 1
            ? parts[0] : parts.dropLast().joined(separator: ", ") + " and " + parts[parts.count - 1]
        return "\(dryRun ? "Would free" : "Freed") \(list): \(SizeText.rounded(report.bytes))."
    }

    /// `3 blobs`; nil for none.
    private static func count(_ number: Int, _ noun: String) -> String? {
        guard number != 0 else { return nil }
        guard number > 1 else { return "1 \(noun)" }
        return "\(number) " + (noun.hasSuffix("y") ? "\(noun.dropLast())ies" : "\(noun)s")
    }

    private static func time(_ text: String) throws -> Duration {
        guard let time = DurationText.parse(text) else {
            throw ValidationError("`\(text)` is no time; expected one such as `90s`, `15m`, `12h` or `7d`")
        }
        return time
    }

    /// The shortest that the configuration takes.
    private static let graceThatIsSafe: TimeInterval = 600
}

/// What a collection did, for programs.
private struct CollectView: Encodable {
    let dryRun: Bool
    let manifests: Int
    let blobs: Int
    let bytes: Int64
    let uploads: Int
    let repositories: Int
    let historyLines: Int

    init(_ report: GarbageReport, _ isDryRun: Bool) {
        dryRun = isDryRun
        manifests = report.manifests
        blobs = report.blobs
        bytes = report.bytes
        uploads = report.uploads
        repositories = report.repositories
        historyLines = report.historyLines
    }
}
