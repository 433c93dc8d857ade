package import OCI
package import Registry
package import ServerKit

extension InMemoryRegistry: AdoptionStore {
    package func adopt(_ push: ManifestPush, in repository: RepositoryName) async throws(StoreError) -> Bool {
        try access { state in
            var found = state.repositories[repository] ?? Repository()
            guard found.manifests.updateValue(push.manifest, forKey: push.digest) == nil else { return false }
            found.rest(push.digest, at: now())
            found.need(push.manifest)
            found.lastPush = max(found.lastPush ?? push.date, push.date)
            state.repositories[repository] = found
            return true
        }
    }

    package func adopt(_ tag: AdoptedTag, in repository: RepositoryName) async throws(StoreError)
        -> TagAdoption
    {
        try access { state in
            guard let found = state.repositories[repository], found.manifests[tag.current.digest] != nil
            else { return .targetMissing }
            if let here = found.tags[tag.tag] {
                return here == tag.current.digest ? .known : .elsewhere(here)
            }
            let isKnown = state.history.contains { $0.repository == repository && $0.move.tag == tag.tag }
            guard !isKnown else { return .removed }
            state.point(
                tag.tag, to: tag.current.digest, .pushed, at: tag.current.date, by: "", in: repository)
            return .new
        }
    }
}
