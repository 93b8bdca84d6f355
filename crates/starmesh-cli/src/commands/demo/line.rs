//! Everything the demo tells, as a program reads it: one object a line (docs/json.md).

use serde::Serialize;

use super::cast::{Place, Provider};
use super::journey::Steps;
use super::statistics::Figures;

/// How the engine hears of changes.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum Way {
    /// The provider tells.
    Push,
    /// It looks.
    Poll,
}

/// What a person does with an event.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum Deed {
    Booked,
    Moved,
    Cancelled,
}

/// How calendars are put together.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum GroupShape {
    /// The first with each other.
    Star,
    /// Each with each.
    Mesh,
}

/// A promise that was checked.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum Promise {
    /// One busy block for each blocked time and calendar, no duplicate, none without cause.
    OneBlockEach,
    /// A busy block says its time and nothing else.
    NothingButTime,
    /// The person's events are as the person left them.
    Untouched,
    /// Nobody would have been notified.
    Silence,
    /// Another pass writes nothing.
    Quiet,
    /// No busy block is left.
    TakenBack,
}

/// One thing that is told.
#[derive(Clone, Serialize, Debug)]
#[serde(tag = "demo", rename_all = "snake_case")]
pub(super) enum Line {
    /// A part begins.
    Scene { title: &'static str },
    /// How it was asked for.
    Started { seed: u64, rtt_ms: u64, way: Way },
    /// A provider is up.
    Provider { provider: Provider, address: String, calendars: Vec<Place> },
    /// Somebody signed in there.
    SignedIn { provider: Provider, account: &'static str, calendars: u64 },
    /// What is booked already.
    Booked { events: u64, blocks: u64 },
    /// Calendars were put together.
    Grouped { shape: GroupShape, calendars: Vec<Place>, pairs: u64 },
    /// The first sync.
    Synced { planned: u64, placed: u64, took_ms: i64 },
    /// Providers tell of changes from now on.
    Watching { calendars: u64 },
    /// The engine runs.
    Running { links: u64 },
    /// A person did something, by hand.
    Change { number: u64, change: Deed, calendar: Place, start: String, end: String, at: String },
    /// It arrived in another calendar. `number` is that of the change; without one it is a change of whoever
    /// plays, and its times count from the signal.
    Journey {
        #[serde(skip_serializing_if = "Option::is_none")]
        number: Option<u64>,
        source: Place,
        target: Place,
        at: String,
        ms: Steps,
    },
    /// All journeys in figures.
    Totals {
        changes: u64,
        journeys: u64,
        booked: u64,
        moved: u64,
        cancelled: u64,
        took_ms: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        ms: Option<Figures>,
    },
    /// A promise was kept.
    Checked { promise: Promise, count: u64 },
    /// It is left up to play with.
    Kept(Box<Kept>),
    /// Everything is gone.
    Ended { took_ms: i64 },
}

/// All one needs to play.
#[derive(Clone, Serialize, Debug)]
pub(super) struct Kept {
    /// Where Google listens.
    pub(super) google: String,
    /// Where Microsoft listens.
    pub(super) microsoft: String,
    pub(super) data_dir: String,
    pub(super) passphrase: String,
    /// The bearer token that both take.
    pub(super) token: String,
    /// The program that runs.
    pub(super) program: String,
    /// A day on which something can be booked.
    pub(super) day: String,
}
