//! Microsoft Graph (v1.0) as a calendar provider: Microsoft 365, Outlook.com and the national clouds.
//!
//! 1. [`GraphClient`] implements the port (`client`). [`Endpoints`] say which cloud, [`Mailbox`] whose
//!    calendars; both addressings of a shared calendar are a `place`.
//! 2. Each request is a file of `requests` that prepares it as a `call` and reads its answer without
//!    touching a socket; `wire` holds the rows they share. `connection` carries calls out, one mailbox
//!    queue for all of them at one pace, and `batch` packs several into one exchange.
//! 3. `changes` reads a calendar: whole (`view`, compared with what the round before it has `shown`), or what
//!    changed (`round`), with `series` and doubtful rows looked up one by one (`lookup`). A `position` is what
//!    a cursor holds.
//! 4. `convert` turns rows into scheduling facts, `write` carries out the writes, `push` the
//!    subscriptions, `notification` reads what a subscription sends, and `errors` says what a refusal
//!    means.
//!
//! Terms: a *view* is the plain, expanded listing of a time range (`calendarView`); a *round* is one run
//! through the pages of its delta; a *row* is an event as either shows it; a *stub* is a row of a round
//! with nothing but its time.
//!
//! **Invariant:** only what carries our mark is asked for its subject, and anything else where a link looks for
//! words; and no request names an attendee, a reminder or an online meeting but to say that there is none.

mod batch;
mod call;
mod changes;
mod client;
mod connection;
mod convert;
mod errors;
mod lookup;
mod mailbox;
mod notification;
mod place;
mod position;
mod push;
mod requests;
mod round;
mod series;
mod shown;
mod view;
mod wire;
mod words;
mod write;

#[cfg(test)]
mod script;

pub use client::{BUDGET, GraphClient, GraphNetwork};
pub use connection::CONCURRENCY;
pub use mailbox::{Endpoints, Mailbox};
pub use notification::{Notification, NotificationProblem, notices};
pub use place::lasting_name;
