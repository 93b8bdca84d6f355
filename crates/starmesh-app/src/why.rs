//! Why a time is blocked, or not: from what is known, without asking any server.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use starmesh_core::ids::CalendarId;
use starmesh_core::mirror::MirrorKey;
use starmesh_core::reconcile::{Action, LinkState, Operation, Outcome, TargetPlan};
use starmesh_core::time::{EventTime, TimeRange, Window};
use starmesh_engine::Standstill;
use starmesh_store::state::{Link, Wedge};

use crate::activity::time_dto;
use crate::dto::{WhyDto, WhyEvent, WhyLink, WhyOutcome};
use crate::error::{AppError, ErrorCode, Result};
use crate::names::Directory;
use crate::open::Starmesh;
use crate::plan::snake;
use crate::progress::wedge_name;
use crate::when::{When, on_clock, today, written};
use crate::zone::local_zone;

/// What is known of one target.
struct Known {
    plan: TargetPlan,
    wedges: Vec<Wedge>,
    /// The mirrors that stand, by what is remembered of them or was just found.
    standing: BTreeSet<MirrorKey>,
}

impl Starmesh {
    /// What every link into and out of a calendar makes of a time: `10:00` of today, `2026-12-01`,
    /// `2026-12-01 10:00`, or RFC 3339.
    pub async fn why(&self, calendar: &str, time: &str) -> Result<WhyDto> {
        let directory = Directory::load(&self.state).await?;
        let id = directory.find_calendar(calendar)?.id.clone();
        let now = self.world.clock.now();
        let range = span(time, now, local_zone(self.world.zone.as_deref())).ok_or_else(|| {
            AppError::new(ErrorCode::InvalidValue, format!("“{time}” is no time"))
                .hint("a time such as 10:00, 2026-12-01 or '2026-12-01 10:00'")
        })?;
        let asked = EventTime::Timed { start: range.lo, end: range.hi };
        let still = Standstill::load(&self.state, now).await?;
        let mut links = self.state.links().await?;
        links.retain(|link| link.id.source == id || link.id.target == id);
        links.sort_by_key(|link| (link.id.source != id, directory.link(&link.id)));
        let mut found = Vec::new();
        // All links into the calendar share one plan.
        let mut plans: BTreeMap<CalendarId, Option<Known>> = BTreeMap::new();
        for link in links {
            let target = &link.id.target;
            if !plans.contains_key(target) {
                plans.insert(target.clone(), self.known(target).await?);
            }
            let known = plans.get(target).and_then(Option::as_ref);
            found.push(self.why_link(&directory, &still, &link, known, &range).await?);
        }
        let read = self.state.read(&id).await?;
        let window = Window::around(now, self.state.settings().await?.window_days);
        Ok(WhyDto {
            calendar: directory.reference(&id),
            time: time_dto(&asked),
            in_window: window.range.contains(&asked),
            read_at: read.read_at.map(written),
            read_age_s: read.read_at.map(|at| (now - at).num_seconds()),
            links: found,
        })
    }

    /// The plan of a target and what stands still in it; `None` when it was never read or waits for an answer.
    async fn known(&self, target: &CalendarId) -> Result<Option<Known>> {
        let Some(plan) = self.engine(self.state.clone()).plan_known(target, None).await? else {
            return Ok(None);
        };
        let records = self.state.mirrors(target).await?;
        let recorded = records.iter().filter(|record| !record.dismissed).map(|record| record.key);
        let standing = recorded.chain(plan.adopt.iter().map(|record| record.key)).collect();
        Ok(Some(Known { plan, wedges: self.state.wedges_in(target).await?, standing }))
    }

    async fn why_link(
        &self,
        directory: &Directory,
        still: &Standstill,
        link: &Link,
        known: Option<&Known>,
        range: &TimeRange,
    ) -> Result<WhyLink> {
        let was_read = self.state.read(&link.id.source).await?.read_at.is_some();
        let unknown = match known {
            None if self.state.read(&link.id.target).await?.read_at.is_some() => Some("question_open"),
            None => Some("not_read"),
            Some(_) if !was_read => Some("not_read"),
            Some(_) if still.applied(link.clone()).state == LinkState::Paused => Some("paused"),
            Some(_) => None,
        };
        let mut events = Vec::new();
        if let Some(known) = known {
            let keys = self.state.keys();
            for explanation in known.plan.explanations.iter().filter(|it| it.link == link.id) {
                let Some(time) = explanation.time.filter(|time| range.contains(time)) else { continue };
                let (outcome, reason) = match explanation.outcome {
                    Outcome::Skipped(reason) => (WhyOutcome::Skipped, Some(snake(&reason))),
                    Outcome::Mirrored(key) => match known.operation(key) {
                        Some(operation) => {
                            let wedge = known.wedges.iter().find(|wedge| wedge.stops(keys, operation));
                            wedge.map_or((coming(operation), None), |wedge| {
                                (WhyOutcome::StandsStill, Some(wedge_name(wedge.reason)))
                            })
                        }
                        None => known.at_rest(key),
                    },
                };
                events.push(WhyEvent { time: time_dto(&time), outcome, reason });
            }
            events.extend(known.going(link, range));
        }
        events.sort_by(|a, b| (&a.time.start, a.outcome).cmp(&(&b.time.start, b.outcome)));
        Ok(WhyLink { link: directory.link(&link.id), unknown: unknown.map(str::to_owned), events })
    }
}

