internal import ArgumentParser
internal import Audit
internal import FoundationEssentials
internal import OCI
internal import SQLiteStore
internal import ServerKit

struct AuditCommand: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Show who did what, the latest first.",
        discussion: """
            A command names the operating system's user, a request the account. Pulls and sign-ins are written every \
            second, and the same ones within a second once, with how often; everything else is written with the change \
            itself.
            """)

    @Option(help: "Only what this account or user did.")
    var account: String?

    @Option(
        help: ArgumentHelp(
            "Only this: \(AuditAction.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "action"
        ),
        transform: AuditText.action)
    var action: AuditAction?

    @Option(help: "Only what was done to this: an account, a rule's number, a key.")
    var subject: String?

    @Option(help: "Only what was done to this repository.", transform: RepositoryText.name)
    var repository: RepositoryName?

    @Option(
        help: ArgumentHelp("Only since then: \(AuditText.form).", valueName: "when"),
        transform: AuditText.beginning)
    var since: Date?

    @Option(
        help: ArgumentHelp("Only until then: \(AuditText.form).", valueName: "when"), transform: AuditText.end
    )
    var until: Date?

    @Option(help: ArgumentHelp("How many, up to 10000.", valueName: "count"))
    var limit = 50
    @OptionGroup var listing: ListingOptions
    @OptionGroup var settings: SettingsOptions

    private static let pageSize = 500

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit is 1 to 10000.") }
        guard repository == nil || subject == nil else {
            throw ValidationError("Either --repository or --subject.")
        }
    }

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let filter = AuditFilter(
            account: account, action: action, subject: repository?.text ?? subject, since: since, until: until
        )
        var trail = stores.directory.trail
        if let problem = await stores.directory.problem() {
            terminal.note(
                "What was changed in accounts, rules, tokens and keys is missing here: \(problem).")
            trail = stores.database
        }
        var entries: [AuditEntry] = []
        var last: AuditEntry?
        repeat {
            let page = try await trail.entries(filter, after: last, limit: Self.pageSize)
            entries += page.filter {
                repository == nil || AuditAction.onRepositories.contains($0.event.action)
            }
            last = page.last
        } while last != nil && entries.count < limit
        let views = entries.prefix(limit).map(AuditView.init)
        try listing.print(views, to: terminal) {
            var table = Table("TIME", "WHO", "FROM", "ACTION", "SUBJECT", "DETAIL")
            for view in views { table.add(view.cells) }
            return table
        }
    }
}

/// How moments are written for `homeport audit`.
private enum AuditText {
    static let form = "a date, a time such as 2027-01-31T12:00:00Z, or how long ago such as 2h"

    static func beginning(_ text: String) throws -> Date { try moment(text, .beginning) }

    static func end(_ text: String) throws -> Date { try moment(text, .end) }

    private static func moment(_ text: String, _ edge: DateText.Edge) throws -> Date {
        let now = Surroundings.current.now()
        if let span = DurationText.parse(text) {
            return now.addingTimeInterval(-Double(span.components.seconds))
        }
        guard let date = DateText.parse(text, edge: edge, now: now) else {
            throw ValidationError("`\(text)` is no time; write \(form)")
        }
        return date
    }

    static func action(_ text: String) throws -> AuditAction {
        if let action = AuditAction(rawValue: text) { return action }
        let near = NearestName.to(text, among: AuditAction.allCases.map(\.rawValue))
        throw ValidationError("`\(text)` is no action" + (near.map { "; did you mean `\($0)`?" } ?? ""))
    }
}

/// An entry as it is listed.
private struct AuditView: Encodable {
    let id: Int64
    let time: Date
    let account: String
    /// `request`, `command` or `server`.
    let origin: String
    let address: String?
    let request: String?
    let action: String
    let outcome: String
    let subject: String
    let detail: String
    let count: Int

    init(_ entry: AuditEntry) {
        let event = entry.event
        id = entry.id
        time = event.at
        account = event.account
        let isRequest = event.origin.requestID != nil
        origin = event.origin.commandUser != nil ? "command" : isRequest ? "request" : "server"
        address = event.origin.address
        request = event.origin.requestID
        action = event.action.rawValue
        outcome = event.outcome.rawValue
        subject = event.subject
        detail = event.detail
        count = event.count
    }

    /// For a terminal: nothing in it can be more than text.
    var cells: [String] {
        let often = count > 1 ? " (\(count) times)" : ""
        let how = outcome == AuditOutcome.done.rawValue ? "" : " \(outcome)"
        return [
            DateText.show(time), printable(account.isEmpty ? "-" : account), printable(address ?? origin),
            action + how + often, printable(subject), printable(detail),
        ]
    }
}
