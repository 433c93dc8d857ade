import GRDB
import ServerKit

/// The schema and its history. A migration that was released is never changed; `docs/format.md` describes
/// the outcome.
enum Migrations {
    /// `HOME`, in the file's header, says whose database it is.
    private static let applicationID = 0x484F_4D45

    /// How many steps there are: the version of the schema.
    static let count = migrator.migrations.count

    /// Makes the schema or brings it up to date; refuses what is not ours or comes from the future.
    ///
    /// - Parameter version: how many steps are taken in all.
    static func bringUpToDate(_ pool: some DatabaseWriter, path: String, to version: Int = count) throws {
        try pool.read { try requireOwn($0, path: path, orEmpty: true) }
        guard version > 0 else { return }
        try migrator.migrate(pool, upTo: migrator.migrations[version - 1])
    }

    /// How many steps a database has taken.
    static func version(of database: Database) throws -> Int {
        try migrator.appliedIdentifiers(database).count
    }

    /// Throws for a database of another program, and for one of a newer version.
    static func requireOwn(_ database: Database, path: String, orEmpty: Bool = false) throws {
        let owner = try Int.fetchOne(database, sql: "PRAGMA application_id")
        guard try owner == applicationID || (orEmpty && isEmpty(database)) else {
            throw StoreError(.damaged, "\(path) is a database of another program")
        }
        guard try !migrator.hasBeenSuperseded(database) else {
            throw StoreError(
                .failed,
                "\(path) was written by a newer version of homeport: "
                    + "run that version, or put back a backup from before the update")
        }
    }

