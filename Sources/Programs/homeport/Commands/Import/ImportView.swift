internal import OCI
internal import Registry

/// What an import did, as it is printed.
struct ImportView: Encodable {
    struct Count: Encodable {
        let new: Int
        let known: Int

        init(_ count: AdoptionReport.Count) {
            new = count.new
            known = count.known
        }
    }

    struct Entry: Encodable {
        let what: String
        let repository: String
        let name: String
        let reason: String

        init(_ omission: Omission) {
            what = omission.kind.rawValue
            repository = omission.repository
            name = omission.name
            reason = omission.reason
        }

        /// Names and reasons may hold what somebody else chose.
        var line: String {
            let place = [repository, name].filter { !$0.isEmpty }.joined(separator: " ")
            return printable("  \(what) \(place): \(reason)")
        }
    }

    let from: String
    let dryRun: Bool
    let repositories: Int
    let blobs: Count
    /// Of the distinct blobs that are new.
    let bytes: Int64
    let manifests: Count
    let referrers: Int
    let tags: Count
    let earlierMoves: Int
    let skipped: [Entry]
    let incomplete: [Entry]

    init(_ report: AdoptionReport, from: String, isRehearsal: Bool) {
        self.from = from
        dryRun = isRehearsal
        repositories = report.repositories
        blobs = Count(report.blobs)
        bytes = report.bytes
        manifests = Count(report.manifests)
        referrers = report.referrers
        tags = Count(report.tags)
        earlierMoves = report.earlierMoves
        skipped = report.omissions.map(Entry.init)
        incomplete = report.incomplete.map(Entry.init)
    }

    func text(isCopy: Bool) -> String {
        let size = "\(SizeText.rounded(bytes)), \(isCopy ? "copied" : "not copied")"
        var table = Table("", "NEW", "HERE BEFORE", "")
        table.add(["blobs", "\(blobs.new)", "\(blobs.known)", blobs.new > 0 ? size : ""])
        table.add([
            "manifests", "\(manifests.new)", "\(manifests.known)",
            referrers > 0 ? "\(referrers) refer to another" : "",
        ])
        table.add([
            "tags", "\(tags.new)", "\(tags.known)",
            earlierMoves > 0 ? "with \(earlierMoves) earlier moves" : "",
        ])
        let verb = dryRun ? "Would take over" : "Took over"
        let noun = repositories == 1 ? "repository" : "repositories"
        let source = "\(repositories) \(noun) of \(printable(from))"
        var parts = ["\(verb) from \(source):", table.text]
        parts += list("Left out", skipped) + list("Taken over, but not whole there either", incomplete)
        return parts.joined(separator: "\n")
    }

    private func list(_ title: String, _ entries: [Entry]) -> [String] {
        guard !entries.isEmpty else { return [] }
        let rest = entries.count - Self.linesMax
        let more = rest > 0 ? ["  and \(rest) more, which --json lists"] : []
        return ["", "\(title):"] + entries.prefix(Self.linesMax).map(\.line) + more
    }

    private static let linesMax = 200
}
