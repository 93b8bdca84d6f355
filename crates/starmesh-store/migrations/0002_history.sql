-- Version 2. Frozen: see NOTES.md.

CREATE TABLE history (
    id INTEGER PRIMARY KEY,
    key_hash BLOB NOT NULL UNIQUE,
    parent_hash BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    envelope BLOB NOT NULL
) STRICT;
CREATE INDEX history_by_parent ON history (parent_hash);
CREATE INDEX history_by_age ON history (at_ms);
CREATE TABLE history_lookups (
    lookup_hash BLOB NOT NULL,
    key_hash BLOB NOT NULL REFERENCES history (key_hash) ON DELETE CASCADE,
    PRIMARY KEY (lookup_hash, key_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX history_lookups_by_key ON history_lookups (key_hash);
