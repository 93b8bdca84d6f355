//! What links mirror, in words.

use starmesh_app::dto::{PolicyDto, PolicyEffect};
use starmesh_app::{AllDay, Deleted, Undecided};

use super::words::count;

/// What was set, or would be.
pub(crate) fn policy(effects: &[PolicyEffect], set: bool) -> String {
    if effects.is_empty() {
        return "Nothing to change: the links are so already.".to_owned();
    }
    let mut lines = Vec::new();
    for effect in effects {
        lines.push(effect.link.name.clone());
        lines.push(format!("  rules: {}", rules(&effect.policy)));
        let counts = [(effect.place, "to place"), (effect.change, "to change"), (effect.remove, "to remove")];
        let counts: Vec<String> = counts
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| format!("{} {what}", count(number, "busy block")))
            .collect();
        if !counts.is_empty() {
            lines.push(format!("  {}", counts.join(", ")));
        }
    }
    let end = if set { "Set. The next pass carries it out." } else { "Nothing was set." };
    lines.push(end.to_owned());
    lines.join("\n")
}

/// The rules of a link that are not the usual ones.
pub(super) fn rules(policy: &PolicyDto) -> String {
    let mut rules = Vec::new();
    if !policy.on {
        rules.push("off".to_owned());
    }
    rules.extend(policy.label.as_ref().map(|label| format!("called “{label}”")));
    rules.extend(policy.color.map(|color| format!("shown in {color}")));
    rules.extend(undecided("tentative", policy.tentative));
    rules.extend(undecided("unanswered", policy.unanswered));
    match policy.all_day {
        AllDay::Opaque => {}
        AllDay::Off => rules.push("no whole days".to_owned()),
        AllDay::All => rules.push("all whole days".to_owned()),
    }
    rules.extend(policy.hours.as_ref().map(|hours| format!("only {hours}")));
    if policy.min_minutes > 0 {
        rules.push(format!("at least {} min", policy.min_minutes));
    }
    for (what, choice) in [("keyword", &policy.keywords), ("category", &policy.categories)] {
        for (word, words) in [("only", &choice.only), ("never", &choice.never)] {
            if !words.is_empty() {
                rules.push(format!("{word} with the {what} {}", words.join(" or ")));
            }
        }
    }
    if policy.deleted == Deleted::Respected {
        rules.push("deleted blocks stay away".to_owned());
    }
    if rules.is_empty() { "the usual".to_owned() } else { rules.join("; ") }
}

fn undecided(what: &str, rule: Undecided) -> Option<String> {
    match rule {
        Undecided::Tentative => None,
        Undecided::Busy => Some(format!("{what} as busy")),
        Undecided::Skip => Some(format!("no {what} events")),
    }
}
