package import FoundationEssentials
package import OCI
package import Registry
package import ServerKit

extension InMemoryRegistry: GarbageStore {
    package func garbage(of kind: GarbageKind, by rule: GarbageRule, after last: String?, limit: Int)
        async throws(StoreError) -> GarbagePage
    {
        try access { state in
            let all =
                switch kind {
                case .manifests: state.restingManifests(rule)
                case .links: state.restingLinks(rule)
                case .repositories: state.forsakenRepositories(rule)
                case .blobs: state.forsakenBlobs(rule)
                }
            let items = all.filter { last ?? "" < $0.key }.sorted { $0.key < $1.key }.prefix(limit)
            return GarbagePage(items: Array(items), next: items.count == limit ? items.last?.key : nil)
        }
    }

    package func remove(_ garbage: [Garbage], of kind: GarbageKind, by rule: GarbageRule)
        async throws(StoreError) -> GarbageRemoval
    {
        try access { state in
            var removal = GarbageRemoval()
            for item in garbage {
                switch kind {
                case .manifests: state.removeManifest(item, rule, at: now(), &removal)
                case .links: state.removeLink(item, rule, at: now())
                case .repositories: state.removeRepository(item, rule, at: now(), &removal)
                case .blobs: break
                }
                removal.done += 1
            }
            return removal
        }
    }

    package func noteUse(of digest: Digest, in repository: RepositoryName) async throws(StoreError) -> Bool {
        try access { state in
            guard var found = state.repositories[repository] else { return false }
            if let held = found.links[digest], held.restsSince != nil {
                found.links[digest] = HeldBlob(size: held.size, restsSince: now())
            }
            if found.rests[digest] != nil { found.rests[digest] = now() }
            state.repositories[repository] = found
            return found.links[digest] != nil || found.manifests[digest] != nil
        }
    }

    package func strays(among digests: [Digest], remove: (@Sendable (Digest) throws -> Void)?)
        async throws(StoreError) -> [Digest]
    {
        try access { state in
            let strays = digests.filter { state.blobs[$0] == nil }
            if let remove { for digest in strays { try remove(digest) } }
            return strays
        }
    }

    package func trimHistory(before moment: Date, countMax: Int, limit: Int) async throws(StoreError) -> Int {
        try access { state in
            let old = state.history.prefix { entry in
                entry.move.date < moment || entry.move.id <= state.movesCount - Int64(countMax)
            }
            let count = min(old.count, limit)
            state.history.removeFirst(count)
            return count
        }
    }
}

extension InMemoryRegistry.State {
    private typealias Repository = InMemoryRegistry.Repository

    /// The trash and the repositories in use, each under a short name.
    private func inspected() -> [(name: RepositoryName, isTrash: Bool, repository: Repository)] {
        repositories.map { ($0.key, false, $0.value) } + trash.map { ($0.key, true, $0.value) }
    }

    private func key(_ name: RepositoryName, _ isTrash: Bool, _ digest: Digest? = nil) -> String {
        "\(isTrash ? "trash" : "live") \(name)\(digest.map { " \($0)" } ?? "")"
    }

    /// Reads what `key` wrote.
    private func place(_ key: String) -> (name: RepositoryName, isTrash: Bool, digest: Digest?)? {
        let words = key.split(separator: " ")
        guard words.count >= 2, let name = try? RepositoryName(words[1]) else { return nil }
        return (name, words[0] == "trash", words.count > 2 ? try? Digest(words[2]) : nil)
    }

    func restingManifests(_ rule: GarbageRule) -> [Garbage] {
        inspected().flatMap { entry in
            entry.repository.rests.keys.filter { !isNeeded($0, entry.name, entry.isTrash, rule) }.map {
                Garbage(
                    key: key(entry.name, entry.isTrash, $0),
                    size: Int64(entry.repository.manifests[$0]?.bytes.count ?? 0), manifests: 1)
            }
        }
    }

