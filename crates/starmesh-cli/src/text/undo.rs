//! What is taken back, in words.

use chrono_tz::Tz;
use starmesh_app::dto::{ConfigurationDto, GroupDto, LinkRef, StepDto, UndoDto, WritesDto};

use super::policy::rules;
use super::words::{count, local};

/// What an undo would do.
pub(crate) fn undo(undo: &UndoDto, zone: Tz) -> String {
    let Some(step) = &undo.step else {
        let what = if undo.redo {
            "Nothing was taken back."
        } else {
            "Nothing was configured that can be taken back."
        };
        return what.to_owned();
    };
    let what = if undo.redo { "Makes again" } else { "Takes back" };
    let mut lines = vec![format!("{what}: {} ({})", step.commands.join(", "), local(&step.at, zone))];
    lines.extend(configuration(&undo.changes).into_iter().map(|line| format!("  {line}")));
    if lines.len() == 1 {
        lines.push("  what is configured is so already".to_owned());
    }
    lines.extend(undo.stays.iter().map(|line| format!("  {line}")));
    for needed in &undo.sign_in {
        lines.push(format!("  {} needs you to sign in: `{}`", needed.account, needed.command));
    }
    lines.extend(undo.plan.as_ref().map(super::plan));
    lines.join("\n")
}

/// What an undo did.
pub(crate) fn undone(undo: &UndoDto) -> String {
    let what = if undo.redo { "Made again" } else { "Taken back" };
    match (undo.left_to, &undo.written) {
        (Some(pid), _) => format!("{what}. `starmesh run` (process {pid}) carries it out."),
        (None, Some(written)) => format!(
            "{what}: {} placed, {} changed, {} removed.",
            written.placed, written.updated, written.removed
        ),
        (None, None) => format!("{what}."),
    }
}

/// The steps, newest first.
pub(crate) fn steps(steps: &[StepDto], zone: Tz) -> String {
    if steps.is_empty() {
        return "Nothing was configured that can be taken back.".to_owned();
    }
    steps.iter().map(|step| step_line(step, zone)).collect::<Vec<_>>().join("\n")
}

fn step_line(step: &StepDto, zone: Tz) -> String {
    let WritesDto { placed, updated, removed } = step.written;
    let mut notes = Vec::new();
    if placed + updated + removed > 0 {
        notes.push(format!("{placed} placed, {updated} changed, {removed} removed"));
    }
    if step.undone {
        notes.push("taken back".to_owned());
    } else if step.open {
        notes.push("no plan was carried out since".to_owned());
    }
    let notes = if notes.is_empty() { String::new() } else { format!("  [{}]", notes.join("; ")) };
    format!("{}  {}{notes}", local(&step.at, zone), step.commands.join(", "))
}

fn configuration(changes: &ConfigurationDto) -> Vec<String> {
    let mut lines = Vec::new();
    for change in &changes.settings {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        lines.push(format!("setting {}: {} becomes {}", change.key, value(&change.from), value(&change.to)));
    }
    lines.extend(changes.everything_paused.map(|paused| {
        if paused { "everything is paused again" } else { "everything runs again" }.to_owned()
    }));
    lines.extend(changes.accounts_back.iter().map(|name| format!("account {name} comes back")));
    lines.extend(changes.groups_back.iter().map(|group| format!("group {} comes back", members(group))));
    lines.extend(changes.groups_changed.iter().map(|group| format!("group {} again", members(group))));
    lines.extend(changes.groups_gone.iter().map(|name| format!("group {name} goes")));
    let lists = [
        ("comes back", &changes.links_back),
        ("goes, with its busy blocks", &changes.links_gone),
        ("its busy blocks go, and it is paused", &changes.links_cleaned),
        ("is paused", &changes.links_paused),
        ("runs again", &changes.links_resumed),
    ];
    for (what, links) in lists {
        lines.extend(links.iter().map(|LinkRef { name, .. }| format!("{name}: {what}")));
    }
    for link in &changes.rules {
        lines.push(format!("{}: rules: {}", link.link.name, rules(&link.policy)));
    }
    let calendars =
        [("is paused", &changes.calendars_paused), ("takes part again", &changes.calendars_resumed)];
    for (what, calendars) in calendars {
        lines.extend(calendars.iter().map(|calendar| format!("{}: {what}", calendar.path)));
    }
    lines
}

/// `star-1 (home/work, home/family; 2 pairs)`.
fn members(group: &GroupDto) -> String {
    let calendars: Vec<&str> = group.calendars.iter().map(|calendar| calendar.path.as_str()).collect();
    format!("{} ({}; {})", group.name, calendars.join(", "), count(group.pairs, "pair"))
}
