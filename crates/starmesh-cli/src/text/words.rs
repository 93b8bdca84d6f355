//! Numbers, ages and names in words.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use starmesh_app::dto::CalendarRef;

/// `1 item`, `2 items`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// `Work (home/work)`; a name that says its path already stays as it is.
pub(super) fn titled(calendar: &CalendarRef) -> String {
    if calendar.name.ends_with(&format!("({})", calendar.path)) {
        calendar.name.clone()
    } else {
        format!("{} ({})", calendar.name, calendar.path)
    }
}

/// `3 free, 1 declined`: the most frequent first.
pub(super) fn reasons(counts: &BTreeMap<String, u64>) -> String {
    let mut counts: Vec<_> = counts.iter().filter(|(_, count)| **count > 0).collect();
    counts.sort_by_key(|(reason, count)| (std::cmp::Reverse(**count), (*reason).clone()));
    let words: Vec<String> =
        counts.iter().map(|(reason, count)| format!("{count} {}", reason_words(reason))).collect();
    words.join(", ")
}

/// The words for the stable name of a reason; a name without words of its own reads well enough.
pub(super) fn reason_words(reason: &str) -> String {
    match reason {
        "mirror" => "placed by us".to_owned(),
        "working_location" => "where you work".to_owned(),
        "birthday" => "kept as birthdays".to_owned(),
        "all_day" => "lasting whole days".to_owned(),
        "ends_before_start" => "ending before they start".to_owned(),
        "takes_no_time" => "taking no time".to_owned(),
        "too_long" => "longer than ten years".to_owned(),
        "same_meeting" => "already in both calendars".to_owned(),
        "other_source" => "brought by another calendar".to_owned(),
        "link_off" => "over a link that is switched off".to_owned(),
        "outside_hours" => "outside the working hours".to_owned(),
        "too_short" => "shorter than the link's least length".to_owned(),
        "keyword" => "left out by a keyword".to_owned(),
        "category" => "left out by a category".to_owned(),
        "deleted_by_hand" => "of which you deleted the block".to_owned(),
        "already_blocked" => "at a time that is blocked already".to_owned(),
        "malformed_rule" => "with a rule that cannot be understood".to_owned(),
        "too_many_occurrences" => "repeating too often".to_owned(),
        "outside_window" => "outside the window".to_owned(),
        "unknown_link" => "of a link unknown here".to_owned(),
        "copied" => "copied by hand".to_owned(),
        "canary" => "left over from a trial".to_owned(),
        "of_link" => "of links here".to_owned(),
        "foreign" => "of another installation".to_owned(),
        "altered" => "of another installation, which somebody changed".to_owned(),
        "has_attendees" => "to which somebody was invited".to_owned(),
        "mark_stripped" => "from which the server took the mark".to_owned(),
        other => other.replace('_', " "),
    }
}

/// What a wedge's reason means.
pub(super) fn wedge_words(reason: &str) -> &str {
    match reason {
        "ends_before_start" => "an event ends before it starts",
        "too_long" => "an event is longer than ten years",
        "unreadable" => "an event cannot be read",
        "malformed_rule" => "an event repeats by a rule that cannot be understood",
        "too_many_occurrences" => "an event repeats too often",
        "refused" => "the server refuses the write",
        "read_only" => "the calendar cannot be written",
        "quota_exceeded" => "the mailbox is full",
        "has_attendees" => "somebody was invited to the busy block, so a change could send mail",
        "mark_stripped" => "the server took the mark away, so the busy block cannot prove itself",
        other => other,
    }
}

/// `2 min ago`.
pub(super) fn ago(seconds: i64) -> String {
    match seconds.max(0) {
        0..=1 => "just now".to_owned(),
        seconds @ 2..=119 => format!("{seconds} s ago"),
        seconds @ 120..=7_199 => format!("{} min ago", seconds / 60),
        seconds @ 7_200..=172_799 => format!("{} h ago", seconds / 3_600),
        seconds => format!("{} days ago", seconds / 86_400),
    }
}

/// An instant of an answer, in the local zone with its offset, to the second.
pub(super) fn local(instant: &str, zone: Tz) -> String {
    match parse(instant) {
        Some(at) => at.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Secs, false),
        None => instant.to_owned(),
    }
}

/// `1.240 s`.
pub(super) fn milliseconds(milliseconds: i64) -> String {
    format!("{}.{:03} s", milliseconds / 1_000, (milliseconds % 1_000).abs())
}

/// Seconds from one instant to another.
pub(super) fn between(from: &str, to: &str) -> String {
    match (parse(from), parse(to)) {
        (Some(from), Some(to)) => milliseconds((to - from).num_milliseconds()),
        _ => "?".to_owned(),
    }
}

pub(super) fn parse(instant: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(instant).ok().map(|at| at.with_timezone(&Utc))
}

/// Columns as wide as their widest cell, two spaces apart.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let mut lines = Vec::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let padding = width.saturating_sub(cell.chars().count()) + 2;
            line.push_str(cell);
            line.push_str(&" ".repeat(padding));
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_the_unit_that_fits() {
        let rows = [
            (0, "just now"),
            (45, "45 s ago"),
            (150, "2 min ago"),
            (7_300, "2 h ago"),
            (200_000, "2 days ago"),
        ];
        for (seconds, words) in rows {
            assert_eq!(ago(seconds), words);
        }
    }

    #[test]
    fn instants_are_shown_in_the_local_zone_with_its_offset() {
        assert_eq!(local("2026-12-01T09:00:00.000Z", Tz::Europe__Berlin), "2026-12-01T10:00:00+01:00");
        assert_eq!(between("2026-12-01T09:00:00.000Z", "2026-12-01T09:00:01.250Z"), "1.250 s");
    }

    #[test]
    fn the_most_frequent_reason_comes_first() {
        let counts =
            BTreeMap::from([("declined".to_owned(), 1), ("free".to_owned(), 3), ("all_day".to_owned(), 0)]);
        assert_eq!(reasons(&counts), "3 free, 1 declined");
    }
}
