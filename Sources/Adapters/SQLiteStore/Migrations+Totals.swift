extension Migrations {
    /// The whole registry in numbers, kept by triggers, so that showing them counts no rows. A repository
    /// that was removed and waits to be collected does not count.
    static let totals = """
        CREATE TABLE total (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            blobs INTEGER NOT NULL,
            blob_bytes INTEGER NOT NULL,
            repositories INTEGER NOT NULL,
            uploads INTEGER NOT NULL
        ) STRICT;
        INSERT INTO total VALUES (
            1, (SELECT count(*) FROM blob), (SELECT coalesce(sum(size), 0) FROM blob),
            (SELECT count(*) FROM repository WHERE removed_name IS NULL), (SELECT count(*) FROM upload));
        CREATE TRIGGER blob_counted AFTER INSERT ON blob BEGIN
            UPDATE total SET blobs = blobs + 1, blob_bytes = blob_bytes + new.size WHERE id = 1;
        END;
        CREATE TRIGGER blob_uncounted AFTER DELETE ON blob BEGIN
            UPDATE total SET blobs = blobs - 1, blob_bytes = blob_bytes - old.size WHERE id = 1;
        END;
        CREATE TRIGGER repository_counted AFTER INSERT ON repository WHEN new.removed_name IS NULL BEGIN
            UPDATE total SET repositories = repositories + 1 WHERE id = 1;
        END;
        CREATE TRIGGER repository_recounted AFTER UPDATE OF removed_name ON repository BEGIN
            UPDATE total SET repositories = repositories + (new.removed_name IS NULL)
                - (old.removed_name IS NULL) WHERE id = 1;
        END;
        CREATE TRIGGER repository_uncounted AFTER DELETE ON repository WHEN old.removed_name IS NULL BEGIN
            UPDATE total SET repositories = repositories - 1 WHERE id = 1;
        END;
        CREATE TRIGGER upload_counted AFTER INSERT ON upload BEGIN
            UPDATE total SET uploads = uploads + 1 WHERE id = 1;
        END;
        CREATE TRIGGER upload_uncounted AFTER DELETE ON upload BEGIN
            UPDATE total SET uploads = uploads - 1 WHERE id = 1;
        END;
        """
}
