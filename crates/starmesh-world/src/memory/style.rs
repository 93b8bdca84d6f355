//! How servers differ.

/// How one account's server behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// How many entries a page holds.
    pub page: usize,
    /// What it says about changes.
    pub change: Change,
    /// How much a listing tells of an item.
    pub detail: Detail,
    /// Who names items.
    pub ids: Ids,
    /// True when a deleted id stays taken for ever (Google, trash bins).
    pub remembers_deleted: bool,
    /// How many writes one call takes.
    pub batch: usize,
    /// How many calls may be under way at once.
    pub concurrency: usize,
    /// How many ids one fetch takes.
    pub fetch_batch: usize,
}

/// What a server says about changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// What changed since a token, with tombstones.
    Log,
    /// Only whether anything changed; then everything is listed anew.
    Tag,
}

/// How much a listing tells of an item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Detail {
    /// Id and version.
    Listed,
    /// All of it.
    Whole,
}

/// Who names items.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ids {
    /// The id follows from the identity that the writer chose (CalDAV, Google).
    Chosen,
    /// The server numbers items and remembers the writer's identity (Graph).
    Assigned,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            page: 50,
            change: Change::Log,
            detail: Detail::Listed,
            ids: Ids::Chosen,
            remembers_deleted: false,
            batch: 1,
            concurrency: 4,
            fetch_batch: 50,
        }
    }
}
