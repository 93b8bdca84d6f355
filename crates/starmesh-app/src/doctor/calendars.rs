//! Each calendar that a link touches: when it was read, whether it tells its changes, whether marks survive in it,
//! and who else places blocks there.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use starmesh_core::ids::CalendarId;
use starmesh_core::mirror::{Mark, Proof};
use starmesh_core::reconcile::Observed;
use starmesh_core::time::EventTime;
use starmesh_core::tool::Tool;
use starmesh_store::state::{Calendar, Link, Read};

use super::{count, since};
use crate::dto::{CheckDto, FindingDto};
use crate::error::{AppError, Result};
use crate::names::Directory;
use crate::open::Starmesh;
use crate::sign_in::sign_in_again;

/// A calendar that an engine at work has not read for so many polls is behind: one may be lost to a slow answer,
/// and a second to its repetition.
const POLLS_MISSED_MAX: u32 = 5;

/// And for at least so long: pauses that providers ask for are shorter.
const BEHIND_MIN: TimeDelta = TimeDelta::minutes(15);

/// Everything is read anew once a day; twice that without it is too long.
const VERIFIED_WITHIN: TimeDelta = TimeDelta::hours(48);

/// So many blocks of another installation at the very times of ours are no chance: two people who share a
/// calendar may meet once or twice.
const SAME_TIMES_MIN: u64 = 3;

pub(super) async fn look(starmesh: &Starmesh, directory: &Directory) -> Result<Vec<FindingDto>> {
    let links = starmesh.state.links().await?;
    let linked: BTreeSet<&CalendarId> =
        links.iter().flat_map(|link| [&link.id.source, &link.id.target]).collect();
    let settings = starmesh.state.settings().await?;
    let interval = settings.poll_interval_s;
    let at_work = starmesh.folder.holder().is_some();
    let now = starmesh.world.clock.now();
    let mut findings = Vec::new();
    for calendar in directory.calendars().filter(|calendar| linked.contains(&calendar.id)) {
        let account = directory.account_name(&calendar.account);
        let read = starmesh.state.read(&calendar.id).await?;
        // What stands still because somebody said so is not behind.
        let is_paused = [settings.pause, calendar.pause].into_iter().flatten().any(|pause| pause.holds(now));
        let polled = at_work && !is_paused;
        let mut of_it = vec![judge_read(calendar, &read, &account, now, polled.then_some(interval))];
        of_it.extend(judge_token(&read, now));
        of_it.extend(repairs(&read, now));
        of_it.extend(waiting_for_an_answer(&read));
        if links.iter().any(|link| link.id.target == calendar.id) {
            let census = Census::take(starmesh, directory, calendar, &links).await?;
            of_it.extend(census.marks());
            of_it.extend(canary(&read, now));
            of_it.extend(census.neighbours());
        }
        of_it.extend(tools(starmesh, &calendar.id).await?);
        let named = of_it.into_iter().map(|finding| finding.of_calendar(directory.reference(&calendar.id)));
        findings.extend(named);
    }
    Ok(findings)
}

/// `polled` is the interval when an engine is at work.
fn judge_read(
    calendar: &Calendar,
    read: &Read,
    account: &str,
    now: DateTime<Utc>,
    polled: Option<u32>,
) -> FindingDto {
    const CHECK: CheckDto = CheckDto::Read;
    if let Some(failure) = &read.failure {
        let attempts = count(u64::from(failure.attempts), "attempt");
        let message = format!("it cannot be read since {} ({attempts})", since(now, failure.since));
        let finding = if failure.needs_person {
            FindingDto::failed(CHECK, message).action(sign_in_again(account))
        } else {
            FindingDto::warning(CHECK, message).action("nothing is lost; it is tried again by itself")
        };
        return finding.said(failure.message.clone());
    }
    if calendar.missing {
        return FindingDto::failed(CHECK, "its account does not list it any more")
            .action("take it out of its groups with `starmesh group remove NAME --calendar CALENDAR`, or bring it back at its provider");
    }
    let Some(read_at) = read.read_at else {
        return FindingDto::warning(CHECK, "it was never read")
            .action("`starmesh sync` or `starmesh run` reads it");
    };
    let age = now - read_at;
    let message = format!("last read {} ago", since(now, read_at));
    if let Some(interval) = polled.map(|interval| interval.max(read.rest_s.unwrap_or_default()))
        && age > BEHIND_MIN.max(TimeDelta::seconds(i64::from(interval) * i64::from(POLLS_MISSED_MAX)))
    {
        return FindingDto::warning(CHECK, format!("{message}, although a process is at work"))
            .action("`starmesh status` tells what it waits for");
    }
    match read.whole_at {
        Some(whole) if polled.is_some() && now - whole > VERIFIED_WITHIN => {
            let age = since(now, whole);
            FindingDto::warning(CHECK, format!("{message}, but wholly only {age} ago"))
                .action("`starmesh sync` reads everything anew")
        }
        Some(whole) => FindingDto::good(CHECK, format!("{message}, wholly {} ago", since(now, whole))),
        None => FindingDto::good(CHECK, message),
    }
}

