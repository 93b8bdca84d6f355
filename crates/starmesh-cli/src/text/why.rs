//! Why a time is blocked, or not, in words.

use chrono_tz::Tz;
use starmesh_app::dto::{WhyDto, WhyEvent, WhyLink, WhyOutcome};

use super::activity::span;
use super::words::{ago, reason_words, titled, wedge_words};

/// What every link makes of some time.
pub(crate) fn why(why: &WhyDto, zone: Tz) -> String {
    let read = why.read_age_s.map_or_else(|| "never read".to_owned(), |age| format!("read {}", ago(age)));
    let mut lines = vec![format!("{}, {} ({read})", titled(&why.calendar), span(&why.time, zone))];
    if !why.in_window {
        lines.push("This time lies outside the window, in which alone busy blocks are placed.".to_owned());
    }
    if why.links.is_empty() {
        lines.push("No link goes into or out of this calendar.".to_owned());
    }
    for link in &why.links {
        lines.push(format!("{}:", link.link.name));
        lines.extend(link_lines(link, zone).into_iter().map(|line| format!("  {line}")));
    }
    lines.join("\n")
}

fn link_lines(link: &WhyLink, zone: Tz) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(link.unknown.as_deref().map(|unknown| match unknown {
        "not_read" => "one of its calendars was never read: `starmesh plan` reads it".to_owned(),
        "question_open" => "the target waits for an answer of yours: `starmesh plan` explains".to_owned(),
        "paused" => "the link stands still, so nothing is placed, changed or removed".to_owned(),
        other => other.replace('_', " "),
    }));
    if link.events.is_empty() && link.unknown.is_none() {
        lines.push(format!("nothing in {} at that time", link.link.source.name));
    }
    lines.extend(link.events.iter().map(|event| format!("{}: {}", span(&event.time, zone), words(event))));
    lines
}

fn words(event: &WhyEvent) -> String {
    let reason = event.reason.as_deref().unwrap_or_default();
    match event.outcome {
        WhyOutcome::Stands => "mirrored; the busy block stands".to_owned(),
        WhyOutcome::Waits => "waits until the link runs again".to_owned(),
        WhyOutcome::WillBePlaced => "mirrored; the busy block is placed with the next pass".to_owned(),
        WhyOutcome::WillChange => "mirrored; the busy block changes with the next pass".to_owned(),
        WhyOutcome::WillGo => "its event is gone; the busy block goes with the next pass".to_owned(),
        WhyOutcome::Held => "its event is gone; the removal of the busy block waits for you".to_owned(),
        WhyOutcome::StandsStill => format!("stands still: {}", wedge_words(reason)),
        WhyOutcome::Skipped => format!("not mirrored: {}", reason_words(reason)),
    }
}
