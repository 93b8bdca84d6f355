//! The port of the store: sealed rows, found by key, parent, look-up or age.

use async_trait::async_trait;

/// The tables. Every one has the same columns, so that a store is small and sealing has no exceptions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Table {
    /// Settings and other single values, by name.
    Settings,
    /// Accounts, by account id.
    Accounts,
    /// Calendars, by calendar id; parent: account id.
    Calendars,
    /// How far a calendar was read, by calendar id.
    Reads,
    /// Groups, by group id.
    Groups,
    /// Links, by source and target id; parent: target id.
    Links,
    /// Items of calendars, by calendar id and remote id; parent: calendar id; look-ups: meetings.
    Items,
    /// Mirrors that we placed or adopted, by target id and mirror key; parent: target id;
    /// look-ups: meeting, remote id, link.
    Mirrors,
    /// Calendars that may have changed, by calendar id.
    Dirty,
    /// Writes about to be made, by target id and mirror key; parent: target id.
    Intents,
    /// Every write with its inverse, by sequence; parent: link.
    Journal,
    /// The journeys of events, by sequence; parent: link.
    Activity,
    /// What a person configured, step by step, by number.
    History,
    /// Operations and items that need a person; parent: calendar id.
    Wedges,
}

impl Table {
    /// Every table, in the order above.
    pub const ALL: [Self; 14] = [
        Self::Settings,
        Self::Accounts,
        Self::Calendars,
        Self::Reads,
        Self::Groups,
        Self::Links,
        Self::Items,
        Self::Mirrors,
        Self::Dirty,
        Self::Intents,
        Self::Journal,
        Self::Activity,
        Self::History,
        Self::Wedges,
    ];

    /// Those that hold what a person configured.
    pub const CONFIGURATION: [Self; 5] =
        [Self::Settings, Self::Accounts, Self::Calendars, Self::Groups, Self::Links];

    /// Its name in SQL and in sealed rows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Accounts => "accounts",
            Self::Calendars => "calendars",
            Self::Reads => "reads",
            Self::Groups => "groups",
            Self::Links => "links",
            Self::Items => "items",
            Self::Mirrors => "mirrors",
            Self::Dirty => "dirty",
            Self::Intents => "intents",
            Self::Journal => "journal",
            Self::Activity => "activity",
            Self::History => "history",
            Self::Wedges => "wedges",
        }
    }
}

/// One row. At rest only `at_ms` is in clear; `key`, `parent` and `lookups` are kept as keyed hashes and,
/// like `value`, sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// Unique in its table.
    pub key: Vec<u8>,
    /// What it belongs to; empty when to nothing.
    pub parent: Vec<u8>,
    /// Other names to find it by, inside its parent.
    pub lookups: Vec<Vec<u8>>,
    /// When it was made or is due, in milliseconds since the epoch: rows of one parent come in this order,
    /// then by key.
    pub at_ms: i64,
    /// The content.
    pub value: Vec<u8>,
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Row")
            .field("at_ms", &self.at_ms)
            .field("value_len", &self.value.len())
            .finish_non_exhaustive()
    }
}

/// Which rows of a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Select<'a> {
    /// All.
    All,
    /// Those of one parent.
    Parent(&'a [u8]),
    /// Those of one parent with any of these look-ups; each row once.
    Lookups(&'a [u8], &'a [Vec<u8>]),
    /// The `limit` newest by `at_ms`, newest first.
    Newest {
        /// How many at most.
        limit: usize,
    },
}

/// One change of a transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// Writes a row, over one with the same key.
    Put(Table, Row),
    /// Removes a row, if it is there.
    Delete(Table, Vec<u8>),
    /// Removes all rows of a parent.
    DeleteParent(Table, Vec<u8>),
    /// Removes all but the `keep` newest rows of a table.
    Trim(Table, usize),
}

/// Takes rows one by one.
pub type TakeRow = Box<dyn FnMut(Row) -> Result<(), StoreError> + Send>;

/// A place for rows.
///
/// `commit` is atomic and durable: either every change is on disk when it returns, or none ever is; the
/// same holds when its future is dropped at any await.
#[async_trait]
pub trait Store: Send + Sync {
    /// The row with this key.
    async fn get(&self, table: Table, key: &[u8]) -> Result<Option<Row>, StoreError>;

    /// The rows with these keys, in any order; missing ones are left out.
    async fn get_many(&self, table: Table, keys: &[Vec<u8>]) -> Result<Vec<Row>, StoreError>;

    /// Rows in order of `at_ms`, then of key (newest first for [`Select::Newest`]).
    async fn select(&self, table: Table, which: Select<'_>) -> Result<Vec<Row>, StoreError>;

    /// Hands over the rows of [`Store::select`] one by one and in no order, as they were at one moment, so that
    /// nobody has to hold all of them. The first error of `take` ends it.
    async fn visit(&self, table: Table, parent: &[u8], take: TakeRow) -> Result<(), StoreError> {
        self.select(table, Select::Parent(parent)).await?.into_iter().try_for_each(take)
    }

    /// How many rows [`Store::select`] would give.
    async fn count(&self, table: Table, which: Select<'_>) -> Result<u64, StoreError>;

    /// Makes all changes, in order, or none.
    async fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError>;

    /// The same for what can be found out again: it is atomic, everybody sees it once it returns, and the end of
    /// the process does it no harm. Only a loss of power may take it back, wholly and together with whatever
    /// came after it, until the next [`Store::commit`] makes all of it last.
    async fn commit_observed(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        self.commit(changes).await
    }
}

/// Why the store cannot answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk is full.
    #[error("the disk that holds {path} is full")]
    Full {
        /// The file that could not grow.
        path: String,
    },
    /// The folder or file cannot be written.
    #[error("{path} cannot be written")]
    NotWritable {
        /// The file or folder.
        path: String,
    },
    /// The database was written by a newer Starmesh.
    #[error("the database {path} has version {found}, this program knows versions up to {known}")]
    Newer {
        /// The file.
        path: String,
        /// Its version.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// The database was sealed under another key.
    #[error("the database {path} was sealed under another data key")]
    WrongKey {
        /// The file.
        path: String,
    },
    /// A row does not open: altered, swapped or rotten.
    #[error("a row of table {table} is damaged")]
    Damaged {
        /// Which table.
        table: &'static str,
    },
    /// The file is no database, or some of its pages are not what they were.
    #[error("{path} is corrupt or not a database")]
    Corrupt {
        /// The file.
        path: String,
    },
    /// Anything else SQLite says.
    #[error("the database failed: {0}")]
    Failed(String),
}

impl StoreError {
    /// True when what is on the disk is not what was written there. Whatever passes by itself, or by what a
    /// person does about it, is no damage.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Corrupt { .. } | Self::Damaged { .. } => true,
            Self::Full { .. }
            | Self::NotWritable { .. }
            | Self::Newer { .. }
            | Self::WrongKey { .. }
            | Self::Failed(_) => false,
        }
    }
}
