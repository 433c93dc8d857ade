internal import Access
internal import FoundationEssentials
internal import ServerKit

extension ValueKind<Secret> {
    /// A secret by the name of a file that holds it, and nothing else but a line's end.
    static var secretFile: Self {
        ValueKind(
            text: "the name of a readable file that holds the secret",
            parse: { text, place throws(ValueProblem) in
                let path = text.hasPrefix("/") || place.folder.isEmpty ? text : "\(place.folder)/\(text)"
                return try SecretFile.read(path)
            },
            show: { _ in "(read from its file)" })
    }
}

/// Reads a secret that lies in a file of its own.
enum SecretFile {
    private static let sizeMax = 64 << 10

    static func read(_ path: String) throws(ValueProblem) -> Secret {
        let content: Data
        do {
            content = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw ValueProblem("the file `\(path)` cannot be read")
        }
        guard content.count <= sizeMax else {
            throw ValueProblem("the file `\(path)` is too large for a secret")
        }
        guard var text = String(data: content, encoding: .utf8) else {
            throw ValueProblem("the file `\(path)` is not UTF-8 text")
        }
        if text.hasSuffix("\r\n") || text.hasSuffix("\n") { text.removeLast() }
        guard !text.isEmpty else { throw ValueProblem("the file `\(path)` is empty") }
        return Secret(text)
    }
}

extension ValueKind<String> {
    static var accountName: Self {
        ValueKind(
            text: "the name of an account",
            parse: { text, _ throws(ValueProblem) in
                do throws(AccessError) {
                    return try AccountName(text).text
                } catch {
                    throw ValueProblem(error.description)
                }
            },
            show: { $0 })
    }
}