    /// Whether a tag or something fresh is on a manifest or on whatever it depends on.
    private func isNeeded(
        _ digest: Digest, _ name: RepositoryName, _ isTrash: Bool, _ rule: GarbageRule
    ) -> Bool {
        let live = isTrash ? Repository() : repositories[name] ?? Repository()
        let places = [live, trash[name] ?? Repository()]
        var seen: Set<Digest> = [digest]
        var waiting = [digest]
        while let next = waiting.popLast() {
            for (place, isLive) in zip(places, [true, false]) {
                // What was removed does not keep itself by having been pushed again, nor the other way round.
                guard let manifest = place.manifests[next], next != digest || isLive != isTrash else {
                    continue
                }
                guard let rest = place.rests[next], rest <= rule.restingSince else { return true }
                if rule.keepsUntagged, isLive, manifest.subject == nil { return true }
            }
            let subjects = places.compactMap { $0.manifests[next]?.subject?.digest }
            let above = places.flatMap { place in
                place.manifests.filter { $0.value.manifests.contains { $0.digest == next } }.keys
                    + subjects.filter { place.manifests[$0] != nil }
            }
            for found in above where seen.insert(found).inserted { waiting.append(found) }
        }
        return false
    }

    mutating func removeManifest(
        _ garbage: Garbage, _ rule: GarbageRule, at date: Date, _ removal: inout GarbageRemoval
    ) {
        guard let place = place(garbage.key), let digest = place.digest else { return }
        let all = place.isTrash ? trash : repositories
        guard var found = all[place.name], found.rests[digest] != nil,
            !isNeeded(digest, place.name, place.isTrash, rule),
            let manifest = found.manifests.removeValue(forKey: digest)
        else { return }
        found.rests[digest] = nil
        found.letGo(manifest, at: place.isTrash ? .distantPast : date)
        if place.isTrash { trash[place.name] = found } else { repositories[place.name] = found }
        removal.manifests += 1
        removal.size += garbage.size
    }

    private func isGarbage(_ held: HeldBlob, _ digest: Digest, _ rule: GarbageRule, in place: Repository)
        -> Bool
    {
        guard let rest = held.restsSince else { return false }
        return rest <= rule.restingSince && !place.needs(digest)
    }

    func restingLinks(_ rule: GarbageRule) -> [Garbage] {
        inspected().flatMap { entry in
            entry.repository.links.filter { isGarbage($0.value, $0.key, rule, in: entry.repository) }.map {
                Garbage(key: key(entry.name, entry.isTrash, $0.key), size: 0)
            }
        }
    }

    mutating func removeLink(_ garbage: Garbage, _ rule: GarbageRule, at date: Date) {
        guard let place = place(garbage.key), let digest = place.digest else { return }
        let all = place.isTrash ? trash : repositories
        guard let found = all[place.name], let held = found.links[digest],
            isGarbage(held, digest, rule, in: found)
        else { return }
        if place.isTrash {
            trash[place.name]?.links[digest] = nil
        } else {
            repositories[place.name]?.links[digest] = nil
        }
        release([digest], at: date)
    }

    func forsakenRepositories(_ rule: GarbageRule) -> [Garbage] {
        let removed = removed.filter { $0.date <= rule.restingSince }.map { entry in
            Garbage(
                key: "removed \(entry.place)",
                size: entry.repository.manifests.values.reduce(0) { $0 + Int64($1.bytes.count) },
                manifests: entry.repository.manifests.count)
        }
        let empty = inspected().filter { $0.repository.manifests.isEmpty && $0.repository.links.isEmpty }
        return removed + empty.map { Garbage(key: key($0.name, $0.isTrash), size: 0) }
    }

    mutating func removeRepository(
        _ garbage: Garbage, _ rule: GarbageRule, at date: Date, _ removal: inout GarbageRemoval
    ) {
        guard forsakenRepositories(rule).contains(where: { $0.key == garbage.key }) else { return }
        if let index = removed.firstIndex(where: { "removed \($0.place)" == garbage.key }) {
            let gone = removed.remove(at: index)
            release(gone.repository.links.keys, at: date)
            removal.manifests += garbage.manifests
            removal.size += garbage.size
        } else if let place = place(garbage.key) {
            if place.isTrash { trash[place.name] = nil } else { repositories[place.name] = nil }
        }
        removal.repositories += 1
    }

    /// Found by doing it, on a copy.
    func forsakenBlobs(_ rule: GarbageRule) -> [Garbage] {
        var copy = self
        var removal = GarbageRemoval()
        let now = Date.distantFuture
        for item in copy.restingManifests(rule) { copy.removeManifest(item, rule, at: now, &removal) }
        for item in copy.forsakenRepositories(rule) { copy.removeRepository(item, rule, at: now, &removal) }
        for item in copy.restingLinks(rule) { copy.removeLink(item, rule, at: now) }
        return copy.blobs.filter { $0.value.unheldSince != nil }.map {
            Garbage(key: "\($0.key)", size: $0.value.size)
        }
    }
}
