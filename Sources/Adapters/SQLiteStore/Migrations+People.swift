extension Migrations {
    /// Those for whom providers vouch. What a provider is asked with again is sealed by whoever asks.
    static let people = """
        CREATE TABLE person (
            name TEXT PRIMARY KEY NOT NULL,
            provider TEXT NOT NULL,
            subject TEXT NOT NULL,
            labels TEXT NOT NULL,
            sealed_grant BLOB NOT NULL,
            confirmed_at INTEGER NOT NULL,
            needs_browser INTEGER NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
