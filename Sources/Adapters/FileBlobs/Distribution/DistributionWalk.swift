import OCI
import Registry
import ServerKit

/// Finds the repositories of a distribution folder. A repository is a folder with `_manifests` or `_layers`
/// in it; one may lie inside another.
struct DistributionWalk {
    private(set) var catalogue = ForeignCatalogue()
    private let layout: Layout

    init(_ layout: Layout) { self.layout = layout }

    mutating func run() throws(StoreError) {
        // A stack and no recursion: how deep it goes is somebody else's choice.
        var waiting = try Disk.names(in: layout.repositories).sorted()
        while let path = waiting.popLast() {
            let names = try look(at: path)
            waiting += names.map { "\(path)/\($0)" }
        }
        catalogue.names.sort()
    }

    /// Notes the repository at `path`, if there is one, and returns the names to look at below it.
    private mutating func look(at path: String) throws(StoreError) -> [String] {
        guard path.utf8.count <= RepositoryName.lengthMax else {
            leaveOut(path, "its name has more than \(RepositoryName.lengthMax) bytes")
            return []
        }
        guard let entry = try Disk.entry(at: "\(layout.repositories)/\(path)") else { return [] }
        guard entry.kind == .folder else {
            leaveOut(path, entry.kind == .link ? "it is a symbolic link" : "it is no folder")
            return []
        }
        let names = try Disk.names(in: "\(layout.repositories)/\(path)")
        if names.contains("_manifests") || names.contains("_layers") {
            do {
                catalogue.names.append(try RepositoryName(path))
            } catch {
                leaveOut(path, error.detail)
            }
        }
        if names.contains("_uploads") { try countUploads(of: path) }
        return names.filter { !$0.hasPrefix("_") }
    }

    private mutating func countUploads(of path: String) throws(StoreError) {
        let count = try Disk.names(in: "\(layout.repositories)/\(path)/_uploads").count
        guard count > 0 else { return }
        catalogue.omissions.append(
            Omission(.upload, path, "", "\(count) unfinished: their clients begin again"))
    }

    private mutating func leaveOut(_ path: String, _ reason: String) {
        catalogue.omissions.append(Omission(.repository, path, "", reason))
    }
}

extension Layout {
    /// Where distribution keeps which repository holds what.
    var repositories: String { foreignMetadata }

    func folder(of repository: RepositoryName) -> String { "\(repositories)/\(repository)" }
}