fn judge_token(read: &Read, now: DateTime<Utc>) -> Option<FindingDto> {
    let read_at = read.read_at?;
    Some(match &read.cursor {
        Some(_) => {
            let begun = read.whole_at.map(|whole| format!(", in a row that began {} ago", since(now, whole)));
            let message =
                format!("a sync token of {} ago is kept{}", since(now, read_at), begun.unwrap_or_default());
            FindingDto::good(CheckDto::SyncToken, message)
        }
        None => {
            FindingDto::note(CheckDto::SyncToken, "no sync token is kept: the next read lists everything")
        }
    })
}

/// What whole reads found that no change had told.
fn repairs(read: &Read, now: DateTime<Utc>) -> Option<FindingDto> {
    let found = read.repairs_lately(now);
    (found > 0).then(|| {
        let blocks = count(found, "busy block");
        FindingDto::note(
            CheckDto::Read,
            format!("over seven days whole reads found {blocks} otherwise than its changes had told; all is mended"),
        )
        .action("nothing is to be done, unless it is often: then report which server it is")
    })
}

/// What came back of the block that was placed on trial.
fn canary(read: &Read, now: DateTime<Utc>) -> Option<FindingDto> {
    const CHECK: CheckDto = CheckDto::Marks;
    let canary = read.canary.as_ref()?;
    let ago = since(now, canary.at);
    Some(if canary.same_as.is_some() {
        FindingDto::failed(
            CHECK,
            format!("a block on trial, {ago} ago, stood in another linked calendar too"),
        )
        .action("the two are one: take one of them out of its group; `starmesh plan` names both")
    } else if !canary.mark_kept {
        FindingDto::warning(CHECK, format!("a block on trial, {ago} ago, came back without its mark"))
            .action("keep a copy of the data folder: here busy blocks are known only by what is remembered")
    } else if canary.altered {
        FindingDto::note(
            CHECK,
            format!("a block on trial, {ago} ago, came back otherwise than it was written"),
        )
    } else if !canary.listed || canary.told == Some(false) {
        FindingDto::note(CHECK, format!("a block on trial, {ago} ago, was not told of at once"))
    } else {
        FindingDto::good(CHECK, format!("a block on trial, {ago} ago, came back as it was written"))
    })
}

fn waiting_for_an_answer(read: &Read) -> Option<FindingDto> {
    (read.foreign_marks > 0 && !read.beside_foreign).then(|| {
        let blocks = count(u64::from(read.foreign_marks), "busy block");
        FindingDto::warning(
            CheckDto::OtherInstallation,
            format!(
                "{blocks} of another installation stood in it at first; nothing is placed before you answer"
            ),
        )
        .action("`starmesh plan` explains; `starmesh key import FILE` makes them ours")
    })
}

/// What stands in a target.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
struct Census {
    /// Mirrors that we remember.
    records: u64,
    /// Of these, seen where they should be and without their mark.
    stripped: u64,
    /// Of these, not seen since they were written.
    unseen: u64,
    /// Marks of ours, of links that are unknown here.
    unknown_link: u64,
    /// Copies that a person made of mirrors.
    copied: u64,
    /// Marks that do not verify.
    foreign: u64,
    /// Of these, at exactly the time of a mirror of ours.
    same_time: u64,
}

impl Census {
    async fn take(
        starmesh: &Starmesh,
        directory: &Directory,
        target: &Calendar,
        links: &[Link],
    ) -> Result<Self> {
        let state = &starmesh.state;
        let records = state.mirrors(&target.id).await?;
        let marked = state
            .items_where(&target.id, |item| item.events.iter().any(|event| event.marked.is_some()))
            .await?;
        let standing: BTreeSet<_> = marked.iter().map(|observed| &observed.item.remote_id).collect();
        let absent: Vec<_> =
            records.iter().map(|record| &record.remote_id).filter(|id| !standing.contains(id)).collect();
        let stripped = state.items_by_id(&target.id, absent.iter().copied()).await?.len() as u64;
        let times: BTreeSet<EventTime> = records.iter().map(|record| record.time).collect();
        let mut census = Self {
            records: records.len() as u64,
            stripped,
            unseen: absent.len() as u64 - stripped,
            ..Self::default()
        };
        let sources: Vec<_> = links
            .iter()
            .filter(|link| link.id.target == target.id)
            .filter_map(|link| directory.calendar(&link.id.source))
            .map(|source| ((), &source.remote.name))
            .collect();
        for observed in &marked {
            census.count(
                observed,
                &times,
                |mark| mark.verify(state.keys(), &target.remote.name, sources.iter().copied()),
                |mark| state.keys().provider_id(&mark.key, mark.incarnation).as_str().to_owned(),
            );
        }
        Ok(census)
    }

