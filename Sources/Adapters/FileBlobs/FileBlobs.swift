package import FoundationEssentials
package import OCI
package import Registry
package import ServerKit

/// Blobs in a folder, one file each.
///
/// Every system call runs on `threads`. A blob gets its name only after its bytes are synced, and the name is
/// synced before `publish` returns. Several processes may use the same folder.
package final class FileBlobs: BlobStore {
    private let layout: Layout
    private let shelves: Shelves
    private let memory = HashMemory<FileProof>()
    private let threads: BlockingThreads

    /// Opens the folder at `root`, an absolute path, making what is missing.
    ///
    /// - Parameter reserve: how many bytes of the disk pushes leave free.
    package init(root: String, threads: BlockingThreads, reserve: Int64 = 0) throws(StoreError) {
        precondition(root.hasPrefix("/"), "the folder of blobs is an absolute path")
        self.layout = Layout(root: root)
        self.shelves = try Shelves(layout, reserve: reserve)
        self.threads = threads
    }

    /// Leaves so many bytes of the disk free from now on.
    package func use(reserve: Int64) { shelves.reserve = reserve }

    package func size(of digest: Digest) async throws(StoreError) -> Int64? {
        try await threads.runStore { [layout] () throws(StoreError) in
            try Disk.facts(at: layout.data(of: digest))?.size
        }
    }

    package func open(_ digest: Digest) async throws(StoreError) -> any StoredBlob {
        try await threads.runStore { [layout, threads] () throws(StoreError) in
            let path = layout.data(of: digest)
            guard let file = try Disk.open(path) else {
                throw StoreError(.missing, "opening blob \(digest): it is not there")
            }
            return FileBlob(descriptor: file, facts: try Disk.facts(file, path), threads: threads)
        }
    }

    package func remove(_ digest: Digest) async throws(StoreError) {
        try await threads.runStore { [shelves] () throws(StoreError) in try shelves.remove(digest) }
    }

    package func takeAway(_ digest: Digest) throws(StoreError) -> UploadID? {
        try shelves.takeAway(digest)
    }

    package func requireRoom() async throws(StoreError) {
        guard shelves.reserve > 0 else { return }
        try await threads.runStore { [shelves, layout] () throws(StoreError) in
            try Disk.requireFree(shelves.reserve, in: layout.uploads)
        }
    }

    package func createUpload(_ id: UploadID, algorithm: Digest.Algorithm) async throws(StoreError)
        -> any BlobUpload
    {
        try await threads.runStore { () throws(StoreError) in
            let path = self.layout.upload(id)
            guard let file = try Disk.create(path) else {
                throw StoreError(.conflict, "starting upload \(id): there is one of this name")
            }
            return self.upload(id, file, try Disk.facts(file, path), ContentHash(algorithm))
        }
    }

    package func resumeUpload(_ id: UploadID, algorithm: Digest.Algorithm) async throws(StoreError)
        -> any BlobUpload
    {
        let (file, facts) = try await threads.runStore { [layout] () throws(StoreError) in
            let path = layout.upload(id)
            guard let file = try Disk.open(path, writing: true) else {
                throw StoreError(.missing, "taking up upload \(id): it is not there")
            }
            return (file, try Disk.facts(file, path))
        }
        let proof = FileProof(size: facts.size, inode: facts.inode)
        if let known = memory.hash(of: id, proof: proof), known.algorithm == algorithm {
            return upload(id, file, facts, known)
        }
        return upload(id, file, facts, try await hash(file, size: facts.size, algorithm))
    }

    package func discardUpload(_ id: UploadID) async throws(StoreError) {
        memory.forget(id)
        try await threads.runStore { [layout] () throws(StoreError) in
            try Disk.remove(layout.replacement(id))
            try Disk.remove(layout.upload(id))
        }
    }

    package func uploads() async throws(StoreError) -> [UploadID] {
        try await threads.runStore { [layout] () throws(StoreError) in
            Array(Set(try Disk.names(in: layout.uploads).compactMap(Layout.uploadID(ofName:))))
        }
    }

    package func clearLeftovers(before moment: Date) async throws(StoreError) {}

    package func digests(after last: Digest?, limit: Int) async throws(StoreError) -> [Digest] {
        try await threads.runStore { [layout] () throws(StoreError) in
            try BlobWalk(layout: layout).page(after: last, limit: limit)
        }
    }

    package func settled(before moment: Date, among digests: [Digest]) async throws(StoreError)
        -> [Digest: Int64]
    {
        guard !digests.isEmpty else { return [:] }
        return try await threads.runStore { [layout] () throws(StoreError) in
            guard try Disk.names(in: layout.foreignMetadata).isEmpty else { return [:] }
            var settled: [Digest: Int64] = [:]
            for digest in digests {
                guard let facts = try Disk.facts(at: layout.data(of: digest)),
                    facts.changed < moment.timeIntervalSince1970
                else { continue }
                settled[digest] = facts.size
            }
            return settled
        }
    }

    private func upload(_ id: UploadID, _ file: Descriptor, _ facts: Disk.Facts, _ hash: ContentHash)
        -> FileUpload
    {
        FileUpload(
            id, file: file, facts: facts, hash: hash, shelves: shelves, memory: memory, threads: threads)
    }

    /// Hashes a file in steps, so that a long one does not keep a thread from others.
    private func hash(_ file: Descriptor, size: Int64, _ algorithm: Digest.Algorithm) async throws(StoreError)
        -> ContentHash
    {
        var hash = ContentHash(algorithm)
        var offset: Int64 = 0
        while offset < size {
            let step = offset..<min(size, offset + Self.hashStep)
            hash = try await threads.runStore { [hash] () throws(StoreError) in
                try Self.extend(hash, with: step, of: file)
            }
            offset = step.upperBound
        }
        return hash
    }

    private static func extend(_ hash: ContentHash, with range: Range<Int64>, of file: Descriptor)
        throws(StoreError) -> ContentHash
    {
        var hash = hash
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
        defer { piece.deallocate() }
        var offset = range.lowerBound
        while offset < range.upperBound {
            let wanted = Int(min(Int64(piece.count), range.upperBound - offset))
            let part = UnsafeMutableRawBufferPointer(rebasing: piece[..<wanted])
            guard try Disk.read(into: part, from: file, at: offset) == wanted else {
                throw StoreError(.damaged, "an upload became shorter while it was read")
            }
            hash.update(UnsafeRawBufferPointer(part))
            offset += Int64(wanted)
        }
        return hash
    }

    private static let hashStep: Int64 = 32 << 20
}

extension FileBlobs: BlobQuarantine {
    package func setAside(_ digest: Digest, opened: (any StoredBlob)?) async throws(StoreError) -> String? {
        let inode = (opened as? FileBlob)?.inode
        return try await threads.runStore { [shelves] () throws(StoreError) in
            try shelves.setAside(digest, inode: inode)
        }
    }

    package func isInPlace(_ digest: Digest, size: Int64?) throws(StoreError) -> Bool {
        guard let facts = try Disk.facts(at: layout.data(of: digest)) else { return false }
        return size.map { $0 == facts.size } ?? true
    }
}
