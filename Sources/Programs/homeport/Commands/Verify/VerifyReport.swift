internal import FoundationEssentials
internal import OCI
internal import Registry

/// What a check has found, for people and for programs.
struct VerifyReport: Encodable, Sendable {
    struct Damaged: Encodable, Sendable {
        let digest: String
        /// Nil for a blob, which is the same in all repositories.
        let manifestOf: String?
        let problem: String
        let detail: String
        let found: Date
        /// Where its bytes are kept.
        let kept: String?
        let hits: [Hit]
    }

    struct Hit: Encodable, Sendable {
        let repository: String
        let tags: [String]
    }

    struct Strays: Encodable, Sendable {
        let count: Int
        let bytes: Int64
        /// Of the first of them.
        let digests: [String]
    }

    let started: Date
    let finished: Date?
    let blobs: Int
    let bytes: Int64
    let manifests: Int
    let damaged: [Damaged]
    /// All of them; `damaged` has the first.
    let damagedCount: Int
    let mended: Int
    let incomplete: [IncompleteManifest]
    let incompleteCount: Int
    let filesWithoutRows: Strays
    let folder: String

    /// How many are named one by one.
    private static let namedMax = 1000
    private static let hitsMax = 100

    /// - Parameter folder: where the data lies.
    init(_ found: CheckProgress, ledger: any DamageLedger, folder: String) async throws {
        self.folder = folder
        var named: [Damaged] = []
        for damage in try await ledger.damages(limit: Self.namedMax) {
            let hits = try await ledger.hits(of: damage.subject, limit: Self.hitsMax)
            var repository: String?
            if case .manifest(_, let name) = damage.subject { repository = name.text }
            named.append(
                Damaged(
                    digest: "\(damage.subject.digest)", manifestOf: repository,
                    problem: damage.problem.rawValue, detail: damage.detail, found: damage.foundAt,
                    kept: damage.keptAt,
                    hits: hits.map { Hit(repository: $0.repository.text, tags: $0.tags.map(\.text)) }))
        }
        started = found.startedAt
        finished = found.finishedAt
        blobs = found.blobs
        bytes = found.bytes
        manifests = found.manifests
        damaged = named
        damagedCount = try await ledger.damageCount()
        mended = found.mended
        incomplete = found.incomplete
        incompleteCount = found.incompleteCount
        filesWithoutRows = Strays(
            count: found.strays, bytes: found.strayBytes, digests: found.strayNames)
    }
}

// MARK: - For people

extension VerifyReport {
    var text: String {
        let paragraphs = [
            damageText, incompleteText, adviceText, mendedText, strayText, summary,
        ]
        return paragraphs.compactMap(\.self).joined(separator: "\n\n")
    }

    private var summary: String {
        let amount = "\(blobs) blobs (\(SizeText.rounded(bytes))) and \(manifests) manifests"
        let isClean = damagedCount == 0 && incompleteCount == 0
        return isClean ? "All is well: \(amount) are what their digests say." : "Checked \(amount)."
    }

    private var damageText: String? {
        guard damagedCount > 0 else { return nil }
        let what = damagedCount == 1 ? "1 thing is damaged and" : "\(damagedCount) things are damaged and"
        var lines = ["\(what) no longer served:"]
        for item in damaged {
            let name = item.manifestOf.map { "manifest \($0)@\(item.digest)" } ?? "blob \(item.digest)"
            lines += ["", "  \(name)", "    \(printable(item.detail)) (found \(DateText.show(item.found)))"]
            lines += item.hits.map { "    hits \(Self.place($0))" }
            if item.hits.isEmpty { lines.append("    no repository holds it any more") }
            if let kept = item.kept { lines.append("    kept as \(kept)") }
        }
        if damaged.count < damagedCount { lines += ["", "  and \(damagedCount - damaged.count) more"] }
        return lines.joined(separator: "\n")
    }

    /// `shop/web: latest, v1`
    private static func place(_ hit: Hit) -> String {
        guard !hit.tags.isEmpty else { return "\(hit.repository), but none of its tags" }
        let shown = hit.tags.prefix(tagsShown).joined(separator: ", ")
        let more = hit.tags.count - tagsShown
        return "\(hit.repository): \(shown)" + (more > 0 ? " and \(more) more tags" : "")
    }

    private static let tagsShown = 8

    private var incompleteText: String? {
        guard incompleteCount > 0 else { return nil }
        let what = incompleteCount == 1 ? "1 manifest refers" : "\(incompleteCount) manifests refer"
        var lines = ["\(what) to what its repository does not hold; somebody has deleted it:"]
        for item in incomplete {
            lines += ["", "  \(item.repository)@\(item.digest)"]
            lines += item.missing.map { "    misses \($0)" }
        }
        if incomplete.count < incompleteCount {
            lines += ["", "  and \(incompleteCount - incomplete.count) more"]
        }
        return lines.joined(separator: "\n")
    }

    private var adviceText: String? {
        guard damagedCount + incompleteCount > 0 else { return nil }
        var lines = [
            "What to do: push these images again from wherever they still are. A blob that is pushed anywhere is",
            "mended everywhere; clients see that it is missing and send it by themselves.",
        ]
        let first = damaged.first { $0.manifestOf == nil }.flatMap { try? Digest($0.digest) }
        if let first {
            let place = "\(DistributionLayout.blobs)/\(DistributionLayout.place(of: first))"
            lines += [
                "Or put a copy from a backup in its place, which for the first of them is",
                "  \(folder)/\(place)", "and run `homeport verify` again.",
            ]
        }
        return lines.joined(separator: "\n")
    }

    private var mendedText: String? {
        guard mended > 0 else { return nil }
        return mended == 1
            ? "1 thing that was known as damaged is whole again, and served."
            : "\(mended) things that were known as damaged are whole again, and served."
    }

    private var strayText: String? {
        guard filesWithoutRows.count > 0 else { return nil }
        let size = SizeText.rounded(filesWithoutRows.bytes)
        let what =
            filesWithoutRows.count == 1
            ? "1 file (\(size)) belongs to no row; `homeport gc` removes it when it is old enough:"
            : "\(filesWithoutRows.count) files (\(size)) belong to no row; `homeport gc` removes what is old enough:"
        var lines = [what] + filesWithoutRows.digests.map { "  \($0)" }
        let more = filesWithoutRows.count - filesWithoutRows.digests.count
        if more > 0 { lines.append("  and \(more) more") }
        return lines.joined(separator: "\n")
    }
}
