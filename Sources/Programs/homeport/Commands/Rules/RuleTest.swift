internal import Access
internal import ArgumentParser
internal import FoundationEssentials

struct RuleTest: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Check the rules against a table of expectations.",
        discussion: """
            Each line of the file names an account, a scope and the actions expected, with spaces between; - stands \
            for nobody and for nothing. After them may stand ip=…, tag=…, service=… and at=…. A line that begins \
            with # is a comment. For example:

              waldi  repository:test:pull,push  pull,push
              waldi  repository:prod:pull,push  -
              -      repository:test:pull       -          ip=192.0.2.7

            The exit code is 1 when an expectation is not met.
            """)

    @Argument(help: "The file; - for standard input.", completion: .file())
    var file: String
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let expectations = try Expectation.read(try text(terminal))
        var failures = 0
        for expectation in expectations {
            let answer = try await expectation.question.answer(stores)
            if Set(answer.granted) == Set(expectation.granted) {
                terminal.print("ok    \(expectation.words)")
                continue
            }
            failures += 1
            let granted = answer.granted.isEmpty ? "-" : answer.granted.joined(separator: ",")
            terminal.print("FAIL  \(expectation.words)  (line \(expectation.line): granted \(granted))")
            terminal.print(answer.text.split(separator: "\n").map { "      \($0)" }.joined(separator: "\n"))
        }
        let summary = "\(expectations.count - failures) of \(expectations.count) expectations are met"
        guard failures == 0 else { throw CommandFailure.refused(summary) }
        terminal.note("\(summary).")
    }

    private func text(_ terminal: Terminal) throws -> String {
        if file == "-" {
            var lines: [String] = []
            while let line = terminal.readLine() { lines.append(line) }
            return lines.joined(separator: "\n")
        }
        guard let data = try? Data(contentsOf: URL(filePath: file)),
            let text = String(data: data, encoding: .utf8)
        else { throw CommandFailure.usage("\(file) cannot be read") }
        return text
    }
}

/// One line of a table of expectations.
struct Expectation: Sendable {
    let line: Int
    /// The line as it is printed.
    let words: String
    let question: RuleQuestion
    let granted: [String]

    static func read(_ text: String) throws -> [Expectation] {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        return try lines.enumerated().compactMap { index, line in
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let first = words.first, !first.hasPrefix("#") else { return nil }
            return try Expectation(words, line: index + 1)
        }
    }

    private init(_ fields: [String], line: Int) throws {
        guard fields.count >= 3 else {
            throw CommandFailure.usage("line \(line): expected an account, a scope and the actions granted")
        }
        do throws(AccessError) {
            let name: AccountName = fields[0] == "-" ? .anonymous : try AccountName(fields[0])
            self.question = try Self.question(name, try Scope(fields[1]), fields.dropFirst(3))
        } catch {
            throw CommandFailure.usage("line \(line): \(error.description)")
        }
        self.line = line
        self.words = printable(fields.joined(separator: "  "))
        self.granted = fields[2] == "-" ? [] : fields[2].split(separator: ",").map(String.init)
    }

    private static func question(
        _ account: AccountName, _ scope: Scope, _ conditions: ArraySlice<String>
    ) throws(AccessError) -> RuleQuestion {
        var question = RuleQuestion(account: account, scope: scope)
        for condition in conditions {
            let parts = condition.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw AccessError("`\(condition)` is not of the form ip=…") }
            switch parts[0] {
            case "ip": question.ip = parts[1]
            case "tag": question.tag = parts[1]
            case "service": question.service = parts[1]
            case "at":
                guard let moment = DateText.parse(parts[1], now: Surroundings.current.now()) else {
                    throw AccessError("`\(parts[1])` is no time; expected \(DateText.form)")
                }
                question.moment = moment
            default: throw AccessError("`\(parts[0])` is not known; expected ip, tag, service or at")
            }
        }
        return question
    }
}
