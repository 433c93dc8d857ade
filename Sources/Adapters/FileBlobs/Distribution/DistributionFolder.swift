package import OCI
package import Registry
package import ServerKit

/// The data folder of distribution (Docker's registry), read where it lies.
///
/// Blobs lie there as they lie here, so they are shared by a second name and no byte is copied; where it is
/// the very folder of this registry's blobs, they are in place already. Nothing of it is changed.
package final class DistributionFolder: ForeignRegistry {
    private let source: Layout
    private let shelves: Shelves?
    private let target: Layout
    private let threads: BlockingThreads

    /// - Parameters:
    ///   - root: what its configuration calls `rootdirectory`.
    ///   - target: the root of this registry's blobs.
    ///   - isRehearsal: nothing is made below `target`.
    package init(root: String, target: String, isRehearsal: Bool, threads: BlockingThreads)
        throws(StoreError)
    {
        self.source = Layout(root: root)
        self.target = Layout(root: target)
        self.shelves = isRehearsal ? nil : try Shelves(self.target, reserve: 0)
        self.threads = threads
    }

    /// Whether there is the data of such a registry below `root`.
    package static func isThere(_ root: String) throws(StoreError) -> Bool {
        try Disk.entry(at: Layout(root: root).repositories)?.kind == .folder
    }

    /// Whether both folders are on one file system, without which a file cannot have a name in each.
    package static func areTogether(_ root: String, _ target: String) throws(StoreError) -> Bool {
        let one = try Disk.entry(at: root)
        let other = try Disk.entry(at: target)
        return one?.device == other?.device
    }

    package func repositories() async throws(StoreError) -> ForeignCatalogue {
        try await threads.runStore { [source] () throws(StoreError) in
            var walk = DistributionWalk(source)
            try walk.run()
            return walk.catalogue
        }
    }

    package func contents(of repository: RepositoryName) async throws(StoreError) -> ForeignRepository {
        try await threads.runStore { [source] () throws(StoreError) in
            var reading = DistributionReading(source, repository)
            try reading.run()
            return reading.contents
        }
    }

    package func size(of digest: Digest) async throws(StoreError) -> Int64? {
        try await threads.runStore { [source] () throws(StoreError) in
            try Disk.facts(at: source.data(of: digest))?.size
        }
    }

    package func open(_ digest: Digest) async throws(StoreError) -> any StoredBlob {
        try await threads.runStore { [source, threads] () throws(StoreError) in
            let path = source.data(of: digest)
            // Asked first: opening what is no plain file could wait for ever.
            guard try Disk.facts(at: path) != nil, let file = try Disk.open(path) else {
                throw StoreError(.missing, "\(path) is not there")
            }
            return FileBlob(descriptor: file, facts: try Disk.facts(file, path), threads: threads)
        }
    }

    package func share(_ digest: Digest, size: Int64) async throws(StoreError) {
        guard let shelves else { throw StoreError(.failed, "a rehearsal shares nothing") }
        try await threads.runStore { [source] () throws(StoreError) in
            try shelves.adopt(source.data(of: digest), size: size, as: digest)
        }
    }

    package func isShared(_ digest: Digest, size: Int64) throws(StoreError) -> Bool {
        try Disk.facts(at: target.data(of: digest))?.size == size
    }
}
