//! What was carried out, in words.

use starmesh_app::dto::{CleanDto, ReportDto};

use super::plan::trouble;
use super::words::count;

/// What apply or sync did.
pub(crate) fn report(report: &ReportDto) -> String {
    let written = &report.written;
    let mut lines = Vec::new();
    let mut parts = Vec::new();
    for (number, what) in
        [(written.placed, "placed"), (written.updated, "changed"), (written.removed, "removed")]
    {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    }
    if written.adopted > 0 {
        parts.push(format!("{} taken over", written.adopted));
    }
    if parts.is_empty() {
        lines.push("Nothing was written.".to_owned());
    } else {
        lines.push(format!("Busy blocks: {} ({}).", parts.join(", "), passes(report.passes)));
    }
    if written.deferred > 0 {
        lines.push(format!("{} left for a later pass.", count(written.deferred, "write")));
    }
    if written.wedged > 0 {
        lines.push(format!("{} cannot be made; `starmesh status` says why.", count(written.wedged, "write")));
    }
    lines.extend(report.troubles.iter().map(trouble));
    if report.in_step {
        lines.push("Everything is in step.".to_owned());
    }
    lines.join("\n")
}

fn passes(number: u32) -> String {
    if number == 1 { "1 pass".to_owned() } else { format!("{number} passes") }
}

/// What clean did.
pub(crate) fn clean_done(clean: &CleanDto) -> String {
    let mut lines = vec![format!(
        "Removed {}; {} paused (`starmesh link resume` lets them run again).",
        count(clean.removed, "busy block"),
        count(clean.links.len() as u64, "link")
    )];
    for unreached in &clean.unreached {
        lines.push(format!(
            "Not reached: {} of {}: {}",
            count(unreached.mirrors, "busy block"),
            unreached.link.name,
            unreached.reason
        ));
    }
    lines.join("\n")
}
