internal import ArgumentParser
internal import FoundationEssentials
internal import OCI
internal import Registry

/// How repositories and what is in them are written on the command line.
enum RepositoryText {
    struct Target {
        enum Part {
            case tag(Tag)
            case manifest(Digest)
        }

        let name: RepositoryName
        /// Nil for the whole repository.
        let part: Part?
    }

    static func name(_ text: String) throws -> RepositoryName {
        do throws(OCIError) {
            return try RepositoryName(text[...])
        } catch {
            throw ValidationError(error.detail)
        }
    }

    static func target(_ text: String) throws -> Target {
        do throws(OCIError) {
            if let at = text.firstIndex(of: "@") {
                let digest = try Digest(text[text.index(after: at)...])
                return Target(name: try RepositoryName(text[..<at]), part: .manifest(digest))
            }
            if let colon = text.lastIndex(of: ":") {
                let tag = try Tag(text[text.index(after: colon)...])
                return Target(name: try RepositoryName(text[..<colon]), part: .tag(tag))
            }
            return Target(name: try RepositoryName(text[...]), part: nil)
        } catch {
            throw ValidationError(error.detail)
        }
    }

    static func unknown(_ name: RepositoryName) -> CommandFailure {
        .refused("there is no repository \(name)")
    }
}

/// A repository as it is listed.
struct RepositoryView: Encodable {
    let name: String
    let tags: Int
    let manifests: Int
    /// In bytes.
    let size: Int64
    let pushed: Date?

    init(_ summary: RepositorySummary) {
        name = summary.name.description
        tags = summary.tagCount
        manifests = summary.manifestCount
        size = summary.size
        pushed = summary.lastPush
    }
}

/// A tag as it is listed.
struct TagView: Encodable {
    let tag: String
    let digest: String
    let type: String
}

extension SizeText {
    /// For people: `1.4 GiB`, `312 KiB`, `17 B`.
    static func rounded(_ bytes: Int64) -> String {
        var amount = Double(bytes)
        for unit in ["B", "KiB", "MiB", "GiB"] {
            if amount < 1024 {
                let tenths = Int((amount * 10).rounded())
                let isShort = unit == "B" || tenths >= 100
                return isShort ? "\(Int(amount.rounded())) \(unit)" : "\(tenths / 10).\(tenths % 10) \(unit)"
            }
            amount /= 1024
        }
        return "\(Int(amount.rounded())) TiB"
    }
}
