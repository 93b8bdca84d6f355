//! What goes wrong, as data.

use std::collections::BTreeMap;

use starmesh_sim::dice::Dice;

/// One way in which a request goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum FaultKind {
    /// The server cannot be reached.
    Offline,
    /// The server answers 503.
    ServerError,
    /// The server answers 429, with a delay or without.
    Throttled,
    /// The write is done and its answer lost.
    LostAnswer,
    /// Some writes of a batch are done, then the connection is cut.
    CutBatch,
    /// A person touches the mirror just before the write: 412.
    TouchedMeanwhile,
    /// The connection is cut between two pages.
    PageLost,
    /// A complete listing says that the calendar is empty.
    EmptyListing,
    /// The sync token is dead.
    DeadCursor,
    /// A token is answered with everything there is.
    WholeInstead,
    /// A complete listing leaves mirrors out that are there.
    MirrorHidden,
    /// Answers take long, each another time, so that they arrive in any order.
    Reordered,
    /// The calendar answers 404 for less than a minute.
    CalendarGone,
}

impl FaultKind {
    /// Every kind, in the order above.
    pub const ALL: [Self; 13] = [
        Self::Offline,
        Self::ServerError,
        Self::Throttled,
        Self::LostAnswer,
        Self::CutBatch,
        Self::TouchedMeanwhile,
        Self::PageLost,
        Self::EmptyListing,
        Self::DeadCursor,
        Self::WholeInstead,
        Self::MirrorHidden,
        Self::Reordered,
        Self::CalendarGone,
    ];
}

/// How often each kind strikes, and how often it did.
#[derive(Clone, Debug)]
pub struct FaultPlan {
    rates_per_mille: BTreeMap<FaultKind, u32>,
    hits: BTreeMap<FaultKind, u64>,
    on: bool,
    dice: Dice,
}

impl FaultPlan {
    /// Nothing goes wrong.
    pub fn none() -> Self {
        Self::new(BTreeMap::new(), Dice::new(0, 0))
    }

    /// Each kind strikes this often, per mille of the requests that it can strike.
    pub fn new(rates_per_mille: BTreeMap<FaultKind, u32>, dice: Dice) -> Self {
        Self { rates_per_mille, hits: BTreeMap::new(), on: true, dice }
    }

    /// Turns all faults on or off.
    pub fn set_on(&mut self, on: bool) {
        self.on = on;
    }

    /// How often each kind struck.
    pub fn hits(&self) -> &BTreeMap<FaultKind, u64> {
        &self.hits
    }

    /// True when `kind` strikes this request.
    pub(crate) fn strikes(&mut self, kind: FaultKind) -> bool {
        let rate = self.rates_per_mille.get(&kind).copied().unwrap_or(0);
        let strikes = self.on && rate > 0 && self.dice.chance(rate);
        if strikes {
            *self.hits.entry(kind).or_default() += 1;
        }
        strikes
    }

    /// Chance for the details of a fault.
    pub(crate) fn dice(&mut self) -> &mut Dice {
        &mut self.dice
    }
}
