import Foundation

@testable import homeport

extension Property {
    /// A configuration is read or refused with lines that it has; what is read prints as texts that read back
    /// as the same; and a file that was found right holds no key that nobody knows.
    static let configuration = Property("configuration") { input in
        let text = input.text
        // YAML ends a line at any of these.
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).count
        let leaves = Configuration.leaves()
        var values = Configuration()
        let known = leaves.filter { $0.assign != nil }.map(\.path)
        var reader = FileReader(place: Place(folder: ""), knownPaths: known)
        try requireQuick("reading a configuration") { reader.read(text, into: &values) }
        for problem in reader.problems {
            if case .file(let line) = problem.origin {
                try require((1...lines + 1).contains(line), "line \(line) of \(lines): \(problem.message)")
            }
            try require(!problem.message.isEmpty, "a problem without a word")
        }
        guard reader.problems.isEmpty else { return }
        for leaf in leaves where reader.origins[leaf.path] != nil { try check(leaf, values) }
        _ = values.allContradictions()
    }

    /// What a value prints as reads back as a value that prints the same.
    private static func check(_ leaf: Leaf<Configuration>, _ values: Configuration) throws {
        let shown = leaf.show(values)
        guard let assign = leaf.assign, !shown.isEmpty, !shown.hasPrefix("["), !shown.hasPrefix("(") else {
            return
        }
        var again = Configuration()
        if let problem = assign(&again, .text(shown), Place(folder: "")) {
            throw Counterexample(description: "\(leaf.path) prints as \(shown), which \(problem)")
        }
        try requireEqual(leaf.show(again), shown, "\(leaf.path) printed")
    }
}
