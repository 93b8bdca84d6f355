//! What the simulated web services share.
//!
//! 1. [`SimClock`]: the time of the simulated world; tests and `POST /__clock` move it.
//! 2. [`Ledger`]: every write, every notification that would have reached a person, every web hook that
//!    was delivered, and on demand all traffic; with [`TRAFFIC_FOLDER`] in the environment also on disk.
//! 3. [`auth`]: an OAuth 2 authorization server without paths and without a provider's manners.
//! 4. [`Hooks`]: web hooks with seeded faults.
//! 5. [`Reply`] and [`Cut`]: an answer, and a connection that ends in place of one.
//! 6. [`Scripted`]: a fault on demand, and which request it meets.
//! 7. [`Met`]: how often each fault was met and each disputed truth made a difference.
//! 8. [`control`]: the routes that no real service has, all below `/__`.
//! 9. [`serve`]: a router behind a TCP address, a [`RoundTrip`] away; [`visit`] is the browser that signs in.

pub mod auth;
pub mod control;

mod browser;
mod clock;
mod distance;
mod hooks;
mod ledger;
mod lock;
mod met;
mod reply;
mod script;
mod serve;
mod traffic;
mod traffic_file;

pub use browser::visit;
pub use clock::SimClock;
pub use distance::RoundTrip;
pub use hooks::{
    HOOKS_COUNTABLE, HookCall, HookCarrier, HookPlan, HookRepeat, HookReply, Hooks, HttpCarrier,
    RouterCarrier,
};
pub use ledger::{
    Delivery, DeliveryOutcome, Ledger, LedgerPages, Notification, Write, WriteKind, WriteWatcher,
};
pub use lock::hold;
pub use met::Met;
pub use reply::{Cut, Reply, ReplyBody};
pub use script::Scripted;
pub(crate) use script::scripted;
pub use serve::{Served, serve, serve_from_afar};
pub use traffic::{Exchange, Recorder, TRAFFIC_MAX, record_traffic};
pub use traffic_file::TRAFFIC_FOLDER;
