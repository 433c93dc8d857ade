import FoundationEssentials
import GRDB
package import OCI
package import Registry
package import ServerKit

extension SQLiteStore: AdoptionStore {
    package func adopt(_ push: ManifestPush, in repository: RepositoryName) async throws(StoreError) -> Bool {
        let annotations: String
        do {
            annotations = try json(push.manifest.annotations)
        } catch {
            throw StoreError(.failed, "writing down annotations", cause: error)
        }
        return try await write("taking \(push.digest) into \(repository)", announcing: .registry) {
            [now] database in
            let holder = try database.repository(repository, madeAt: push.date)
            guard try database.manifest(push.digest, in: holder) == nil else { return false }
            try database.run(
                "UPDATE repository SET last_push_at = max(coalesce(last_push_at, ?1), ?1) WHERE id = ?2",
                [push.date.microseconds, holder])
            let manifest = try database.store(push, annotations: annotations, in: holder)
            // It is as old as it was there, but rests here since now: its tags are still to come.
            try database.run(
                "UPDATE manifest SET rests_since = ? WHERE id = ?", [now().microseconds, manifest])
            return true
        }
    }

    package func adopt(_ tag: AdoptedTag, in repository: RepositoryName) async throws(StoreError)
        -> TagAdoption
    {
        let name = tag.tag
        return try await write("taking tag \(name) into \(repository)", announcing: .registry) { database in
            guard let holder = try database.repository(repository),
                let manifest = try database.manifest(tag.current.digest, in: holder)
            else { return .targetMissing }
            if let here = try database.target(of: name, in: holder) {
                guard here.manifest != manifest else { return .known }
                return .elsewhere(try Digest(here.digest))
            }
            let lines = "SELECT 1 FROM tag_history WHERE repository = ? AND tag = ? LIMIT 1"
            guard try !database.has(lines, [repository.text, name.text]) else { return .removed }
            try database.run(
                """
                INSERT INTO tag (repository, name, manifest, moved_at, moved_by, pushed_at)
                VALUES (?1, ?2, ?3, ?4, '', ?4)
                """, [holder, name.text, manifest, tag.current.date.microseconds])
            try database.run("UPDATE manifest SET rests_since = NULL WHERE id = ?", [manifest])
            var before: String?
            for move in tag.earlier + [tag.current] {
                let digest = move.digest.description
                try database.note(
                    .pushed, name, from: before, to: digest, at: move.date, by: "", in: repository)
                before = digest
            }
            return .new
        }
    }
}
