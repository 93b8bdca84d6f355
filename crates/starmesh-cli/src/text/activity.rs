//! What happened, in words: one line each.

use chrono_tz::Tz;
use starmesh_app::dto::{ActionDto, JourneyDto, RunEvent, StepsDto, TimeDto};

use super::words::{between, count, local, parse, wedge_words};

/// The journeys, newest first.
pub(crate) fn activity(journeys: &[JourneyDto], zone: Tz) -> String {
    if journeys.is_empty() {
        return "Nothing was written yet.".to_owned();
    }
    journeys.iter().map(|journey| journey_line(journey, zone)).collect::<Vec<_>>().join("\n")
}

fn journey_line(journey: &JourneyDto, zone: Tz) -> String {
    let action = match journey.action {
        ActionDto::Placed => "placed",
        ActionDto::Updated => "changed",
        ActionDto::Removed => "removed",
    };
    let time = journey.time.as_ref().map(|time| format!(" {}", span(time, zone))).unwrap_or_default();
    format!(
        "{}  {}: {action}{time}  [{}]",
        local(&journey.at, zone),
        journey.link.name,
        steps(&journey.steps)
    )
}

/// The five steps; the first, the change itself, has no time that could be known.
fn steps(steps: &StepsDto) -> String {
    format!(
        "change → signal → queue {} → reconcile {} → place {}",
        between(&steps.signalled, &steps.taken),
        between(&steps.taken, &steps.planned),
        between(&steps.planned, &steps.placed)
    )
}

pub(super) fn span(time: &TimeDto, zone: Tz) -> String {
    if time.all_day {
        return format!("{} to {}, whole days", time.start, time.end);
    }
    match (parse(&time.start), parse(&time.end)) {
        (Some(start), Some(end)) => {
            let (start, end) = (start.with_timezone(&zone), end.with_timezone(&zone));
            let until = if start.date_naive() == end.date_naive() {
                end.format("%H:%M%:z").to_string()
            } else {
                end.format("%Y-%m-%d %H:%M%:z").to_string()
            };
            format!("{} to {until}", start.format("%Y-%m-%d %H:%M"))
        }
        _ => format!("{} to {}", time.start, time.end),
    }
}

/// An event of the daemon; `None` for what only a curious person wants to see.
pub(crate) fn run_event(event: &RunEvent, at: &str, zone: Tz, verbose: bool) -> Option<String> {
    let words = match event {
        RunEvent::Placed(journey) => return Some(journey_line(journey, zone)),
        RunEvent::Started { links, pid } => format!("started with {} (process {pid})", count(*links, "link")),
        RunEvent::Stopped => "stopped".to_owned(),
        RunEvent::Reloaded => "the configuration was changed".to_owned(),
        RunEvent::PullFailed { calendar, message, needs_person } => {
            let person = if *needs_person { " (needs you)" } else { "" };
            format!("{}: not reached: {message}{person}", calendar.name)
        }
        RunEvent::PullWaits { calendar, seconds } => {
            format!("{}: asked to slow down, reads on in {seconds} s", calendar.name)
        }
        RunEvent::Wedged { calendar, reason } => {
            format!("{}: a write stands still: {}", calendar.name, wedge_words(reason))
        }
        RunEvent::Planned { calendar, held, .. } if *held > 0 => {
            let removals = count(*held, "removal");
            format!("{}: {removals} held until you look: `starmesh plan` explains", calendar.name)
        }
        RunEvent::Missed { count: number } => format!("{} not shown", count(*number, "event")),
        RunEvent::Pulled { calendar, changed } if verbose || *changed > 0 => {
            format!("{}: read, {} changed", calendar.name, count(*changed, "item"))
        }
        RunEvent::PullStarted { calendar } if verbose => format!("{}: reading", calendar.name),
        RunEvent::Planned { calendar, operations, .. } if verbose => {
            format!("{}: planned, {}", calendar.name, count(*operations, "write"))
        }
        RunEvent::Quiet if verbose => "everything is in step".to_owned(),
        RunEvent::PullStarted { .. }
        | RunEvent::PullProgress { .. }
        | RunEvent::Pulled { .. }
        | RunEvent::Planned { .. }
        | RunEvent::PlaceProgress { .. }
        | RunEvent::Quiet => return None,
    };
    Some(format!("{}  {words}", local(at, zone)))
}
