//! How things stand, in words.

use chrono_tz::Tz;
use starmesh_app::dto::{CalendarStatusDto, DamageDto, DamageSource, LinkStateDto, StatusDto};

use super::pauses::end;
use super::words::{ago, count, local, milliseconds, titled, wedge_words};

/// A database that was damaged.
pub(crate) fn damage(damage: &DamageDto) -> String {
    let place = match &damage.moved_to {
        Some(path) => format!("it was moved to {path}"),
        None => "there was no file left".to_owned(),
    };
    let source = match damage.restored_from {
        DamageSource::Copy => "what you configured came back from its second copy",
        DamageSource::Rows => {
            "what you configured came back as far as it could be read: look at `starmesh group list`"
        }
    };
    format!(
        "the database was damaged ({}); {place}, and a new one was made: {source}. Busy blocks are known by \
         their marks; the list of what was written before is gone",
        damage.what
    )
}

/// How things stand.
pub(crate) fn status(status: &StatusDto, zone: Tz) -> String {
    let mut lines = vec![match (status.daemon_pid, status.worker_pid) {
        (Some(pid), _) => format!("Running (process {pid})."),
        (None, Some(pid)) => format!("Another command is at work (process {pid})."),
        (None, None) => "Not running: `starmesh run` keeps everything in step.".to_owned(),
    }];
    lines.extend(status.damage.as_ref().map(|damage| format!("{}.", self::damage(damage))));
    if status.paused {
        lines.push(format!("Everything is paused{}.", end(status.paused_until.as_deref(), zone)));
    }
    if status.calendars.is_empty() {
        lines.push("Nothing is linked yet: `starmesh group add` puts calendars together.".to_owned());
    }
    for calendar in &status.calendars {
        lines.extend(calendar_lines(calendar, zone));
    }
    let of_state = |state| status.links.iter().filter(|link| link.state == state).count() as u64;
    let (active, paused, retiring) =
        (of_state(LinkStateDto::Active), of_state(LinkStateDto::Paused), of_state(LinkStateDto::Retiring));
    if !status.links.is_empty() {
        let mut parts = vec![count(active, "link") + if active == 1 { " runs" } else { " run" }];
        if paused > 0 {
            parts.push(format!("{paused} paused"));
        }
        if retiring > 0 {
            parts.push(format!("{retiring} being removed"));
        }
        lines.push(format!("{}.", parts.join(", ")));
    }
    for latency in &status.latency {
        lines.push(format!(
            "{}: {} in 7 days, half within {}, 95 of 100 within {}.",
            latency.link.name,
            count(latency.writes, "write"),
            milliseconds(latency.p50_ms),
            milliseconds(latency.p95_ms)
        ));
    }
    for wedge in &status.wedges {
        let link = wedge.link.as_ref().unwrap_or(&wedge.calendar.name);
        let said = wedge.message.as_ref().map(|message| format!(" ({message})")).unwrap_or_default();
        let event = wedge.event_at.as_ref().map(|at| format!(", at {}", local(at, zone))).unwrap_or_default();
        lines.push(format!(
            "Stands still since {}: {link}: {}{event}{said}",
            local(&wedge.since, zone),
            wedge_words(&wedge.reason)
        ));
        lines.push(format!("  {}", wedge.hint));
    }
    if status.needs_person {
        lines.push("Something needs you; see above.".to_owned());
    }
    lines.join("\n")
}

fn calendar_lines(calendar: &CalendarStatusDto, zone: Tz) -> Vec<String> {
    let mut facts = Vec::new();
    facts.push(match calendar.read_age_s {
        Some(seconds) => format!("read {}", ago(seconds)),
        None => "never read".to_owned(),
    });
    if let Some(due) = &calendar.due_at {
        facts.push(format!("due again at {}", local(due, zone)));
    }
    if let Some(seconds) = calendar.verified_age_s {
        facts.push(format!("verified {}", ago(seconds)));
    }
    if calendar.repairs > 0 {
        facts.push(format!("{} in 7 days", count(calendar.repairs, "repair")));
    }
    facts.push(count(calendar.items, "item"));
    facts.push(count(calendar.mirrors, "busy block"));
    if calendar.wedged > 0 {
        facts.push(format!("{} standing still", calendar.wedged));
    }
    if calendar.read_only {
        facts.push("read-only".to_owned());
    }
    if calendar.missing {
        facts.push("no longer listed by its account".to_owned());
    }
    let mut lines = vec![format!("{}: {}", titled(&calendar.calendar), facts.join(", "))];
    if let Some(failure) = &calendar.failure {
        let times = count(u64::from(failure.attempts), "attempt");
        let since = local(&failure.since, zone);
        lines.push(format!("  not reached since {since} ({times}): {}", failure.message));
    }
    if let Some(canary) = &calendar.canary {
        if let Some(other) = &canary.same_as {
            lines.push(format!("  the same calendar as {}: `starmesh plan` explains", titled(other)));
        } else if !canary.mark_kept {
            lines.push(
                "  takes marks away: busy blocks are known only by what is remembered here, and none is changed \
                 without it"
                    .to_owned(),
            );
        }
    }
    if calendar.held > 0 {
        lines.push(format!(
            "  held: {} waiting for you; `starmesh plan` explains",
            count(calendar.held, "removal")
        ));
    }
    if calendar.foreign_marks > 0 {
        lines.push(format!(
            "  {} of another installation; `starmesh plan` explains",
            count(u64::from(calendar.foreign_marks), "busy block")
        ));
    }
    lines
}
