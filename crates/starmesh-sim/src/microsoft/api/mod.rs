//! The API, one noun a module, each a function of the world and a request.
//!
//! - [`route`]: which function a path means.
//! - `prefer`, `options`, `filter`: what a request says about its answer.
//! - `schema`, `extended`, `draft`: from the body of a write to an event; `event_json`: the way back.
//! - `events`, `extensions`, `people`: one event, and whom a write to it would reach.
//! - `listing`: lists and views; [`delta`]: what changed.
//! - `calendars`: calendars, groups, permissions; `me`: the rest of a mailbox.

pub(crate) mod calendars;
pub(crate) mod delta;
pub(crate) mod draft;
pub(crate) mod event_json;
pub(crate) mod events;
pub(crate) mod extended;
pub(crate) mod extensions;
pub(crate) mod filter;
pub(crate) mod listing;
pub(crate) mod me;
pub(crate) mod options;
pub(crate) mod people;
pub(crate) mod prefer;
pub(crate) mod route;
pub(crate) mod schema;
