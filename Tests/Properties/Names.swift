import Access
import OCI
import Registry

extension Property {
    /// Names are read by their grammar, which is written here a second time and in another way, and print as
    /// they were read.
    static let names = Property("names") { input in
        let text = input.text
        let name = try? RepositoryName(text)
        try requireEqual(name != nil, Grammar.isRepository(text), "whether \(text) names a repository")
        try requireEqual(name?.description ?? text, text, "a name printed")

        let tag = try? Tag(text)
        try requireEqual(tag != nil, Grammar.isTag(text), "whether \(text) is a tag")
        try requireEqual(tag?.description ?? text, text, "a tag printed")

        if let reference = try? Reference(text[...]) {
            try requireEqual(reference.description, text, "a reference printed")
            let isTag = if case .tag = reference { true } else { false }
            try requireEqual(isTag, tag != nil, "whether \(text) is read as a tag")
        }
        if let id = UploadID(text[...]) { try requireEqual(id.description, text, "an identifier printed") }
        if let account = try? AccountName(text) {
            try requireEqual(account.description, text, "an account printed")
            try require(!text.utf8.contains { $0 < 32 || $0 == 127 || $0 == 58 }, "it holds \(text)")
        }
        let type = MediaType(headerValue: text)
        try requireEqual(MediaType(headerValue: type.text), type, "a media type read twice")
    }

    /// Digests are read by their form, and print as they were read.
    static let digests = Property("digests") { input in
        let text = input.text
        let digest = try? Digest(text)
        try requireEqual(digest != nil, Grammar.isDigest(text), "whether \(text) is a digest")
        guard let digest else { return }
        try requireEqual(digest.description, text, "a digest printed")
        try requireEqual(try Digest(digest.description), digest, "a digest read again")
        let bytes = stride(from: 0, to: digest.hex.count, by: 2).map { place in
            let start = digest.hex.index(digest.hex.startIndex, offsetBy: place)
            return UInt8(digest.hex[start...].prefix(2), radix: 16) ?? 0
        }
        try requireEqual(Digest(digest.algorithm, bytes: bytes), digest, "a digest made of its bytes")
    }
}

/// The grammars of the distribution spec, step by step, for the readers to agree with.
enum Grammar {
    static func isRepository(_ text: String) -> Bool {
        text.utf8.count <= 255
            && text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { isComponent($0) }
    }

    /// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`: cut into runs, words and separators take turns.
    private static func isComponent(_ text: Substring) -> Bool {
        var runs: [(isWord: Bool, text: String)] = []
        for scalar in text.unicodeScalars {
            let isWord = ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
            if runs.last?.isWord == isWord {
                runs[runs.count - 1].text.unicodeScalars.append(scalar)
            } else {
                runs.append((isWord, String(scalar)))
            }
        }
        guard runs.first?.isWord == true, runs.last?.isWord == true else { return false }
        return runs.allSatisfy { run in
            run.isWord || [".", "_", "__"].contains(run.text) || run.text.allSatisfy { $0 == "-" }
        }
    }

    static func isTag(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        let word = { (scalar: Unicode.Scalar) in
            ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
                || scalar == "_"
        }
        guard let first = scalars.first, word(first), scalars.count <= 128 else { return false }
        return scalars.allSatisfy { word($0) || $0 == "." || $0 == "-" }
    }

    static func isDigest(_ text: String) -> Bool {
        let lengths = ["sha256:": 64, "sha512:": 128]
        for (start, length) in lengths where text.unicodeScalars.starts(with: start.unicodeScalars) {
            let hex = text.unicodeScalars.dropFirst(start.unicodeScalars.count)
            return hex.count == length
                && hex.allSatisfy { ("0"..."9").contains($0) || ("a"..."f").contains($0) }
        }
        return false
    }
}
