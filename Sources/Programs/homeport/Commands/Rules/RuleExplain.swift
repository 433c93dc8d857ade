internal import Access
internal import Accounts
internal import ArgumentParser
internal import FoundationEssentials

struct RuleExplain: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say which rule decides, and why those before it do not.",
        usage: """
            homeport acl explain <account> <scope> [--ip <address>] [--tag <tag>] [--at <when>]
            homeport acl explain --anonymous <scope>
            """,
        discussion: "For example: homeport acl explain waldi repository:test:pull,push")

    @Argument(help: ArgumentHelp("The account and the scope it asks for.", valueName: "account-and-scope"))
    var words: [String] = []

    @Flag(help: "Instead of an account: whoever has not signed in.")
    var anonymous = false

    @Option(help: ArgumentHelp("Where the caller is.", valueName: "address"))
    var ip: String?

    @Option(help: "A tag that is pushed or pulled; without it, as when a token is asked for.")
    var tag: String?

    @Option(help: "The service that the token is for; without it the server's own.")
    var service: String?

    @Option(help: ArgumentHelp("The moment: \(DateText.form).", valueName: "when"))
    var at: String?

    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup var settings: SettingsOptions

    func validate() throws { _ = try question() }

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let question = try question()
        let answer = try await question.answer(stores)
        terminal.print(json ? try JSON.text(answer) : answer.text)
    }

    private func question() throws -> RuleQuestion {
        let count = anonymous ? 1 : 2
        guard words.count == count, let scope = words.last else {
            throw ValidationError(
                anonymous
                    ? "With --anonymous, give the scope alone, such as repository:test:pull."
                    : "Give the account and the scope, such as: waldi repository:test:pull,push")
        }
        var moment: Date?
        if let at {
            moment = DateText.parse(at, now: Surroundings.current.now())
            if moment == nil { throw ValidationError("--at: `\(at)` is no time; expected \(DateText.form).") }
        }
        do throws(AccessError) {
            return RuleQuestion(
                account: anonymous ? .anonymous : try AccountName(words[0]), scope: try Scope(scope), ip: ip,
                tag: tag, service: service, moment: moment)
        } catch {
            throw ValidationError(error.description)
        }
    }
}

/// May somebody do something: what `explain` and `test` ask.
struct RuleQuestion: Sendable {
    var account: AccountName
    var scope: Scope
    var ip: String?
    var tag: String?
    var service: String?
    /// Nil for now.
    var moment: Date?

    func answer(_ stores: Stores) async throws -> RuleAnswer {
        let account = try await stores.accounts.accounts.account(named: account)
        let moment = moment ?? Surroundings.current.now()
        if let why = Self.standsNot(account, at: moment) {
            return RuleAnswer(granted: [], rule: nil, tagRules: [], text: "Granted: nothing, because \(why).")
        }
        let request = AccessRequest(
            account: account.name, labels: account.labels, ip: ip,
            service: service ?? stores.values.token.service, type: scope.type, name: scope.name,
            actions: scope.actions, tag: tag.map { .known([$0]) } ?? .unknown)
        let explanation = try await stores.accounts.rules.explain(request, at: moment)
        if explanation.decision.rule == nil, explanation.decision.tagRules.isEmpty {
            let authorizers = AuthorizerSet(stores.values)
            let asked = await authorizers.explain(explanation.request)
            await authorizers.shutDown()
            if !asked.lines.isEmpty {
                let lines = [explanation.description] + asked.lines
                return RuleAnswer(
                    granted: asked.granted, rule: nil, tagRules: [],
                    text: printable(lines: lines.joined(separator: "\n")))
            }
        }
        return RuleAnswer(
            granted: explanation.decision.granted, rule: explanation.decision.rule,
            tagRules: explanation.decision.tagRules, text: printable(lines: explanation.description))
    }

    private static func standsNot(_ account: Account, at moment: Date) -> String? {
        let name =
            account.name.isAnonymous ? "the anonymous account" : "account \(printable(account.name.text))"
        if account.isDisabled { return "\(name) is disabled" }
        if let end = account.expires, end <= moment { return "\(name) expired at \(DateText.show(end))" }
        return nil
    }
}

/// What is granted, and why.
struct RuleAnswer: Encodable {
    let granted: [String]
    /// The deciding rule, when one decided.
    let rule: Int?
    /// Rules that add to it for some tags.
    let tagRules: [Int]
    let text: String
}

/// As `printable`, with the ends of lines left as they are.
func printable(lines text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { printable(String($0)) }
        .joined(separator: "\n")
}
