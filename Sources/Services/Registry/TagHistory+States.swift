package import FoundationEssentials
package import OCI

/// What a tag's history says of the past.
extension TagHistory {
    /// What a tag pointed to at some moment; nil when it was not there, or nothing is written down that far
    /// back.
    package func digest(of tag: Tag, in repository: RepositoryName, at date: Date) async throws -> Digest? {
        var undone = 0
        return try await firstState(of: tag, in: repository) { move in
            guard move.tag == nil else { return move.date <= date ? .found(move.to) : .goOn }
            // The removal of a repository that was restored since, as far as that moment is concerned.
            if move.kind == .restored {
                if move.date <= date { undone += 1 }
            } else if move.date <= date {
                guard undone > 0 else { return .found(nil) }
                undone -= 1
            }
            return .goOn
        }
    }

    /// The last manifest other than `now` that a tag pointed to; nil when none is written down.
    package func digest(of tag: Tag, in repository: RepositoryName, before now: Digest?) async throws
        -> Digest?
    {
        try await firstState(of: tag, in: repository) { move in
            for digest in [move.to, move.from] where digest != nil && digest != now { return .found(digest) }
            return .goOn
        }
    }

    /// Walks the history from the newest line back until `body` has found what it looks for.
    private func firstState(
        of tag: Tag, in repository: RepositoryName, _ body: (TagMove) -> StateSearch
    ) async throws -> Digest? {
        var last: TagMove.ID?
        while true {
            let page = try await history(of: tag, in: repository, before: last, limit: 100)
            for move in page {
                if case .found(let digest) = body(move) { return digest }
            }
            guard let end = page.last else { return nil }
            last = end.id
        }
    }
}

private enum StateSearch {
    case found(Digest?), goOn
}
