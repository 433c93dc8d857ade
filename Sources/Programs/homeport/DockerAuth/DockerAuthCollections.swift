internal import Access
internal import Accounts
internal import FoundationEssentials

/// Accounts and rules of collections of MongoDB, exported or as they are there, beside those of the file.
struct DockerAuthCollections: Sendable {
    var accounts: [Account] = []
    /// In the order of `seq`, numbered as their documents are.
    var rules: [(rule: Rule, line: Int)] = []
    /// What means something else now, and what is left out, each with the name of its file.
    var differences: [DockerAuthReport.Entry] = []
    var leftOut: [DockerAuthReport.Entry] = []

    init(
        users: DockerAuthDocuments<DockerAuthUserDocument>?,
        rules: DockerAuthDocuments<DockerAuthRuleDocument>?, now: Date
    ) {
        if let users { take(users, now: now) }
        if let rules { take(rules) }
    }

    mutating func leave(_ path: String, _ line: Int, _ key: String, _ text: String) {
        leftOut.append(.init(file: path, key: key, line: line, text: text))
    }

    private mutating func take(_ users: DockerAuthDocuments<DockerAuthUserDocument>, now: Date) {
        leave(users.problems, of: users.path)
        var seen: Set<AccountName> = []
        for entry in users.entries {
            let user = entry.document
            let text = user.name ?? ""
            guard let name = text.isEmpty ? .anonymous : try? AccountName(text), seen.insert(name).inserted
            else {
                leave(
                    users.path, entry.line, "username", "`\(text)` is no name of an account, or comes twice")
                continue
            }
            if let begin = user.notBefore, begin > now {
                leave(
                    users.path, entry.line, "not_before",
                    "`\(text)` may sign in later only, which accounts here cannot say")
                continue
            }
            if user.password == nil, !name.isAnonymous {
                differences.append(
                    .init(
                        file: users.path, key: "password", line: entry.line,
                        text: "`\(text)` has none, so everybody signed in as it, and nobody does now"))
            }
            let labels: Labels = user.labels.mapValues { $0.map { LabelValue($0) } }
            accounts.append(
                Account(
                    name: name, passwordHash: user.password.map { PasswordHash(storedText: $0) },
                    labels: DockerAuthTranslation.labels(of: labels), expires: user.expires,
                    isDisabled: user.isDisabled, createdAt: now))
        }
    }

    private mutating func take(_ documents: DockerAuthDocuments<DockerAuthRuleDocument>) {
        leave(documents.problems, of: documents.path)
        var taken: [Int: Int] = [:]
        var found: [(rule: Rule, line: Int)] = []
        for entry in documents.entries {
            let document = entry.document
            guard let seq = document.seq else { continue }
            if let other = taken[seq] {
                leave(documents.path, entry.line, "seq", "\(seq) is that of line \(other), too")
                continue
            }
            taken[seq] = entry.line
            let rule = Rule(
                seq: seq, match: document.match.conditions, actions: document.actions,
                comment: document.comment)
            do throws(AccessError) {
                _ = try Policy(rules: [rule], style: .dockerAuth)
                found.append((rule, entry.line))
            } catch {
                leave(documents.path, entry.line, "match", error.description)
            }
        }
        if found.map(\.rule.seq) != found.map(\.rule.seq).sorted() {
            differences.append(
                .init(
                    file: documents.path, key: "seq", line: 1,
                    text:
                        "the documents lie in another order than `seq` says; docker_auth asked them as they lie, and "
                        + "here `seq` decides"))
        }
        for (rule, line) in found.sorted(by: { $0.rule.seq < $1.rule.seq }) {
            let translated = DockerAuthTranslation(of: rule)
            rules.append((translated.rule, line))
            differences += translated.differences.map {
                .init(file: documents.path, key: $0.field, line: line, text: $0.text)
            }
        }
    }

    private mutating func leave(_ problems: [ConfigurationProblem], of path: String) {
        for problem in problems {
            let line = if case .file(let line) = problem.origin { line } else { 1 }
            leave(path, line, problem.path, problem.message)
        }
    }
}
