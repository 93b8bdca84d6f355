//! What was carried out.

use serde::Serialize;

use super::{LinkRef, PlanDto, TroubleDto, Unreached};

/// What apply or sync did.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct ReportDto {
    /// How many passes it took; a pass reads everything and writes the difference.
    pub passes: u32,
    /// What was written.
    pub written: WrittenDto,
    /// True when nothing is left to do.
    pub in_step: bool,
    /// Calendars that could not be read or written.
    pub troubles: Vec<TroubleDto>,
    /// The plan that is left; after `apply`, the one that was carried out.
    pub plan: PlanDto,
}

/// Counts of writes.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Debug, Default)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct WrittenDto {
    /// Busy blocks placed.
    pub placed: u64,
    /// Busy blocks changed in place.
    pub updated: u64,
    /// Busy blocks removed.
    pub removed: u64,
    /// Busy blocks found and taken over, without a write.
    pub adopted: u64,
    /// Writes left for a later pass.
    pub deferred: u64,
    /// Writes that stand still until a person or the source changes something.
    pub wedged: u64,
}

/// What clean did.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct CleanDto {
    /// The links.
    pub links: Vec<CleanedLink>,
    /// How many busy blocks were removed.
    pub removed: u64,
    /// Busy blocks that still stand.
    pub unreached: Vec<Unreached>,
}

/// One link of a clean.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct CleanedLink {
    /// Which link.
    pub link: LinkRef,
    /// How many mirrors it had.
    pub mirrors: u64,
}

/// What an import of a key did.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct KeyImported {
    /// False when the data folder had this very key already.
    pub changed: bool,
    /// How many calendars are read anew by the next pass.
    pub calendars_to_read: u64,
}
