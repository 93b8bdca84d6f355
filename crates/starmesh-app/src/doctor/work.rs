//! What is wanted and what stands still: links, wedges, the brake, and how fast accounts may be asked.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use starmesh_core::reconcile::LinkState;
use starmesh_http::Budget;
use starmesh_store::state::{AccountKind, Failure, Link, WedgeReason};

use super::{count, lasting, since};
use crate::dto::{CheckDto, FindingDto, PausesDto};
use crate::error::Result;
use crate::names::Directory;
use crate::open::Starmesh;
use crate::progress::wedge_hint;
use crate::providers::budget_of;

pub(super) async fn look(starmesh: &Starmesh, directory: &Directory) -> Result<Vec<FindingDto>> {
    let mut findings = links(directory, &starmesh.state.links().await?);
    findings.extend(pauses(&starmesh.pauses().await?));
    findings.extend(standstill(starmesh, directory).await?);
    findings.extend(brake(starmesh, directory)?);
    findings.extend(budgets(starmesh, directory).await?);
    Ok(findings)
}

fn links(directory: &Directory, rows: &[Link]) -> Vec<FindingDto> {
    if rows.is_empty() {
        return vec![
            FindingDto::note(CheckDto::Links, "nothing is linked yet")
                .action("`starmesh group add` puts calendars together"),
        ];
    }
    let mut findings = Vec::new();
    let of_state = |state| rows.iter().filter(move |link| link.state == state);
    let active = of_state(LinkState::Active).count() as u64;
    if active > 0 {
        let verb = if active == 1 { "runs" } else { "run" };
        findings.push(FindingDto::good(CheckDto::Links, format!("{} {verb}", count(active, "link"))));
    }
    for link in of_state(LinkState::Paused) {
        findings.push(
            FindingDto::note(
                CheckDto::Links,
                "the link is paused: nothing is placed, changed or removed for it",
            )
            .of_link(directory.link(&link.id))
            .action("`starmesh link resume` lets it run again"),
        );
    }
    for link in of_state(LinkState::Retiring) {
        findings.push(
            FindingDto::note(
                CheckDto::Links,
                "no group makes the link any more: its busy blocks are being removed",
            )
            .of_link(directory.link(&link.id)),
        );
    }
    findings
}

/// What stands still because somebody said so, besides single links.
fn pauses(paused: &PausesDto) -> Vec<FindingDto> {
    let note = |what: &str, until: Option<&String>, command: &str| {
        let end = until.map_or_else(|| "you resume".to_owned(), Clone::clone);
        let message = format!("{what} until {end}, as was asked for");
        FindingDto::note(CheckDto::Links, message).action(format!("`{command}` ends it"))
    };
    let everything =
        paused.everything.then(|| note("everything stands still", paused.until.as_ref(), "starmesh resume"));
    let calendars = paused.calendars.iter().map(|one| {
        note("the calendar stands still", one.until.as_ref(), "starmesh calendar resume CALENDAR")
            .of_calendar(one.calendar.clone())
    });
    everything.into_iter().chain(calendars).collect()
}

/// What stands still, one finding for each reason in a calendar.
async fn standstill(starmesh: &Starmesh, directory: &Directory) -> Result<Vec<FindingDto>> {
    let now = starmesh.world.clock.now();
    let mut by_reason = BTreeMap::new();
    for wedge in starmesh.state.wedges().await? {
        let (number, first) = by_reason.entry((wedge.calendar, wedge.reason)).or_insert((0_u64, wedge.since));
        *number += 1;
        *first = (*first).min(wedge.since);
    }
    if by_reason.is_empty() {
        return Ok(vec![FindingDto::good(CheckDto::Standstill, "nothing stands still")]);
    }
    let finding = |((calendar, reason), (number, first))| {
        let (verb, age) = (if number == 1 { "stands" } else { "stand" }, since(now, first));
        let message = match reason {
            WedgeReason::Broken(_) => {
                format!("{} cannot be understood, the first for {age}", count(number, "event"))
            }
            _ => format!("{} {verb} still, the first for {age}", count(number, "write")),
        };
        // A broken event is its owner's affair; all else is kept in step.
        let finding = if matches!(reason, WedgeReason::Broken(_)) {
            FindingDto::note(CheckDto::Standstill, message)
        } else {
            FindingDto::warning(CheckDto::Standstill, message)
        };
        finding.of_calendar(directory.reference(&calendar)).action(wedge_hint(reason))
    };
    Ok(by_reason.into_iter().map(finding).collect())
}

