//! The façade: one call for each thing a person can do, the same for every shell.
//!
//! [`Starmesh::open`] opens a data folder; everything else is a method, one file per noun:
//!
//! 1. `accounts`, `feed`, `account_removal`, `grant`, `sign_in`, `endpoints`, `calendars`: where calendars are.
//! 2. `groups`, `wanted`, `links`, `policies`, `pauses`, `settings`, `transfer`, `history`: what is wanted, and what
//!    was before. Changing it writes to no calendar.
//! 3. `plan`, `apply`, `clean`, `sweep`, `undo`, `run`, `push`: what is done about it.
//! 4. `status`, `activity`, `why`: what is known and what happened.
//! 5. `keys`, `vault`, `rebuild`: what outlives the database.
//! 6. `doctor`: whether everything is there that is needed.
//! 7. `providers`: the one place that picks adapters.
//!
//! Answers are [`dto`]s; a failure is an [`AppError`] with a stable [`ErrorCode`], a hint and at most one
//! action.
//!
//! **Invariant:** one process writes to calendars. [`Access::Write`] and [`Access::Run`] take the data folder's
//! lock; looking and configuring work beside it, and a running engine hears of changed wishes.

mod data_folder;
pub mod dto;
mod endpoints;
mod error;
mod names;
mod new_file;
mod open;
mod progress;
mod providers;
mod rebuild;
mod sign_in;
mod vault;
mod when;
mod zone;

mod account_removal;
mod accounts;
mod calendars;
mod feed;
mod grant;

mod groups;
mod history;
mod links;
mod pauses;
mod policies;
mod settings;
mod transfer;
mod wanted;

mod apply;
mod clean;
mod plan;
mod push;
mod retire;
mod run;
mod sweep;
mod undo;

mod activity;
mod doctor;
mod latency;
mod status;
mod why;

mod keys;

pub use account_removal::Mirrors;
pub use accounts::{
    AccountAdded, NewAccount, NewCaldavAccount, NewOAuthAccount, NewSecret, OAuthProvider, SignInKind,
};
pub use apply::Prepared;
pub use clean::PreparedClean;
pub use data_folder::VaultKind;
pub use doctor::{BundleDto, Examined};
pub use endpoints::{Endpoints, TENANT_DEFAULT};
pub use error::{Action, AppError, ErrorCode, ExitClass, Result, quoted};
pub use feed::{FeedSecret, NewFeed};
pub use groups::NewGroup;
pub use links::LinkScope;
pub use open::{Access, OpenOptions, PassphrasePurpose, Passphrases, Starmesh, World};
pub use pauses::PauseLength;
pub use plan::PlanRequest;
pub use policies::{PolicyChange, PreparedPolicy};
pub use progress::Listener;
pub use push::{Bell, Signals, Watched};
pub use sweep::{PreparedSweep, SweepRequest};
pub use transfer::SettingsFile;
pub use undo::{PreparedUndo, Way};
pub use zone::local_zone;

pub use sign_in::{SignInPrompt, SignInWay};

pub use starmesh_core::policy::{AllDay, Deleted, Undecided};
pub use starmesh_http::oauth::DevicePrompt;
pub use starmesh_http::{HttpOptions, Proxy};
pub use starmesh_provider::Hook;
pub use starmesh_provider::env::{Clock, Entropy, SystemClock, SystemEntropy};
pub use starmesh_store::vault::PassphraseCost;
