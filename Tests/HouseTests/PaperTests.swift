import Foundation
import Testing

/// What the documents say is there.
@Suite struct PaperTests {
    @Test func theFrontPageNamesOnlyVerbsThatExist() throws {
        let makefile = try SourceTree.text(of: "Makefile")
        var verbs: Set<String> = []
        for line in makefile.split(separator: "\n") where line.first?.isLetter == true {
            if let colon = line.firstIndex(of: ":"), !line[colon...].hasPrefix(":=") {
                verbs.insert(String(line[..<colon]))
            }
        }
        var named: Set<String> = []
        for page in ["README.md", "CONTRIBUTING.md", "docs/install.md", "docs/operate.md"] {
            for match in try SourceTree.text(of: page).matches(of: /(?m)(?:`|^ {4})make ([a-z]+)/) {
                named.insert(String(match.1))
            }
        }
        #expect(named.isSuperset(of: ["run", "test"]))
        for verb in named { #expect(verbs.contains(verb), "`make \(verb)` is named and does not exist") }
    }

    @Test func linksBetweenDocumentsLeadSomewhere() throws {
        for path in try SourceTree.paths() where path.hasSuffix(".md") {
            let folder = path.split(separator: "/").dropLast().joined(separator: "/")
            for match in try SourceTree.text(of: path).matches(of: /\]\(([^)#\s]+)(#[^)]*)?\)/) {
                let target = String(match.1)
                guard !target.contains("://"), !target.hasPrefix("mailto:") else { continue }
                let file = SourceTree.root.appending(path: folder).appending(path: target).standardizedFileURL
                #expect(
                    FileManager.default.fileExists(atPath: file.path(percentEncoded: false)),
                    "\(path) links to \(target)")
            }
        }
    }

    @Test func everyTestThatThePageOnSecurityNamesExists() throws {
        let tests = try SourceTree.swiftFiles(in: "Tests")
        var named = 0
        for match in try SourceTree.text(of: "docs/security.md").matches(of: /`([A-Z]\w*Tests)(?:\.(\w+))?`/)
        {
            let suite = try Regex("(struct|extension|class) \(match.1)\\b")
            let homes = tests.filter { $0.code.contains(suite) }
            #expect(!homes.isEmpty, "docs/security.md names the suite \(match.1)")
            if let name = match.2 {
                let test = homes.contains { $0.code.contains("func \(name)(") }
                #expect(test, "docs/security.md names \(match.1).\(name)")
            }
            named += 1
        }
        #expect(named > 40)
    }

    @Test func ciCallsTheTestCommandOfTheFrontPage() throws {
        #expect(try SourceTree.text(of: ".ci/run").contains("\nmake test\n"))
        #expect(try SourceTree.text(of: "README.md").contains("make test"))
    }

    @Test func everyRoomIsOnTheMap() throws {
        let map = try SourceTree.text(of: "ARCHITECTURE.md")
        var rooms: Set<String> = []
        for file in try SourceTree.swiftFiles(in: "Sources") {
            let room = String(file.path.split(separator: "/")[2])
            rooms.insert(room)
        }
        for room in rooms.sorted() {
            let isNamed = map.contains("`\(room)`")
            #expect(isNamed, "ARCHITECTURE.md does not name \(room)")
        }
    }
}