    fn count(
        &mut self,
        observed: &Observed,
        times: &BTreeSet<EventTime>,
        verify: impl Fn(&Mark) -> Proof<()>,
        own_id: impl Fn(&Mark) -> String,
    ) {
        let Some(found) = observed.item.events.iter().find_map(|event| event.marked.as_ref()) else { return };
        match Mark::parse(&found.mark).map(|mark| (verify(&mark), mark)) {
            Some((Proof::Link(()), mark)) => self.copied += u64::from(own_id(&mark) != found.provider_id),
            Some((Proof::Mine, _)) => self.unknown_link += 1,
            Some((Proof::Foreign, _)) | None => {
                self.foreign += 1;
                self.same_time += u64::from(found.time.is_some_and(|time| times.contains(&time)));
            }
        }
    }

    /// Whether marks survive.
    fn marks(&self) -> Vec<FindingDto> {
        const CHECK: CheckDto = CheckDto::Marks;
        let mut findings = Vec::new();
        if self.stripped > 0 {
            findings.push(
                FindingDto::failed(
                    CHECK,
                    format!("{} of {} lost their mark at the server", self.stripped, count(self.records, "busy block")),
                )
                .action("they are left alone. Delete them by hand if they are not wanted, and report which server it is"),
            );
        } else if self.records == 0 {
            findings.push(FindingDto::note(
                CHECK,
                "no busy block of ours stands here, so nothing shows whether marks survive",
            ));
        } else if self.unseen == self.records {
            findings.push(FindingDto::note(CHECK, "no busy block was seen again since it was written"));
        } else {
            let kept = self.records - self.unseen;
            findings.push(FindingDto::good(CHECK, format!("{} kept their mark", count(kept, "busy block"))));
        }
        if self.unknown_link > 0 {
            let blocks = count(self.unknown_link, "busy block");
            findings.push(
                FindingDto::note(
                    CHECK,
                    format!("{blocks} of ours belong to links unknown here, perhaps of another device"),
                )
                .action("if no other device places them, `starmesh clean --scan` takes them away"),
            );
        }
        if self.copied > 0 {
            let copies =
                if self.copied == 1 { "1 copy".to_owned() } else { format!("{} copies", self.copied) };
            findings.push(
                FindingDto::note(CHECK, format!("{copies} of busy blocks, made by hand, are left alone"))
                    .action("delete them by hand if they are not wanted"),
            );
        }
        findings
    }

    /// Who else places busy blocks here.
    fn neighbours(&self) -> Option<FindingDto> {
        const CHECK: CheckDto = CheckDto::OtherInstallation;
        if self.foreign == 0 {
            return None;
        }
        let blocks = count(self.foreign, "busy block");
        Some(if self.same_time >= SAME_TIMES_MIN {
            FindingDto::warning(
                CHECK,
                format!(
                    "{blocks} of another installation stand here, {} of them at exactly the times of ours: it mirrors \
                     the same calendars",
                    self.same_time
                ),
            )
            .action("stop the other installation and clean up after it there, or give both one key (`starmesh key export`)")
        } else {
            FindingDto::note(
                CHECK,
                format!("{blocks} of another installation stand here, at times of their own"),
            )
        })
    }
}

/// Events that another sync tool placed.
async fn tools(starmesh: &Starmesh, calendar: &CalendarId) -> Result<Vec<FindingDto>, AppError> {
    let traced = starmesh
        .state
        .items_where(calendar, |item| item.events.iter().any(|event| Tool::of(event).is_some()));
    let mut counts: BTreeMap<Tool, u64> = BTreeMap::new();
    for observed in traced.await? {
        if let Some(tool) = observed.item.events.iter().find_map(Tool::of) {
            *counts.entry(tool).or_default() += 1;
        }
    }
    let finding = |(tool, number): (Tool, u64)| {
        let events = count(number, "event");
        FindingDto::warning(
            CheckDto::OtherTool,
            format!(
                "{events} with the trace of {}: two tools that mirror the same calendars double each other's blocks",
                tool.name()
            ),
        )
        .action("let only one of them mirror this calendar, and let the other take its events back")
    };
    Ok(counts.into_iter().map(finding).collect())
}

#[cfg(test)]
mod tests {
    use starmesh_provider::Cursor;
    use starmesh_store::state::Failure;

