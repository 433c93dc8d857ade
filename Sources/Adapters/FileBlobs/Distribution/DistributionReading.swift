import FoundationEssentials
import OCI
import Registry
import ServerKit

/// Reads one repository of a distribution folder: files called `link`, each holding a digest.
///
/// A folder without its `link` is what deleting leaves behind, and is nothing.
struct DistributionReading {
    private(set) var contents = ForeignRepository()
    private let repository: RepositoryName
    private let folder: String

    init(_ layout: Layout, _ repository: RepositoryName) {
        self.repository = repository
        self.folder = layout.folder(of: repository)
    }

    /// A `link` that could be read.
    private struct Link {
        let digest: Digest
        let date: Date

        var move: AdoptedTag.Move { AdoptedTag.Move(digest: digest, date: date) }
    }

    mutating func run() throws(StoreError) {
        contents.blobs = try links(in: "_layers", .blob).map(\.digest)
        contents.manifests = try links(in: "_manifests/revisions", .manifest).map {
            ForeignRepository.Revision(digest: $0.digest, date: $0.date)
        }
        for name in try Disk.names(in: "\(folder)/_manifests/tags").sorted() { try readTag(name) }
    }

    private mutating func readTag(_ name: String) throws(StoreError) {
        let tag: Tag
        do {
            tag = try Tag(name)
        } catch {
            return leaveOut(.tag, name, error.detail)
        }
        let path = "_manifests/tags/\(name)"
        switch try link(at: "\(path)/current/link") {
        case nil: break
        case .failure(let problem)?: leaveOut(.tag, name, problem.reason)
        case .success(let current)?:
            let others = try links(in: "\(path)/index", nil).filter { $0.digest != current.digest }
            contents.tags.append(
                AdoptedTag(
                    tag, earlier: others.sorted { $0.date < $1.date }.map(\.move), current: current.move))
        }
    }

    /// The links in `<algorithm>/<hex>/link` below a folder, in order of their digests.
    ///
    /// - Parameter kind: as what to tell of those that cannot be read; nil not to tell.
    private mutating func links(in path: String, _ kind: Omission.Kind?) throws(StoreError) -> [Link] {
        var found: [Link] = []
        for algorithm in try Disk.names(in: "\(folder)/\(path)").sorted() {
            for name in try Disk.names(in: "\(folder)/\(path)/\(algorithm)").sorted() {
                let text = "\(algorithm):\(name)"
                switch try link(at: "\(path)/\(algorithm)/\(name)/link") {
                case nil: break
                case .success(let link)? where link.digest.description == text: found.append(link)
                case .success(let link)?:
                    if let kind { leaveOut(kind, text, "its link leads to \(link.digest)") }
                case .failure(let problem)?:
                    if let kind { leaveOut(kind, text, problem.reason) }
                }
            }
        }
        return found
    }

    private struct Unreadable: Error {
        let reason: String
    }

    /// Nil when there is no file of this name.
    private func link(at path: String) throws(StoreError) -> Result<Link, Unreadable>? {
        let whole = "\(folder)/\(path)"
        guard let entry = try Disk.entry(at: whole) else { return nil }
        guard entry.kind == .file else { return .failure(Unreadable(reason: "its link is no plain file")) }
        guard entry.size <= Self.linkSizeMax, let file = try Disk.open(whole) else {
            return .failure(Unreadable(reason: "its link has \(entry.size) bytes"))
        }
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.linkSizeMax, alignment: 1)
        defer { bytes.deallocate() }
        let count = try Disk.read(into: bytes, from: file, at: 0)
        guard count > 0 else { return .failure(Unreadable(reason: "its link is empty")) }
        var text = String(decoding: bytes[..<count], as: UTF8.self)[...]
        while text.last?.isWhitespace == true { text.removeLast() }
        do throws(OCIError) {
            return .success(Link(digest: try Digest(text), date: entry.changed))
        } catch {
            return .failure(Unreadable(reason: "its link holds no digest: \(error.detail)"))
        }
    }

    private mutating func leaveOut(_ kind: Omission.Kind, _ name: String, _ reason: String) {
        contents.omissions.append(Omission(kind, repository.text, name, reason))
    }

    /// A link is 71 bytes, or 135 with the longer digest.
    private static let linkSizeMax = 256
}
