-- Version 1. Frozen: see NOTES.md.
--
-- Every kind of row has the same columns. Hashes are HMAC-SHA-256 under a key derived from the data key, cut to
-- 20 bytes; `envelope` is AES-256-GCM. The companion table holds the look-ups of a row.

CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    key_hash BLOB NOT NULL,
    parent_hash BLOB NOT NULL,
    envelope BLOB NOT NULL
) STRICT;

CREATE TABLE settings (
    id INTEGER PRIMARY KEY,
    key_hash BLOB NOT NULL UNIQUE,
    parent_hash BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    envelope BLOB NOT NULL
) STRICT;
CREATE INDEX settings_by_parent ON settings (parent_hash);
CREATE INDEX settings_by_age ON settings (at_ms);
CREATE TABLE settings_lookups (
    lookup_hash BLOB NOT NULL,
    key_hash BLOB NOT NULL REFERENCES settings (key_hash) ON DELETE CASCADE,
    PRIMARY KEY (lookup_hash, key_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX settings_lookups_by_key ON settings_lookups (key_hash);

CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    key_hash BLOB NOT NULL UNIQUE,
    parent_hash BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    envelope BLOB NOT NULL
) STRICT;
CREATE INDEX accounts_by_parent ON accounts (parent_hash);
CREATE INDEX accounts_by_age ON accounts (at_ms);
CREATE TABLE accounts_lookups (
    lookup_hash BLOB NOT NULL,
    key_hash BLOB NOT NULL REFERENCES accounts (key_hash) ON DELETE CASCADE,
    PRIMARY KEY (lookup_hash, key_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX accounts_lookups_by_key ON accounts_lookups (key_hash);

CREATE TABLE calendars (
    id INTEGER PRIMARY KEY,
    key_hash BLOB NOT NULL UNIQUE,
    parent_hash BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    envelope BLOB NOT NULL
) STRICT;
CREATE INDEX calendars_by_parent ON calendars (parent_hash);
CREATE INDEX calendars_by_age ON calendars (at_ms);
CREATE TABLE calendars_lookups (
    lookup_hash BLOB NOT NULL,
    key_hash BLOB NOT NULL REFERENCES calendars (key_hash) ON DELETE CASCADE,
    PRIMARY KEY (lookup_hash, key_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX calendars_lookups_by_key ON calendars_lookups (key_hash);

CREATE TABLE reads (
    id INTEGER PRIMARY KEY,
    key_hash BLOB NOT NULL UNIQUE,
    parent_hash BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    envelope BLOB NOT NULL
) STRICT;
CREATE INDEX reads_by_parent ON reads (parent_hash);
CREATE INDEX reads_by_age ON reads (at_ms);
CREATE TABLE reads_lookups (
    lookup_hash BLOB NOT NULL,
    key_hash BLOB NOT NULL REFERENCES reads (key_hash) ON DELETE CASCADE,
    PRIMARY KEY (lookup_hash, key_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX reads_lookups_by_key ON reads_lookups (key_hash);

CREATE TABLE groups (
    id INTEGER PRIMARY KEY,
    key_hash BLOB NOT NULL UNIQUE,
    parent_hash BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    envelope BLOB NOT NULL
) STRICT;
CREATE INDEX groups_by_parent ON groups (parent_hash);
CREATE INDEX groups_by_age ON groups (at_ms);
CREATE TABLE groups_lookups (
    lookup_hash BLOB NOT NULL,
    key_hash BLOB NOT NULL REFERENCES groups (key_hash) ON DELETE CASCADE,
    PRIMARY KEY (lookup_hash, key_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX groups_lookups_by_key ON groups_lookups (key_hash);

CREATE TABLE links (
    id INTEGER PRIMARY KEY,
    key_hash BLOB NOT NULL UNIQUE,
    parent_hash BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    envelope BLOB NOT NULL
) STRICT;
CREATE INDEX links_by_parent ON links (parent_hash);
CREATE INDEX links_by_age ON links (at_ms);
CREATE TABLE links_lookups (
    lookup_hash BLOB NOT NULL,
    key_hash BLOB NOT NULL REFERENCES links (key_hash) ON DELETE CASCADE,
    PRIMARY KEY (lookup_hash, key_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX links_lookups_by_key ON links_lookups (key_hash);

CREATE TABLE items (
    id INTEGER PRIMARY KEY,
    key_hash BLOB NOT NULL UNIQUE,
    parent_hash BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    envelope BLOB NOT NULL
) STRICT;
CREATE INDEX items_by_parent ON items (parent_hash);
CREATE INDEX items_by_age ON items (at_ms);
CREATE TABLE items_lookups (
    lookup_hash BLOB NOT NULL,
    key_hash BLOB NOT NULL REFERENCES items (key_hash) ON DELETE CASCADE,
    PRIMARY KEY (lookup_hash, key_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX items_lookups_by_key ON items_lookups (key_hash);

CREATE TABLE mirrors (
    id INTEGER PRIMARY KEY,
    key_hash BLOB NOT NULL UNIQUE,
    parent_hash BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    envelope BLOB NOT NULL
) STRICT;
CREATE INDEX mirrors_by_parent ON mirrors (parent_hash);
CREATE INDEX mirrors_by_age ON mirrors (at_ms);
CREATE TABLE mirrors_lookups (
    lookup_hash BLOB NOT NULL,
    key_hash BLOB NOT NULL REFERENCES mirrors (key_hash) ON DELETE CASCADE,
    PRIMARY KEY (lookup_hash, key_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX mirrors_lookups_by_key ON mirrors_lookups (key_hash);

CREATE TABLE dirty (
    id INTEGER PRIMARY KEY,
    key_hash BLOB NOT NULL UNIQUE,
    parent_hash BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    envelope BLOB NOT NULL
) STRICT;
CREATE INDEX dirty_by_parent ON dirty (parent_hash);
CREATE INDEX dirty_by_age ON dirty (at_ms);
CREATE TABLE dirty_lookups (
    lookup_hash BLOB NOT NULL,
    key_hash BLOB NOT NULL REFERENCES dirty (key_hash) ON DELETE CASCADE,
    PRIMARY KEY (lookup_hash, key_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX dirty_lookups_by_key ON dirty_lookups (key_hash);

CREATE TABLE intents (
    id INTEGER PRIMARY KEY,
    key_hash BLOB NOT NULL UNIQUE,
    parent_hash BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    envelope BLOB NOT NULL
) STRICT;
CREATE INDEX intents_by_parent ON intents (parent_hash);
CREATE INDEX intents_by_age ON intents (at_ms);
CREATE TABLE intents_lookups (
    lookup_hash BLOB NOT NULL,
    key_hash BLOB NOT NULL REFERENCES intents (key_hash) ON DELETE CASCADE,
    PRIMARY KEY (lookup_hash, key_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX intents_lookups_by_key ON intents_lookups (key_hash);

CREATE TABLE journal (
    id INTEGER PRIMARY KEY,
    key_hash BLOB NOT NULL UNIQUE,
    parent_hash BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    envelope BLOB NOT NULL
) STRICT;
CREATE INDEX journal_by_parent ON journal (parent_hash);
CREATE INDEX journal_by_age ON journal (at_ms);
CREATE TABLE journal_lookups (
    lookup_hash BLOB NOT NULL,
    key_hash BLOB NOT NULL REFERENCES journal (key_hash) ON DELETE CASCADE,
    PRIMARY KEY (lookup_hash, key_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX journal_lookups_by_key ON journal_lookups (key_hash);

CREATE TABLE activity (
    id INTEGER PRIMARY KEY,
    key_hash BLOB NOT NULL UNIQUE,
    parent_hash BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    envelope BLOB NOT NULL
) STRICT;
CREATE INDEX activity_by_parent ON activity (parent_hash);
CREATE INDEX activity_by_age ON activity (at_ms);
CREATE TABLE activity_lookups (
    lookup_hash BLOB NOT NULL,
    key_hash BLOB NOT NULL REFERENCES activity (key_hash) ON DELETE CASCADE,
    PRIMARY KEY (lookup_hash, key_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX activity_lookups_by_key ON activity_lookups (key_hash);

CREATE TABLE wedges (
    id INTEGER PRIMARY KEY,
    key_hash BLOB NOT NULL UNIQUE,
    parent_hash BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    envelope BLOB NOT NULL
) STRICT;
CREATE INDEX wedges_by_parent ON wedges (parent_hash);
CREATE INDEX wedges_by_age ON wedges (at_ms);
CREATE TABLE wedges_lookups (
    lookup_hash BLOB NOT NULL,
    key_hash BLOB NOT NULL REFERENCES wedges (key_hash) ON DELETE CASCADE,
    PRIMARY KEY (lookup_hash, key_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX wedges_lookups_by_key ON wedges_lookups (key_hash);
