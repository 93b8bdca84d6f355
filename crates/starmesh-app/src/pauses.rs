//! Letting links, calendars or everything stand still, for good or for a while.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use starmesh_core::ids::LinkId;
use starmesh_core::reconcile::LinkState;
use starmesh_store::state::{Calendar, Changes, Deed, Pause};

use crate::dto::{LinkDto, PausedCalendar, PausesDto};
use crate::error::{AppError, ErrorCode, Result};
use crate::links::LinkScope;
use crate::names::Directory;
use crate::open::Starmesh;
use crate::wanted::Wanted;
use crate::when::{When, on_clock, today, written};
use crate::zone::local_zone;

/// The longest pause that ends by itself: one year. What should last longer lasts until somebody ends it.
const PAUSE_MAX: TimeDelta = TimeDelta::days(366);

/// How long something stands still.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PauseLength {
    /// Until somebody ends it.
    Open,
    /// For so long from now.
    For(Duration),
    /// Until a time as people write it: `08:00` for the next time the clock shows that, `2026-12-01`, `2026-12-01
    /// 08:00`, or RFC 3339.
    Until(String),
}

impl PauseLength {
    fn pause(&self, now: DateTime<Utc>, zone: Tz) -> Result<Pause> {
        let until = match self {
            Self::Open => None,
            Self::For(length) => {
                let length = TimeDelta::from_std(*length).unwrap_or(TimeDelta::MAX);
                Some(now.checked_add_signed(length).unwrap_or(DateTime::<Utc>::MAX_UTC))
            }
            Self::Until(text) => Some(moment(text, now, zone).ok_or_else(|| {
                AppError::new(ErrorCode::InvalidValue, format!("“{text}” is no time"))
                    .hint("a time such as 08:00, 2026-12-01 or 2026-12-01 08:00")
            })?),
        };
        match until {
            Some(until) if until <= now => {
                Err(AppError::new(ErrorCode::InvalidValue, "the pause would be over already"))
            }
            Some(until) if until - now > PAUSE_MAX => {
                Err(AppError::new(ErrorCode::InvalidValue, "a pause with an end lasts at most a year")
                    .hint("without an end it lasts until you resume"))
            }
            until => Ok(Pause { until }),
        }
    }
}

/// The moment that a text names on the clock of `zone`.
fn moment(text: &str, now: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
    match When::read(text, zone)? {
        When::Time(time) => {
            let today = today(zone, now);
            let days = [today, today.checked_add_days(Days::new(1))?];
            days.into_iter().map(|day| on_clock(zone, day.and_time(time))).find(|at| *at > now)
        }
        When::Day(day) => Some(on_clock(zone, day.and_time(NaiveTime::MIN))),
        When::Moment(at) => Some(at),
    }
}

impl Starmesh {
    /// Lets links stand still: nothing is placed, changed or removed for them.
    pub async fn pause_links(&self, scope: &LinkScope, length: &PauseLength) -> Result<Vec<LinkDto>> {
        let pause = self.pause(length)?;
        self.set_links(scope, Some(pause)).await
    }

    /// Lets links run (again).
    pub async fn resume_links(&self, scope: &LinkScope) -> Result<Vec<LinkDto>> {
        self.set_links(scope, None).await
    }

    /// Lets everything stand still: no calendar is read and none is written.
    pub async fn pause_everything(&self, length: &PauseLength) -> Result<PausesDto> {
        let pause = self.pause(length)?;
        self.set_everything(Some(pause)).await
    }

    /// Lets everything run again that is not paused by itself.
    pub async fn resume_everything(&self) -> Result<PausesDto> {
        self.set_everything(None).await
    }

    /// Lets all links into and out of calendars stand still.
    pub async fn pause_calendars(&self, names: &[String], length: &PauseLength) -> Result<PausesDto> {
        let pause = self.pause(length)?;
        self.set_calendars(names, Some(pause)).await
    }

    /// Lets calendars take part again.
    pub async fn resume_calendars(&self, names: &[String]) -> Result<PausesDto> {
        self.set_calendars(names, None).await
    }

    /// What stands still, and until when.
    pub async fn pauses(&self) -> Result<PausesDto> {
        let now = self.world.clock.now();
        let holds = |pause: &Pause| pause.holds(now);
        let directory = Directory::load(&self.state).await?;
        let everything = self.state.settings().await?.pause.filter(holds);
        let calendars = directory.calendars().filter_map(|calendar| {
            let pause = calendar.pause.filter(holds)?;
            Some(PausedCalendar {
                calendar: directory.reference(&calendar.id),
                until: pause.until.map(written),
            })
        });
        let mut calendars: Vec<PausedCalendar> = calendars.collect();
        calendars.sort_by(|a, b| a.calendar.path.cmp(&b.calendar.path));
        let mut links = self.links().await?;
        links.retain(|link| link.paused_itself);
        Ok(PausesDto {
            everything: everything.is_some(),
            until: everything.and_then(|pause| pause.until).map(written),
            calendars,
            links,
        })
    }

