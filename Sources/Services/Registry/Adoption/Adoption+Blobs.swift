import OCI
import ServerKit
import Synchronization

/// Blobs of a registry that is taken over.
extension Adoption {
    /// How many blobs are on their way at once, so that they share the syncs of the database.
    private static let width = 16

    private enum Outcome {
        case taken(size: Int64, isFirst: Bool)
        case leftOut(reason: String)
    }

    func takeBlobs(_ digests: [Digest], of name: RepositoryName, into report: inout AdoptionReport)
        async throws
    {
        let missing = try await destination?.links.missing(digests, in: name) ?? digests
        report.blobs.known += digests.count - missing.count
        let outcomes = try await withThrowingTaskGroup(of: (Digest, Outcome).self) { tasks in
            var outcomes: [(Digest, Outcome)] = []
            for (index, digest) in missing.enumerated() {
                if index >= Self.width, let done = try await tasks.next() { outcomes.append(done) }
                tasks.addTask { (digest, try await self.take(digest, of: name)) }
            }
            for try await done in tasks { outcomes.append(done) }
            return outcomes
        }
        for (digest, outcome) in outcomes {
            switch outcome {
            case .taken(let size, let isFirst):
                report.blobs.new += 1
                if isFirst { report.bytes += size }
            case .leftOut(let reason):
                report.omissions.append(Omission(.blob, name.text, digest.description, reason))
            }
        }
    }

    private func take(_ digest: Digest, of name: RepositoryName) async throws -> Outcome {
        let known = looked.withLock { $0[digest] }
        let lookedAt: LookedAt
        if let known { lookedAt = known } else { lookedAt = try await look(at: digest) }
        looked.withLock { $0[digest] = lookedAt }
        switch lookedAt {
        case .unusable(let reason):
            return .leftOut(reason: reason)
        case .usable(let size):
            if let destination, !options.isRehearsal {
                do {
                    try await put(digest, size: size, in: name, of: destination)
                } catch let error as StoreError where [.damaged, .conflict, .missing].contains(error.kind) {
                    return .leftOut(reason: error.description)
                }
            }
            return .taken(size: size, isFirst: known == nil)
        }
    }

    private func look(at digest: Digest) async throws -> LookedAt {
        do {
            return try await examine(digest)
        } catch let error as StoreError where error.kind == .damaged || error.kind == .missing {
            return .unusable(reason: error.description)
        }
    }

    private func examine(_ digest: Digest) async throws -> LookedAt {
        guard let size = try await source.size(of: digest) else {
            return .unusable(reason: "its bytes are not there")
        }
        if size == 0, !digest.isOfNothing { return .unusable(reason: "its file is empty") }
        guard options.verifiesBlobs else { return .usable(size: size) }
        let actual = try await digest.algorithm.digest(of: try await source.open(digest))
        guard actual == digest else { return .unusable(reason: "its bytes have the digest \(actual)") }
        return .usable(size: size)
    }

    /// Puts the bytes into place, then makes the row point at them.
    private func put(_ digest: Digest, size: Int64, in name: RepositoryName, of destination: Destination)
        async throws
    {
        if let copy, try !source.isShared(digest, size: size) {
            return try await copy.run(try await source.open(digest), digest, to: name)
        }
        try await source.share(digest, size: size)
        try await destination.links.link(digest, size: size, in: name, under: .none) { [source] in
            try source.isShared(digest, size: size)
        }
    }
}

/// What was found out about a blob.
enum LookedAt: Sendable {
    case usable(size: Int64)
    case unusable(reason: String)
}