    private static func isEmpty(_ database: Database) throws -> Bool {
        try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") == 0
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 registry and accounts") { database in
            try database.execute(sql: "PRAGMA application_id = \(applicationID)")
            try database.execute(sql: repositories)
            try database.execute(sql: manifests)
            try database.execute(sql: counts)
            try database.execute(sql: uploadsAndAudit)
            try database.execute(sql: accounts)
        }
        migrator.registerMigration("2 garbage and undo") { try $0.execute(sql: GarbageSchema.sql) }
        migrator.registerMigration("3 damage") { try $0.execute(sql: damage) }
        migrator.registerMigration("4 sizes by name") { try $0.execute(sql: sizesByName) }
        migrator.registerMigration("5 tags by push") { try $0.execute(sql: tagsByPush) }
        migrator.registerMigration("6 origins in the trail") { try $0.execute(sql: auditOrigins) }
        migrator.registerMigration("7 totals") { try $0.execute(sql: totals) }
        migrator.registerMigration("8 beginning of accounts") { try $0.execute(sql: accountBeginning) }
        migrator.registerMigration("9 bans") { try $0.execute(sql: bans) }
        migrator.registerMigration("10 people of providers") { try $0.execute(sql: people) }
        migrator.registerMigration("11 copies of a log") { try $0.execute(sql: copies) }
        return migrator
    }

    private static let repositories = """
        CREATE TABLE repository (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            created_at INTEGER NOT NULL,
            last_push_at INTEGER,
            tag_count INTEGER NOT NULL DEFAULT 0,
            manifest_count INTEGER NOT NULL DEFAULT 0,
            size INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE INDEX listed_repository ON repository (name) WHERE manifest_count > 0;

        CREATE TABLE blob (
            id INTEGER PRIMARY KEY,
            digest TEXT NOT NULL UNIQUE,
            size INTEGER NOT NULL,
            unheld_since INTEGER
        ) STRICT;
        CREATE INDEX unheld_blob ON blob (unheld_since) WHERE unheld_since IS NOT NULL;

        CREATE TABLE link (
            repository INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
            blob INTEGER NOT NULL REFERENCES blob (id),
            created_at INTEGER NOT NULL,
            PRIMARY KEY (repository, blob)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX link_of_blob ON link (blob, repository);
        """

    private static let manifests = """
        CREATE TABLE manifest (
            id INTEGER PRIMARY KEY,
            repository INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
            digest TEXT NOT NULL,
            media_type TEXT NOT NULL,
            size INTEGER NOT NULL,
            artifact_type TEXT,
            subject TEXT,
            pushed_at INTEGER NOT NULL,
            pushed_by TEXT NOT NULL,
            annotations TEXT NOT NULL,
            bytes BLOB NOT NULL,
            UNIQUE (repository, digest)
        ) STRICT;
        CREATE INDEX referrer ON manifest (repository, subject, digest) WHERE subject IS NOT NULL;
        CREATE INDEX typed_referrer ON manifest (repository, subject, artifact_type, digest)
            WHERE subject IS NOT NULL;

        CREATE TABLE manifest_reference (
            manifest INTEGER NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
            kind TEXT NOT NULL CHECK (kind IN ('blob', 'manifest')),
            target TEXT NOT NULL,
            repository INTEGER NOT NULL,
            PRIMARY KEY (manifest, kind, target)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX reference_to ON manifest_reference (repository, target, kind, manifest);

        CREATE TABLE tag (
            repository INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            manifest INTEGER NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
            moved_at INTEGER NOT NULL,
            moved_by TEXT NOT NULL,
            pushed_at INTEGER NOT NULL,
            PRIMARY KEY (repository, name)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX tag_of_manifest ON tag (manifest, name);

        CREATE TABLE tag_history (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            repository INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
            tag TEXT NOT NULL,
            moved_at INTEGER NOT NULL,
            moved_by TEXT NOT NULL,
            from_digest TEXT,
            to_digest TEXT
        ) STRICT;
        CREATE INDEX history_of_tag ON tag_history (repository, tag, id);
        CREATE INDEX history_by_time ON tag_history (moved_at);
        """

    /// A repository's numbers are kept with it, so that showing them does not count its rows.
    private static let counts = """
        CREATE TRIGGER link_made AFTER INSERT ON link BEGIN
            UPDATE repository SET size = size + (SELECT size FROM blob WHERE id = new.blob)
            WHERE id = new.repository;
        END;
        CREATE TRIGGER link_gone AFTER DELETE ON link BEGIN
            UPDATE repository SET size = size - (SELECT size FROM blob WHERE id = old.blob)
            WHERE id = old.repository;
        END;
        CREATE TRIGGER manifest_made AFTER INSERT ON manifest BEGIN
            UPDATE repository SET size = size + new.size, manifest_count = manifest_count + 1
            WHERE id = new.repository;
        END;
        CREATE TRIGGER manifest_gone AFTER DELETE ON manifest BEGIN
            UPDATE repository SET size = size - old.size, manifest_count = manifest_count - 1
            WHERE id = old.repository;
        END;
        CREATE TRIGGER tag_made AFTER INSERT ON tag BEGIN
            UPDATE repository SET tag_count = tag_count + 1 WHERE id = new.repository;
        END;
        CREATE TRIGGER tag_gone AFTER DELETE ON tag BEGIN
            UPDATE repository SET tag_count = tag_count - 1 WHERE id = old.repository;
        END;
        """

    private static let uploadsAndAudit = """
        CREATE TABLE upload (
            id TEXT PRIMARY KEY NOT NULL,
            repository TEXT NOT NULL,
            account TEXT NOT NULL,
            algorithm TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            moved_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX upload_by_time ON upload (moved_at);

        CREATE TABLE audit (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            account TEXT NOT NULL,
            address TEXT,
            action TEXT NOT NULL,
            subject TEXT NOT NULL,
            detail TEXT
        ) STRICT;
        CREATE INDEX audit_by_time ON audit (at);
        CREATE INDEX audit_of_account ON audit (account, at);
        CREATE INDEX audit_of_subject ON audit (subject, at);
        """

    private static let accounts = """
        CREATE TABLE account (
            name TEXT PRIMARY KEY NOT NULL,
            password_hash TEXT,
            labels TEXT NOT NULL,
            expires INTEGER,
            is_disabled INTEGER NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE rule (
            seq INTEGER PRIMARY KEY NOT NULL,
            account TEXT,
            type TEXT,
            name TEXT,
            service TEXT,
            ip TEXT,
            labels TEXT NOT NULL,
            tag TEXT,
            actions TEXT NOT NULL,
            comment TEXT,
            not_before INTEGER,
            not_after INTEGER
        ) STRICT;

        CREATE TABLE token (
            id TEXT PRIMARY KEY NOT NULL,
            kind TEXT NOT NULL,
            account TEXT NOT NULL,
            name TEXT NOT NULL,
            secret_hash BLOB NOT NULL,
            scopes TEXT NOT NULL,
            service TEXT,
            created_at INTEGER NOT NULL,
            expires INTEGER,
            last_used INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX token_of_account ON token (account, id);
        CREATE UNIQUE INDEX token_name ON token (account, name) WHERE kind <> 'refresh';
        CREATE INDEX token_expiry ON token (expires) WHERE expires IS NOT NULL;

        CREATE TABLE signing_key (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            private_key TEXT NOT NULL,
            certificate TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            retired_at INTEGER
        ) STRICT;
        """
}