impl Known {
    /// What is to be done about a mirror.
    fn operation(&self, key: MirrorKey) -> Option<&Operation> {
        self.plan.operations.iter().find(|operation| operation.key == key)
    }

    /// A mirror about which nothing is to be done.
    fn at_rest(&self, key: MirrorKey) -> (WhyOutcome, Option<String>) {
        match self.plan.stuck.iter().find(|stuck| stuck.key == key) {
            Some(stuck) => (WhyOutcome::StandsStill, Some(snake(&stuck.reason))),
            None if self.standing.contains(&key) => (WhyOutcome::Stands, None),
            None => (WhyOutcome::Waits, None),
        }
    }

    /// Mirrors at that time that no event stands behind any more.
    fn going(&self, link: &Link, range: &TimeRange) -> Vec<WhyEvent> {
        let explained = |key: MirrorKey| {
            self.plan
                .explanations
                .iter()
                .any(|it| matches!(it.outcome, Outcome::Mirrored(known) if known == key))
        };
        let held = self.plan.held.iter().flat_map(|held| &held.operations);
        let held = held.map(|operation| (operation, WhyOutcome::Held));
        let all = self.plan.operations.iter().map(|operation| (operation, WhyOutcome::WillGo)).chain(held);
        let of_link = all.filter(|(operation, _)| operation.link == link.id && !explained(operation.key));
        of_link
            .filter_map(|(operation, outcome)| match &operation.action {
                Action::Remove { time: Some(time), .. } if range.contains(time) => {
                    Some(WhyEvent { time: time_dto(time), outcome, reason: None })
                }
                _ => None,
            })
            .collect()
    }
}

fn coming(operation: &Operation) -> WhyOutcome {
    match operation.action {
        Action::Place { .. } => WhyOutcome::WillBePlaced,
        Action::Update { .. } => WhyOutcome::WillChange,
        Action::Remove { .. } => WhyOutcome::WillGo,
    }
}

/// The time that a text names on the clock of `zone`: a minute, or a day.
fn span(text: &str, now: DateTime<Utc>, zone: Tz) -> Option<TimeRange> {
    let minute =
        |lo: DateTime<Utc>| Some(TimeRange { lo, hi: lo.checked_add_signed(TimeDelta::minutes(1))? });
    match When::read(text, zone)? {
        When::Time(time) => minute(on_clock(zone, today(zone, now).and_time(time))),
        When::Day(day) => {
            let midnight = |day: NaiveDate| on_clock(zone, day.and_time(NaiveTime::MIN));
            Some(TimeRange { lo: midnight(day), hi: midnight(day.checked_add_days(Days::new(1))?) })
        }
        When::Moment(at) => minute(at),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    #[test]
    fn a_time_is_read_as_people_write_it() {
        let now = Utc.with_ymd_and_hms(2026, 12, 1, 23, 30, 0).unwrap();
        let read =
            |text| span(text, now, Tz::Europe__Berlin).map(|range| (written(range.lo), written(range.hi)));
        let span = |lo: &str, hi: &str| Some((lo.to_owned(), hi.to_owned()));
        assert_eq!(
            read("10:00"),
            span("2026-12-02T09:00:00Z", "2026-12-02T09:01:00Z"),
            "it is tomorrow there"
        );
        assert_eq!(read("2026-12-24"), span("2026-12-23T23:00:00Z", "2026-12-24T23:00:00Z"));
        assert_eq!(read("2026-12-24 18:00"), span("2026-12-24T17:00:00Z", "2026-12-24T17:01:00Z"));
        assert_eq!(read("2026-12-24T18:00:00Z"), span("2026-12-24T18:00:00Z", "2026-12-24T18:01:00Z"));
        assert_eq!(read("noon"), None);
    }
}
