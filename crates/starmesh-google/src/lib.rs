//! Google Calendar (API v3) as a calendar provider.
//!
//! 1. [`GoogleClient`] implements the port (`client`); [`Endpoints`] say where Google answers, and
//!    `connection` sends: at the pace of the account's budget, many requests as one batch, and again what
//!    is refused for a moment only.
//! 2. Each request has a file of `requests` that prepares it and reads its answer without touching a
//!    socket; `wire` reads the JSON they share.
//! 3. `changes` reads a calendar: a bounded listing first, then what its sync token tells (`cursor`), row by
//!    row (`rows`). `items` reads single things again, and `details` remembers what is known of mirrors.
//! 4. `convert` turns rows into scheduling facts, `print` a mirror into JSON.
//! 5. `write` carries out the writes, in the `privacy` that a calendar allows; `errors` says what a refusal means.
//! 6. `push` asks for notifications, and [`read_notification`] understands one.
//!
//! Terms: a *row* is an event as a listing tells it. Series are listed as their *instances*, each a row
//! that names its series; all instances of one series within the listed range are one item of the port.
//!
//! **Invariants:** no request asks for the place or text of an event that carries no SYNC-FB mark, for its subject
//! only where a link looks for words, nor for anything of an attendee but the own answer. Every write says `sendUpdates=none`, and none holds
//! an attendee, a reminder or a conference. An update or removal always carries `If-Match`.

mod batch;
mod changes;
mod client;
mod color;
mod connection;
mod convert;
mod cursor;
mod details;
mod endpoints;
mod errors;
mod items;
mod notification;
mod print;
mod privacy;
mod push;
mod requests;
mod rows;
mod scopes;
mod turns;
mod wire;
mod write;

#[cfg(test)]
mod script;

pub use client::{BUDGET, GoogleClient, GoogleNetwork};
pub use endpoints::Endpoints;
pub use notification::{Notification, NotificationProblem, read_notification};
pub use scopes::SCOPES;
