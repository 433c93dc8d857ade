/// What collecting garbage and undoing need: since when something rests, and where what was removed waits.
enum GarbageSchema {
    static let sql = columns + indexes + history

    private static let columns = """
        ALTER TABLE repository ADD COLUMN removed_name TEXT;
        ALTER TABLE repository ADD COLUMN removed_at INTEGER;
        ALTER TABLE manifest ADD COLUMN rests_since INTEGER;
        ALTER TABLE link ADD COLUMN rests_since INTEGER;

        UPDATE manifest SET rests_since = pushed_at
        WHERE NOT EXISTS (SELECT 1 FROM tag WHERE tag.manifest = manifest.id);
        UPDATE link SET rests_since = created_at
        WHERE NOT EXISTS (
            SELECT 1 FROM blob JOIN manifest_reference ON manifest_reference.target = blob.digest
            WHERE blob.id = link.blob AND manifest_reference.repository = link.repository
                AND manifest_reference.kind = 'blob');

        CREATE TRIGGER manifest_carried AFTER UPDATE OF repository ON manifest BEGIN
            UPDATE repository SET size = size - old.size, manifest_count = manifest_count - 1
            WHERE id = old.repository;
            UPDATE repository SET size = size + new.size, manifest_count = manifest_count + 1
            WHERE id = new.repository;
        END;
        """

    private static let indexes = """

        DROP INDEX listed_repository;
        DROP INDEX unheld_blob;
        CREATE INDEX unheld_blob ON blob (unheld_since, id) WHERE unheld_since IS NOT NULL;
        CREATE INDEX listed_repository ON repository (name)
            WHERE manifest_count > 0 AND removed_name IS NULL;
        CREATE INDEX removed_repository ON repository (removed_name, removed_at, id)
            WHERE removed_name IS NOT NULL;
        CREATE INDEX removed_by_time ON repository (removed_at, id) WHERE removed_at IS NOT NULL;
        CREATE INDEX hidden_repository ON repository (id) WHERE removed_name IS NOT NULL;
        CREATE INDEX empty_repository ON repository (id) WHERE manifest_count = 0;
        CREATE INDEX resting_manifest ON manifest (rests_since, id) WHERE rests_since IS NOT NULL;
        CREATE INDEX resting_link ON link (rests_since, repository, blob) WHERE rests_since IS NOT NULL;
        """

    /// Histories outlive their repositories, so they know them by name.
    private static let history = """

        DROP INDEX history_of_tag;
        DROP INDEX history_by_time;
        ALTER TABLE tag_history RENAME TO tag_history_before;
        CREATE TABLE tag_history (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            repository TEXT NOT NULL,
            tag TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('pushed', 'removed', 'restored')),
            moved_at INTEGER NOT NULL,
            moved_by TEXT NOT NULL,
            from_digest TEXT,
            to_digest TEXT
        ) STRICT;
        INSERT INTO tag_history (id, repository, tag, kind, moved_at, moved_by, from_digest, to_digest)
        SELECT before.id, repository.name, tag, iif(to_digest IS NULL, 'removed', 'pushed'), moved_at, moved_by,
            from_digest, to_digest
        FROM tag_history_before AS before JOIN repository ON repository.id = before.repository;
        DROP TABLE tag_history_before;
        CREATE INDEX history_of_tag ON tag_history (repository, tag, id);
        CREATE INDEX history_of_repository ON tag_history (repository, id);
        CREATE INDEX history_by_time ON tag_history (moved_at, id);
        """
}
