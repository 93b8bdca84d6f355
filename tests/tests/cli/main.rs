//! The real program: its words, its exit codes, and that it never waits for anybody who is not there.
//! What it does to calendars is the business of the end-to-end suite beside this one.

mod accounts;
mod approval;
mod fresh;
mod keys;
mod naming;
mod processes;

use starmesh_tests::servers::{Kind, Rights};

/// Radicale, where everybody signs in.
const RADICALE: Kind = Kind::Radicale(Rights::Owner);
