import Foundation

/// The project as it lies on disk: what the tests of the house read.
enum SourceTree {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// What is built or fetched, and nobody's writing.
    private static let skipped: Set<String> = [".build", ".git", "bin", "data", ".venv"]

    /// The project's Swift files, read once.
    private static let swiftFiles = Result {
        try ["Sources", "Tests"].flatMap { try paths(in: $0) }.filter { $0.hasSuffix(".swift") }.map {
            try SourceFile($0)
        }
    }

    /// Every Swift file below these folders of `Sources` and `Tests`.
    static func swiftFiles(in folders: String...) throws -> [SourceFile] {
        try swiftFiles.get().filter { file in folders.contains { file.path.hasPrefix($0 + "/") } }
    }

    /// Every file below a folder, named from the root, in order.
    static func paths(in folder: String = "") throws -> [String] {
        var found: [String] = []
        var waiting = [folder]
        while let folder = waiting.popLast() {
            let names = try FileManager.default.contentsOfDirectory(
                atPath: root.appending(path: folder).path(percentEncoded: false))
            for name in names where !skipped.contains(name) && !name.hasPrefix(".build") {
                let path = folder.isEmpty ? name : "\(folder)/\(name)"
                let values = try root.appending(path: path).resourceValues(forKeys: [.isDirectoryKey])
                if values.isDirectory == true { waiting.append(path) } else { found.append(path) }
            }
        }
        return found.sorted()
    }

    static func text(of path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }
}

/// A Swift file, and the same with comments and texts blanked out, so that only code is looked at.
struct SourceFile {
    let path: String
    let lines: [Substring]
    let codeLines: [Substring]

    init(_ path: String) throws {
        self.init(path: path, text: try SourceTree.text(of: path))
    }

    init(path: String, text: String) {
        self.path = path
        self.lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        self.codeLines = CodeMask.blank(text).split(separator: "\n", omittingEmptySubsequences: false)
    }

    var code: String { codeLines.joined(separator: "\n") }

    /// The modules this file imports.
    var imports: [String] {
        codeLines.compactMap { line in
            let words = line.split(separator: " ")
            guard let position = words.firstIndex(of: "import"), position <= 2 else { return nil }
            let name = words[words.index(after: position)...].last ?? ""
            return name.split(separator: ".").first.map(String.init)
        }
    }
}
