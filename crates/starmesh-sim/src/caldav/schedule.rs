//! Whom a server that sends invitations by itself would have written to (RFC 6638, section 3.2).

use std::collections::BTreeSet;

use http::HeaderName;

use super::call::Turn;
use super::object::{Component, Line};

/// With `F` on a deletion no reply is sent (section 8.1).
const SCHEDULE_REPLY: HeaderName = HeaderName::from_static("schedule-reply");

/// True for an object that has an organizer and guests (section 3.1).
pub(super) fn is_invitation(object: &Component) -> bool {
    object.entries().any(|entry| entry.line("ORGANIZER").is_some() && entry.line("ATTENDEE").is_some())
}

/// Notes the messages that a write of `after` over `before` causes; either is missing where the object comes
/// or goes.
pub(super) fn note(turn: &Turn<'_>, before: Option<&Component>, after: Option<&Component>) {
    if !turn.switches.scheduling.automatic {
        return;
    }
    let Some(newest) = after.or(before).filter(|object| is_invitation(object)) else { return };
    let organizer = newest.entries().find_map(|entry| entry.line("ORGANIZER"));
    let Some(organizer) = organizer else { return };
    let href = turn.call.plain_path.clone();
    if organizer.address() == turn.me.to_lowercase() {
        let stayed = after.map(|after| guests(turn, after)).unwrap_or_default();
        let left = before.map(|before| guests(turn, before)).unwrap_or_default();
        for guest in left.difference(&stayed) {
            turn.would_notify(guest, format!("CANCEL {href}"));
        }
        if before.is_none_or(|before| after.is_some_and(|after| matters(before) != matters(after))) {
            for guest in &stayed {
                turn.would_notify(guest, format!("REQUEST {href}"));
            }
        }
        return;
    }
    let answer = |object: &Component| {
        let mine = object.entries().flat_map(|entry| entry.lines_of("ATTENDEE"));
        let mine = mine.filter(|line| line.address() == turn.me.to_lowercase());
        mine.map(|line| line.parameter("PARTSTAT").unwrap_or("NEEDS-ACTION").to_owned()).collect::<Vec<_>>()
    };
    let (was, is) = (before.map(answer).unwrap_or_default(), after.map(answer).unwrap_or_default());
    let silent = turn.call.header(SCHEDULE_REPLY).is_some_and(|wish| wish.eq_ignore_ascii_case("F"));
    let first_look = before.is_none() && is.iter().all(|answer| answer == "NEEDS-ACTION");
    if was != is && !first_look && !(after.is_none() && silent) && by_server(turn, organizer) {
        turn.would_notify(&organizer.address(), format!("REPLY {href}"));
    }
}

/// The guests to whom the server writes.
fn guests(turn: &Turn<'_>, object: &Component) -> BTreeSet<String> {
    let lines = object.entries().flat_map(|entry| entry.lines_of("ATTENDEE"));
    let others = lines.filter(|line| line.address() != turn.me.to_lowercase());
    others.filter(|line| by_server(turn, line)).map(Line::address).collect()
}

/// Whether a message to or about the person of `line` is the server's to send (section 7.1).
fn by_server(turn: &Turn<'_>, line: &Line) -> bool {
    let asked = line.parameter("SCHEDULE-AGENT").is_none_or(|agent| agent.eq_ignore_ascii_case("SERVER"));
    if !asked && !turn.switches.scheduling.obeys_agent {
        turn.meet("scheduling.agent_disobeyed");
        return true;
    }
    asked
}

/// What guests are told of: everything but stamps.
fn matters(object: &Component) -> Vec<Vec<&Line>> {
    const STAMPS: [&str; 3] = ["DTSTAMP", "LAST-MODIFIED", "CREATED"];
    object
        .entries()
        .map(|entry| entry.lines.iter().filter(|line| !STAMPS.contains(&line.name.as_str())).collect())
        .collect()
}
