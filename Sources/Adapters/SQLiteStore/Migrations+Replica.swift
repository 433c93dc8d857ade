extension Migrations {
    /// Which shared log this file is a copy of, and blobs that a server is removing outside of the file.
    /// Which server does what one does for all, and what
    /// tells these facts from all others: the log's identifier, where there is one.
    static let copies = """
        CREATE TABLE log_place (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            log TEXT NOT NULL,
            position INTEGER NOT NULL,
            is_broken INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE installation (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            name TEXT NOT NULL
        ) STRICT;
        INSERT INTO installation (id, name) VALUES (1, lower(hex(randomblob(16))));
        CREATE TABLE duty (
            name TEXT PRIMARY KEY NOT NULL,
            server TEXT NOT NULL,
            until INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        ALTER TABLE blob ADD COLUMN leaving_since INTEGER;
        CREATE INDEX leaving_blob ON blob (leaving_since) WHERE leaving_since IS NOT NULL;
        """
}
