internal import ArgumentParser
internal import FoundationEssentials
internal import OCI
internal import Registry
internal import ServerKit

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

    static func digest(_ text: String) throws -> Digest {
        do throws(OCIError) {
            return try Digest(text)
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

    /// The tag of a target that is a repository or a tag; nil for a repository.
    static func tag(of target: Target) throws -> Tag? {
        switch target.part {
        case nil: return nil
        case .tag(let tag): return tag
        case .manifest: throw CommandFailure.usage("expected a repository or a tag, not a digest")
        }
    }

    /// Who does what is done by commands, in histories. No account's name has a colon.
    static let commandLine = "homeport:command"

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
    static func rounded(_ bytes: Int64) -> String { ByteText.rounded(bytes) }
}
