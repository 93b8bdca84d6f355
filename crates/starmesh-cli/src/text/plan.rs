//! Plans in words.

use starmesh_app::dto::{LinkPlanDto, PlanDto, QuestionDto, TargetPlanDto, TroubleDto};
use starmesh_app::{PreparedClean, quoted};

use super::words::{count, reasons, titled};

/// A plan.
pub(crate) fn plan(plan: &PlanDto) -> String {
    let mut lines = Vec::new();
    let is_empty = plan.targets.is_empty() && plan.troubles.is_empty() && plan.questions.is_empty();
    if is_empty && plan.links_paused == 0 {
        return "Nothing is linked yet: add an account, then put calendars together with `starmesh group add`."
            .to_owned();
    }
    let narrower = if plan.window.narrower { ", narrower than before: what lies beyond goes" } else { "" };
    let window = &plan.window;
    lines.push(format!("Window: {} to {} ({} days{narrower})", window.from, window.to, window.days));
    for target in &plan.targets {
        lines.extend(target_lines(target));
    }
    lines.extend(plan.troubles.iter().map(trouble));
    lines.extend(plan.questions.iter().map(question));
    if plan.links_paused > 0 {
        let verb = if plan.links_paused == 1 { "is" } else { "are" };
        let links = count(plan.links_paused, "link");
        lines.push(format!(
            "{links} {verb} paused, so nothing is planned there; `starmesh status` says until when."
        ));
    }
    if plan.in_step && !is_empty {
        lines.push("Everything is in step: nothing to do.".to_owned());
    }
    lines.join("\n")
}

fn target_lines(target: &TargetPlanDto) -> Vec<String> {
    let mut lines = vec![format!(
        "{}: {}",
        titled(&target.calendar),
        work(target.place, target.moved, target.change, target.remove)
    )];
    for link in &target.links {
        lines.push(format!("  from {}: {}", titled(&link.link.source), link_words(link)));
    }
    if target.adopt > 0 {
        lines.push(format!("  {} already there and taken over", count(target.adopt, "busy block")));
    }
    if target.resting > 0 {
        let verb = if target.resting == 1 { "stands" } else { "stand" };
        let writes = count(target.resting, "write");
        lines.push(format!("  {writes} {verb} still; `starmesh status` says why"));
    }
    for held in &target.held {
        lines.push(format!(
            "  held: {} of {}. That is more than the {} that may go unasked within a day ({} went already). If it \
             is right: `--allow-removals {}`",
            count(held.removals, "removal"),
            held.link.name,
            held.limit,
            held.removed_lately,
            held.removals
        ));
    }
    for stuck in &target.stuck {
        let why = reasons(&[(stuck.reason.clone(), stuck.count)].into());
        lines.push(format!("  stuck: {why} ({})", stuck.link.name));
    }
    if !target.strays.is_empty() {
        lines.push(format!("  left alone: {}", reasons(&target.strays)));
    }
    lines
}

/// `12 to place, 1 to move, 0 to remove`.
fn work(place: u64, moved: u64, change: u64, remove: u64) -> String {
    let change = if change > 0 { format!(", {change} to change") } else { String::new() };
    format!("{place} to place, {moved} to move{change}, {remove} to remove")
}

fn link_words(link: &LinkPlanDto) -> String {
    let mut parts = vec![count(link.mirrored, "busy block")];
    let rows = [
        (link.place, "to place"),
        (link.moved, "to move"),
        (link.change, "to change"),
        (link.remove, "to remove"),
    ];
    parts.extend(
        rows.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")),
    );
    let left_out: u64 = link.skipped.values().sum();
    if left_out > 0 {
        parts.push(format!("left out {left_out} ({})", reasons(&link.skipped)));
    }
    parts.join(", ")
}

/// A trouble.
pub(super) fn trouble(trouble: &TroubleDto) -> String {
    let what = trouble.calendar.as_ref().map_or_else(|| trouble.account.clone(), titled);
    let next = if trouble.needs_person && trouble.code == starmesh_app::ErrorCode::SignInRefused {
        format!(" (`starmesh account signin {}` signs in again)", quoted(&trouble.account))
    } else {
        String::new()
    };
    format!("{what}: not reached: {}{next}", trouble.message)
}

fn question(question: &QuestionDto) -> String {
    match question {
        QuestionDto::ForeignMarks { calendar, count: number } => format!(
            "{}: holds {} of another installation, or of a key that was lost. Import its key with `starmesh key \
             import FILE`, go on beside it with `--beside-foreign`, or look at `starmesh clean --scan --foreign \
             --dry-run`",
            titled(calendar),
            count(u64::from(*number), "busy block")
        ),
        QuestionDto::SameCalendar { calendar, other } => format!(
            "{} and {} are one calendar under two names: what was placed in one stood in the other. Nothing is placed \
             there; take one of them out of its group with `starmesh group remove NAME --calendar CALENDAR`",
            titled(calendar),
            titled(other)
        ),
    }
}

/// What a clean would remove.
pub(crate) fn clean_prepared(clean: &PreparedClean) -> String {
    let mut lines = Vec::new();
    for link in &clean.links {
        lines.push(format!("{}: {} to remove", link.link.name, count(link.mirrors, "busy block")));
    }
    for unreached in &clean.unreached {
        lines.push(format!(
            "{}: not reached: {} ({} known)",
            unreached.link.name,
            unreached.reason,
            count(unreached.mirrors, "busy block")
        ));
    }
    if lines.is_empty() {
        lines.push("There is no link to clean.".to_owned());
    }
    lines.join("\n")
}
