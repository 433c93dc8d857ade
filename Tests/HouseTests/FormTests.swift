import Testing

/// How large things may grow, and what may not be called.
@Suite struct FormTests {
    private static let functionLengthMax = 70
    private static let fileLengthMax = 400

    /// Functions that were longer than allowed when the rule came, with their lengths then. The list only
    /// shrinks: when one becomes shorter its number has to follow, when it is short enough it leaves the
    /// list.
    private static let longFunctions: [String: Int] = [:]

    @Test func noFunctionIsLongerThanAPage() throws {
        var seen: [String: Int] = [:]
        for file in try SourceTree.swiftFiles(in: "Sources", "Tests") {
            for function in FunctionFinder.functions(in: file) where function.length > Self.functionLengthMax
            {
                let key = "\(file.path) \(function.name)"
                seen[key] = function.length
                #expect(
                    function.length <= Self.longFunctions[key] ?? 0,
                    "\(file.path):\(function.line): \(function.name) has \(function.length) lines")
            }
        }
        for (key, length) in Self.longFunctions {
            #expect(seen[key] == length, "\(key) has become shorter: put its number in the list right")
        }
    }

    @Test func noFileIsLongerThanAChapter() throws {
        for file in try SourceTree.swiftFiles(in: "Sources", "Tests") {
            #expect(file.lines.count <= Self.fileLengthMax, "\(file.path) has \(file.lines.count) lines")
        }
    }

    /// Calls that block, trap, or cost more than they look, and where they are banned. The reasons are in
    /// CONTRIBUTING.md.
    private static let bannedCalls: [(call: String, folders: [String])] = [
        ("try!", ["Sources", "Tests"]),
        ("as!", ["Sources", "Tests"]),
        ("fatalError(", ["Sources"]),
        ("Task.sleep", ["Tests"]),
        ("Thread.sleep", ["Sources", "Tests"]),
        ("String(format:", ["Sources"]),
        ("DateFormatter(", ["Sources"]),
        ("DispatchSemaphore", ["Sources"]),
        ("waitUntilExit", ["Sources"]),
        ("import FoundationNetworking", ["Sources", "Tests"]),
        ("LoggingSystem.bootstrap", ["Tests"]),
    ]

    @Test(arguments: bannedCalls) func bannedCallsAreNotMade(_ call: String, in folders: [String]) throws {
        for folder in folders {
            for file in try SourceTree.swiftFiles(in: folder) {
                for (index, line) in file.codeLines.enumerated() where Self.calls(call, in: line) {
                    Issue.record("\(file.path):\(index + 1): \(call)")
                }
            }
        }
    }

    /// Whether a line has the call, not as the end of a longer word.
    private static func calls(_ call: String, in line: Substring) -> Bool {
        line.ranges(of: call).contains { range in
            guard range.lowerBound > line.startIndex else { return true }
            let before = line[line.index(before: range.lowerBound)]
            return !(before.isLetter || before.isNumber || before == "_")
        }
    }

    @Test(arguments: ["@unchecked Sendable", "nonisolated(unsafe)"])
    func whatTheCompilerCannotCheckSaysWhyItHolds(_ escape: String) throws {
        for file in try SourceTree.swiftFiles(in: "Sources", "Tests") {
            for (index, line) in file.codeLines.enumerated() where line.contains(escape) {
                // One comment may stand above several such lines.
                let above = file.lines[..<index].last { !$0.contains(escape) } ?? ""
                let isExplained = file.lines[index].contains("//") || above.contains("//")
                #expect(
                    isExplained,
                    "\(file.path):\(index + 1): \(escape) without a comment that says why it is safe")
            }
        }
    }

    @Test func nothingIsLeftForLater() throws {
        let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X:"]
        for path in try SourceTree.paths() {
            guard let text = try? SourceTree.text(of: path) else { continue }
            for word in words { #expect(!text.contains(word), "\(path) mentions \(word)") }
        }
    }
}
