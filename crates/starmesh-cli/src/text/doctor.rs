//! What the doctor found, in words.

use starmesh_app::dto::{CheckDto, DoctorDto, FindingDto, VerdictDto};

use super::words::{count, titled};

/// What the doctor found.
pub(crate) fn doctor(report: &DoctorDto) -> String {
    let mut lines: Vec<String> = report.findings.iter().flat_map(finding).collect();
    lines.push(String::new());
    lines.push(sum(report));
    lines.join("\n")
}

fn finding(finding: &FindingDto) -> Vec<String> {
    let mut subject = vec![check_words(finding.check).to_owned()];
    match (&finding.link, &finding.calendar, &finding.account) {
        (Some(link), ..) => subject.push(link.name.clone()),
        (None, Some(calendar), _) => subject.push(titled(calendar)),
        (None, None, Some(account)) => subject.push(account.clone()),
        (None, None, None) => {}
    }
    subject.extend(finding.host.clone());
    let verdict = verdict_words(finding.verdict);
    let mut lines = vec![format!("{verdict:<WIDTH$}{}: {}", subject.join(", "), finding.message)];
    let beside = " ".repeat(WIDTH);
    lines.extend(finding.said.as_ref().map(|said| format!("{beside}{said}")));
    lines.extend(finding.action.as_ref().map(|action| format!("{beside}→ {action}")));
    lines
}

/// The column of verdicts.
const WIDTH: usize = 13;

fn verdict_words(verdict: VerdictDto) -> &'static str {
    match verdict {
        VerdictDto::Good => "good",
        VerdictDto::NotChecked => "not checked",
        VerdictDto::Note => "note",
        VerdictDto::Warning => "WARNING",
        VerdictDto::Failed => "FAILED",
    }
}

fn check_words(check: CheckDto) -> &'static str {
    match check {
        CheckDto::DataFolder => "data folder",
        CheckDto::DiskSpace => "disk space",
        CheckDto::Process => "process",
        CheckDto::Vault => "vault",
        CheckDto::Secret => "secret",
        CheckDto::Database => "database",
        CheckDto::Clock => "clock",
        CheckDto::Proxy => "proxy",
        CheckDto::Dns => "name",
        CheckDto::Connection => "connection",
        CheckDto::SignIn => "sign-in",
        CheckDto::Budget => "budget",
        CheckDto::Read => "read",
        CheckDto::SyncToken => "sync token",
        CheckDto::Marks => "marks",
        CheckDto::OtherInstallation => "other installation",
        CheckDto::OtherTool => "other tool",
        CheckDto::Links => "links",
        CheckDto::Standstill => "standstill",
        CheckDto::Brake => "brake",
    }
}

fn sum(report: &DoctorDto) -> String {
    let of = |verdict| report.findings.iter().filter(|found| found.verdict == verdict).count() as u64;
    let mut parts = vec![format!("{} good", of(VerdictDto::Good))];
    let rows = [
        (of(VerdictDto::Failed), "failed".to_owned()),
        (
            of(VerdictDto::Warning),
            if of(VerdictDto::Warning) == 1 { "warning" } else { "warnings" }.to_owned(),
        ),
        (of(VerdictDto::Note), if of(VerdictDto::Note) == 1 { "note" } else { "notes" }.to_owned()),
        (of(VerdictDto::NotChecked), "not checked".to_owned()),
    ];
    parts.extend(
        rows.into_iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}")),
    );
    let checks = count(report.findings.len() as u64, "check");
    format!("{checks}: {}.", parts.join(", "))
}
