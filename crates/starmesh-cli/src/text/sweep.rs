//! What `clean --scan` found, in words.

use starmesh_app::dto::{SweepDto, SweptCalendarDto};

use super::plan::trouble;
use super::words::{count, reasons, titled};

/// What a sweep would remove.
pub(crate) fn sweep_prepared(sweep: &SweepDto) -> String {
    let mut lines = Vec::new();
    for of in &sweep.calendars {
        lines.push(format!("{}: {}{}", titled(&of.calendar), found(of), days(of)));
        if !of.left.is_empty() {
            lines.push(format!("  left alone: {}", reasons(&of.left)));
        }
    }
    lines.extend(sweep.troubles.iter().map(trouble));
    if !sweep.links.is_empty() {
        let names: Vec<&str> = sweep.links.iter().map(|link| link.name.as_str()).collect();
        lines.push(format!("Would place blocks again, and are paused by the removal: {}", names.join(", ")));
    }
    if sweep.calendars.iter().any(|of| of.found.contains_key("unknown_link")) {
        lines.push(
            "Blocks of a link unknown here may be those of another computer with your key; as long as it runs, \
             it places them again."
                .to_owned(),
        );
    }
    if sweep.foreign() > 0 {
        lines.push(format!(
            "{} made with another key. Another Starmesh that still runs would place them again: stop it first. If \
             the key was lost and there is a recovery file, `starmesh key import FILE` is the better way: then \
             these blocks are yours again, and stay.",
            count(sweep.foreign(), "busy block")
        ));
    } else if sweep.calendars.iter().any(|of| of.left.contains_key("foreign")) {
        lines.push("`--foreign` also takes blocks that another key made.".to_owned());
    }
    if sweep.calendars.is_empty() && sweep.troubles.is_empty() {
        lines.push("There is no calendar to look through.".to_owned());
    }
    lines.join("\n")
}

fn found(of: &SweptCalendarDto) -> String {
    let total: u64 = of.found.values().sum();
    match total {
        0 => "no busy block to remove".to_owned(),
        _ => format!("{} to remove ({})", count(total, "busy block"), reasons(&of.found)),
    }
}

/// Which part of a calendar was looked through, where it was not all of it.
fn days(of: &SweptCalendarDto) -> String {
    of.days.as_ref().map_or_else(String::new, |days| format!("; looked at {} to {}", days.from, days.to))
}

/// What a sweep did.
pub(crate) fn sweep_done(sweep: &SweepDto) -> String {
    let standing = sweep.standing();
    let mut lines = vec![format!("Removed {}.", count(sweep.found() - standing, "busy block"))];
    if !sweep.links.is_empty() {
        lines.push(format!(
            "{} paused (`starmesh link resume` lets them run again).",
            count(sweep.links.len() as u64, "link")
        ));
    }
    for of in sweep.calendars.iter().filter(|of| of.standing > 0) {
        lines.push(format!("{}: {} still standing", titled(&of.calendar), count(of.standing, "busy block")));
    }
    lines.extend(sweep.troubles.iter().map(trouble));
    lines.join("\n")
}