fn brake(starmesh: &Starmesh, directory: &Directory) -> Result<Vec<FindingDto>> {
    let held = starmesh.folder.held()?;
    if held.values().all(|number| *number == 0) {
        return Ok(vec![FindingDto::good(CheckDto::Brake, "no removal waits for you")]);
    }
    Ok(held
        .iter()
        .map(|(calendar, number)| {
            let verb = if *number == 1 { "waits" } else { "wait" };
            FindingDto::warning(CheckDto::Brake, format!("{} {verb} for you", count(*number, "removal")))
                .of_calendar(directory.reference(calendar))
                .action("`starmesh plan` shows them, `starmesh apply --allow-removals NUMBER` lets them go")
        })
        .collect())
}

/// How fast each account may be asked, and what refusals are on record.
async fn budgets(starmesh: &Starmesh, directory: &Directory) -> Result<Vec<FindingDto>> {
    let now = starmesh.world.clock.now();
    let mut findings = Vec::new();
    for account in directory.accounts() {
        let mut failures = Vec::new();
        for calendar in directory.calendars().filter(|calendar| calendar.account == account.id) {
            failures.extend(starmesh.state.read(&calendar.id).await?.failure);
        }
        findings.push(budget(&account.kind, &failures, now).of_account(&account.name));
    }
    Ok(findings)
}

fn budget(kind: &AccountKind, failures: &[Failure], now: DateTime<Utc>) -> FindingDto {
    let Some((Budget { period, sustained, burst }, concurrency)) = budget_of(kind) else {
        return FindingDto::not_checked(CheckDto::Budget, "the account's address tells no server");
    };
    let period = TimeDelta::from_std(period).map_or_else(|_| "ever".to_owned(), lasting);
    let message = format!(
        "at most {sustained} requests in {period} and {burst} at once after a rest, {concurrency} under way together; \
         how many are left of them is known to a running engine only"
    );
    let Some(first) = failures.iter().map(|failure| failure.since).min() else {
        return FindingDto::good(CheckDto::Budget, message);
    };
    let attempts: u64 = failures.iter().map(|failure| u64::from(failure.attempts)).sum();
    let (reads, age) = (count(attempts, "read"), since(now, first));
    FindingDto::note(CheckDto::Budget, format!("{message}. {reads} failed, the first {age} ago"))
}

#[cfg(test)]
mod tests {
    use starmesh_core::ids::{CalendarId, LinkId};

    use super::*;
    use crate::dto::{PausedCalendar, VerdictDto};
    use crate::names::tests::{self as names, directory};

    #[test]
    fn links_that_do_not_run_are_named_one_by_one() {
        let link = |source: &str, target: &str, state| {
            Link::new(LinkId::new(CalendarId::new(source), CalendarId::new(target))).in_state(state)
        };
        let rows = [
            link("id-home-work", "id-office-cal", LinkState::Active),
            link("id-office-cal", "id-home-work", LinkState::Paused),
            link("id-home-family", "id-home-work", LinkState::Retiring),
        ];
        let found = links(&directory(), &rows);
        let verdicts: Vec<_> = found.iter().map(|one| one.verdict).collect();
        assert_eq!(verdicts, [VerdictDto::Good, VerdictDto::Note, VerdictDto::Note]);
        assert_eq!(found[0].message, "1 link runs");
        assert!(found[1].link.as_ref().is_some_and(|link| link.source.id == "id-office-cal"));
        assert_eq!(links(&directory(), &[])[0].verdict, VerdictDto::Note);
    }

    #[test]
    fn what_was_asked_to_stand_still_is_named_with_its_end() {
        let calendar = directory().reference(&CalendarId::new("id-home-work"));
        let until = Some("2026-12-01T08:00:00Z".to_owned());
        let calendars = vec![PausedCalendar { calendar, until }];
        let paused = PausesDto { everything: true, until: None, calendars, links: Vec::new() };
        let found = pauses(&paused);
        let told: Vec<_> = found.iter().map(|one| (one.verdict, one.message.as_str())).collect();
        assert_eq!(
            told,
            [
                (VerdictDto::Note, "everything stands still until you resume, as was asked for"),
                (VerdictDto::Note, "the calendar stands still until 2026-12-01T08:00:00Z, as was asked for"),
            ]
        );
        assert!(found[1].calendar.is_some());
    }

    #[test]
    fn a_budget_is_told_with_the_refusals_on_record() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let kind = names::account("home").kind;
        let calm = budget(&kind, &[], now);
        assert_eq!(calm.verdict, VerdictDto::Good);
        assert!(calm.message.starts_with("at most 25 requests in 1 s"), "{}", calm.message);
        let failure = |minutes, attempts| Failure {
            since: now - TimeDelta::minutes(minutes),
            attempts,
            message: "home.example asks to slow down".to_owned(),
            needs_person: false,
        };
        let refused = budget(&kind, &[failure(5, 2), failure(9, 3)], now);
        assert_eq!(refused.verdict, VerdictDto::Note);
        assert!(refused.message.ends_with(". 5 reads failed, the first 9 min ago"), "{}", refused.message);
    }
}
