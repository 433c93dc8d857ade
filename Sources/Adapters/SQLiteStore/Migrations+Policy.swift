extension Migrations {
    /// What quotas add up, without a look at the rest of the rows.
    static let sizesByName = """
        CREATE INDEX repository_size ON repository (name, size) WHERE removed_name IS NULL;
        """

    /// The trail with where things came from and how they ended.
    static let auditOrigins = """
        ALTER TABLE audit ADD COLUMN origin TEXT NOT NULL DEFAULT 'server'
            CHECK (origin IN ('request', 'command', 'server'));
        ALTER TABLE audit ADD COLUMN request TEXT;
        ALTER TABLE audit ADD COLUMN outcome TEXT NOT NULL DEFAULT 'done';
        ALTER TABLE audit ADD COLUMN count INTEGER NOT NULL DEFAULT 1;
        CREATE INDEX audit_of_action ON audit (action, at);
        """

    /// What retention goes through.
    static let tagsByPush = "CREATE INDEX tag_by_push ON tag (repository, pushed_at, name);"

    /// Accounts that may do nothing before a certain moment.
    static let accountBeginning = "ALTER TABLE account ADD COLUMN not_before INTEGER;"

    /// Addresses that nobody is served at.
    static let bans = """
        CREATE TABLE ban (
            range TEXT PRIMARY KEY,
            since INTEGER NOT NULL,
            until INTEGER,
            reason TEXT NOT NULL,
            automatic INTEGER NOT NULL,
            count INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX ban_by_begin ON ban (since, range);
        CREATE INDEX ban_by_end ON ban (until);
        """
}
