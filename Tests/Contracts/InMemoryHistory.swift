import FoundationEssentials
package import OCI
package import Registry
package import ServerKit

extension InMemoryRegistry: TagHistory {
    package func history(of tag: Tag?, in repository: RepositoryName, before last: TagMove.ID?, limit: Int)
        async throws(StoreError) -> [TagMove]
    {
        try access { state in
            let moves = state.history.filter { $0.repository == repository }.map(\.move).filter { move in
                move.id < last ?? .max && (tag == nil || move.tag == nil || move.tag == tag)
            }
            return Array(moves.reversed().prefix(limit))
        }
    }

    package func restore(
        _ tag: Tag, to digest: Digest, in repository: RepositoryName, by account: String,
        under conditions: RepositoryConditions
    ) async throws(StoreError) -> TagRestoration {
        try access { state -> TagRestoration in
            if conditions.pins(tag), let before = state.repositories[repository]?.tags[tag], before != digest
            {
                throw PolicyRefusal.tagIsPinned(tag, in: repository, at: before)
            }
            if state.repositories[repository]?.manifests[digest] == nil {
                var copy = state
                let lacks = copy.bringBack(digest, in: repository, at: now())
                guard lacks.isEmpty else { return lacks == [digest] ? .collected : .incomplete(lacks) }
                try copy.require(conditions, roomGrownFrom: state)
                state = copy
            }
            guard state.repositories[repository]?.tags[tag] != digest else { return .unchanged }
            state.point(tag, to: digest, .restored, at: now(), by: account, in: repository)
            return .restored
        }
    }

    package func restoreRepository(
        _ repository: RepositoryName, by account: String, under conditions: RepositoryConditions
    ) async throws(StoreError) -> Bool {
        try access { state in
            let before = state
            let index = state.removed.lastIndex { entry in
                if case .removed(repository, _) = entry.place { true } else { false }
            }
            guard let index else { return false }
            guard state.repositories[repository] == nil else {
                throw StoreError(.conflict, "restoring \(repository): there is one of this name again")
            }
            state.repositories[repository] = state.removed.remove(at: index).repository
            do {
                try state.require(conditions, roomGrownFrom: before)
            } catch {
                state = before
                throw error
            }
            state.note(.restored, nil, from: nil, to: nil, at: now(), by: account, in: repository)
            return true
        }
    }
}

extension InMemoryRegistry.State {
    /// Moves a manifest back with what it needs; returns what is missing, and then is of no use any more.
    fileprivate mutating func bringBack(_ digest: Digest, in name: RepositoryName, at date: Date) -> [Digest]
    {
        var live = repositories[name] ?? InMemoryRegistry.Repository()
        guard live.manifests[digest] == nil else { return [] }
        let removedIndex = removed.lastIndex { entry in
            if case .removed(name, _) = entry.place {
                entry.repository.manifests[digest] != nil
            } else {
                false
            }
        }
        var source: InMemoryRegistry.Repository
        if let removedIndex {
            source = removed[removedIndex].repository
        } else {
            source = trash[name] ?? InMemoryRegistry.Repository()
        }
        guard let manifest = source.manifests[digest] else { return [digest] }
        let missing = manifest.requiredBlobs.filter { source.links[$0] == nil && live.links[$0] == nil }
        guard missing.isEmpty else { return missing }
        source.tags = source.tags.filter { $0.value != digest }
        live.take(manifest, digest, from: &source, at: date)
        let referrers = source.manifests.filter { $0.value.subject?.digest == digest }.map(\.key)
        repositories[name] = live
        if let removedIndex { removed[removedIndex].repository = source } else { trash[name] = source }
        var lacks: [Digest] = []
        for child in manifest.requiredManifests { lacks += bringBack(child, in: name, at: date) }
        if removedIndex != nil {
            for referrer in referrers {
                var copy = self
                if copy.bringBack(referrer, in: name, at: date).isEmpty { self = copy }
            }
        }
        return lacks
    }
}