    fn pause(&self, length: &PauseLength) -> Result<Pause> {
        length.pause(self.world.clock.now(), local_zone(self.world.zone.as_deref()))
    }

    async fn set_everything(&self, pause: Option<Pause>) -> Result<PausesDto> {
        let turn = self.folder.turn()?;
        let mut settings = self.state.settings().await?;
        settings.pause = pause;
        let mut changes = Changes::new();
        changes.put_settings(&settings);
        self.commit_deed(deed(pause), changes).await?;
        drop(turn);
        self.folder.tell_changed()?;
        self.pauses().await
    }

    async fn set_calendars(&self, names: &[String], pause: Option<Pause>) -> Result<PausesDto> {
        let turn = self.folder.turn()?;
        let directory = Directory::load(&self.state).await?;
        let mut changes = Changes::new();
        for name in names {
            let calendar = directory.find_calendar(name)?;
            changes.put_calendar(&Calendar { pause, ..calendar.clone() });
        }
        self.commit_deed(deed(pause), changes).await?;
        drop(turn);
        self.folder.tell_changed()?;
        self.pauses().await
    }

    async fn set_links(&self, scope: &LinkScope, pause: Option<Pause>) -> Result<Vec<LinkDto>> {
        let turn = self.folder.turn()?;
        let directory = Directory::load(&self.state).await?;
        let wanted = Wanted::load(&self.state).await?.asked_by();
        let mut changes = Changes::new();
        let chosen = self.choose_links(&directory, scope).await?;
        for link in &chosen {
            if !wanted.contains_key(&link.id) {
                if matches!(scope, LinkScope::Named(_)) {
                    return Err(unwanted(&directory, &link.id));
                }
                continue;
            }
            if link.pause() != pause || link.state == LinkState::Retiring {
                let state = if pause.is_some() { LinkState::Paused } else { LinkState::Active };
                let mut changed = link.clone().in_state(state);
                changed.paused_until = pause.and_then(|pause| pause.until);
                changes.put_link(&changed);
            }
        }
        self.commit_deed(deed(pause), changes).await?;
        drop(turn);
        self.folder.tell_changed()?;
        let names: BTreeSet<_> = chosen.iter().map(|link| directory.link(&link.id)).collect();
        Ok(self.links().await?.into_iter().filter(|link| names.contains(&link.link)).collect())
    }
}

fn deed(pause: Option<Pause>) -> Deed {
    if pause.is_some() { Deed::Paused } else { Deed::Resumed }
}

fn unwanted(directory: &Directory, id: &LinkId) -> AppError {
    let name = directory.link(id).name;
    AppError::new(
        ErrorCode::InvalidValue,
        format!("no group makes the link {name} any more: its busy blocks are being removed"),
    )
    .hint("put its calendars into a group again with `starmesh group add`")
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    /// A quarter past nine in Berlin, in winter.
    fn now() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 12, 1, 8, 15, 0).unwrap()
    }

    fn until(text: &str) -> Result<Option<String>> {
        let pause = PauseLength::Until(text.to_owned()).pause(now(), Tz::Europe__Berlin)?;
        Ok(pause.until.map(written))
    }

    #[test]
    fn an_end_is_read_as_people_write_it() {
        for (text, end) in [
            ("09:30", "2026-12-01T08:30:00Z"),
            ("08:00", "2026-12-02T07:00:00Z"),
            ("2026-12-24", "2026-12-23T23:00:00Z"),
            ("2026-12-24 18:00", "2026-12-24T17:00:00Z"),
            ("2026-12-01T09:00:00+01:00", ""),
            ("2026-12-01T10:00:00+01:00", "2026-12-01T09:00:00Z"),
        ] {
            assert_eq!(until(text).ok().flatten().unwrap_or_default(), end, "{text}");
        }
    }

    #[test]
    fn what_is_no_end_is_refused_with_an_example() {
        for text in ["soon", "25:00", "2026-11-30", "2028-01-01"] {
            let error = until(text).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidValue, "{text}");
        }
        let hour = PauseLength::For(Duration::from_hours(1)).pause(now(), Tz::UTC).unwrap();
        assert_eq!(hour.until.map(written).as_deref(), Some("2026-12-01T09:15:00Z"));
        assert!(PauseLength::For(Duration::MAX).pause(now(), Tz::UTC).is_err());
        assert_eq!(PauseLength::Open.pause(now(), Tz::UTC).unwrap(), Pause { until: None });
    }
}