    use super::*;
    use crate::dto::VerdictDto;
    use crate::names::tests::calendar;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn read(minutes: i64) -> Read {
        let at = Some(now() - TimeDelta::minutes(minutes));
        Read { read_at: at, whole_at: at, cursor: Some(Cursor("token".to_owned())), ..Read::default() }
    }

    fn verdict(read: &Read, polled: Option<u32>) -> VerdictDto {
        judge_read(&calendar("home", "work", "Work"), read, "home", now(), polled).verdict
    }

    #[test]
    fn a_calendar_is_behind_only_while_somebody_should_read_it() {
        assert_eq!(verdict(&read(16), None), VerdictDto::Good);
        assert_eq!(verdict(&read(15), Some(60)), VerdictDto::Good);
        assert_eq!(verdict(&read(16), Some(60)), VerdictDto::Warning);
        assert_eq!(verdict(&read(16), Some(3_600)), VerdictDto::Good);
        assert_eq!(verdict(&Read::default(), None), VerdictDto::Warning);
    }

    #[test]
    fn a_calendar_that_was_not_read_wholly_for_two_days_is_noticed() {
        let mut old = read(1);
        old.whole_at = Some(now() - VERIFIED_WITHIN);
        assert_eq!(verdict(&old, Some(60)), VerdictDto::Good);
        old.whole_at = Some(now() - VERIFIED_WITHIN - TimeDelta::seconds(1));
        assert_eq!(verdict(&old, Some(60)), VerdictDto::Warning);
        assert_eq!(verdict(&old, None), VerdictDto::Good, "nobody was to read it");
    }

    #[test]
    fn a_failure_that_only_a_person_can_end_is_one() {
        let failure = |needs_person| Failure {
            since: now() - TimeDelta::hours(3),
            attempts: 7,
            message: "dav.example.org refuses the password".to_owned(),
            needs_person,
        };
        let failing = |needs_person| Read { failure: Some(failure(needs_person)), ..read(200) };
        assert_eq!(verdict(&failing(false), None), VerdictDto::Warning);
        let found = judge_read(&calendar("home", "work", "Work"), &failing(true), "home", now(), None);
        assert_eq!(found.verdict, VerdictDto::Failed);
        assert_eq!(found.message, "it cannot be read since 3 h (7 attempts)");
        assert!(found.said.is_some_and(|said| said.contains("dav.example.org")), "and only there");
        assert!(found.action.is_some_and(|action| action.contains("account signin home")));
    }

    #[test]
    fn a_token_is_told_with_its_age_and_its_absence_is_worth_a_note() {
        let kept = judge_token(&read(3), now()).unwrap();
        assert_eq!(kept.message, "a sync token of 3 min ago is kept, in a row that began 3 min ago");
        let none = judge_token(&Read { cursor: None, ..read(3) }, now()).unwrap();
        assert_eq!(none.verdict, VerdictDto::Note);
        assert_eq!(judge_token(&Read::default(), now()), None);
    }

    #[test]
    fn marks_are_judged_by_what_was_seen_of_them() {
        let census = Census { records: 5, ..Census::default() };
        let first = |census: &Census| (census.marks()[0].verdict, census.marks()[0].message.clone());
        assert_eq!(first(&census), (VerdictDto::Good, "5 busy blocks kept their mark".to_owned()));
        let stripped = Census { stripped: 2, ..census.clone() };
        assert_eq!(
            first(&stripped),
            (VerdictDto::Failed, "2 of 5 busy blocks lost their mark at the server".to_owned())
        );
        assert_eq!(first(&Census { unseen: 5, ..census.clone() }).0, VerdictDto::Note);
        assert_eq!(first(&Census::default()).0, VerdictDto::Note);
        let others = Census { unknown_link: 1, copied: 2, ..census };
        assert_eq!(others.marks().len(), 3);
    }

    #[test]
    fn blocks_at_our_very_times_tell_of_an_installation_beside_us() {
        let census = |foreign, same_time| Census { foreign, same_time, ..Census::default() };
        assert_eq!(census(0, 0).neighbours(), None);
        let verdict = |foreign, same_time| census(foreign, same_time).neighbours().unwrap().verdict;
        assert_eq!(verdict(40, SAME_TIMES_MIN - 1), VerdictDto::Note);
        assert_eq!(verdict(40, SAME_TIMES_MIN), VerdictDto::Warning);
    }

    #[test]
    fn a_question_that_was_answered_is_asked_no_more() {
        let asked = Read { foreign_marks: 4, ..read(1) };
        assert_eq!(waiting_for_an_answer(&asked).unwrap().verdict, VerdictDto::Warning);
        assert_eq!(waiting_for_an_answer(&Read { beside_foreign: true, ..asked }), None);
    }
}
