extension Migrations {
    /// What a check has found damaged, and how far checks have come. A blob has the repository 0: it is the
    /// same in all of them.
    static let damage = """
        CREATE TABLE damage (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            digest TEXT NOT NULL,
            repository INTEGER NOT NULL,
            problem TEXT NOT NULL,
            detail TEXT NOT NULL,
            found_at INTEGER NOT NULL,
            kept_at TEXT,
            UNIQUE (digest, repository)
        ) STRICT;

        CREATE TRIGGER damaged_blob_gone AFTER DELETE ON blob BEGIN
            DELETE FROM damage WHERE digest = old.digest AND repository = 0;
        END;
        CREATE TRIGGER damaged_manifest_gone AFTER DELETE ON manifest BEGIN
            DELETE FROM damage WHERE digest = old.digest AND repository = old.repository;
        END;

        CREATE TABLE check_progress (
            name TEXT PRIMARY KEY NOT NULL,
            progress TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
