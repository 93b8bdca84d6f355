//! When an event happens, as the wire writes it and as the clock of the world reads it.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use super::zone::NamedZone;

/// Start and end of an event on the wall clocks it was written with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Timing {
    /// The first moment.
    pub start: Wall,
    /// The first moment after it.
    pub end: Wall,
    /// Whole days: both are midnights of one zone.
    pub all_day: bool,
}

/// A wall clock's reading.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wall {
    /// What the clock shows.
    pub local: NaiveDateTime,
    /// Where it hangs.
    pub zone: NamedZone,
}

/// Why a timing cannot be taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TimingProblem {
    EndBeforeStart,
    StartNotMidnight,
    EndNotMidnight,
    ZonesDiffer,
    ShorterThanADay,
}

impl Wall {
    /// The instant the clock shows this.
    pub fn instant(&self) -> DateTime<Utc> {
        self.zone.instant(self.local)
    }
}

impl Timing {
    /// A timed event between two instants, written in UTC.
    pub fn utc(start: DateTime<Utc>, end: DateTime<Utc>) -> Self {
        let wall = |instant: DateTime<Utc>| Wall { local: instant.naive_utc(), zone: NamedZone::utc() };
        Self { start: wall(start), end: wall(end), all_day: false }
    }

    /// Whole days from `start` up to, not including, `end`, written as midnights of `zone`.
    pub fn days(start: NaiveDate, end: NaiveDate, zone: &NamedZone) -> Self {
        let wall = |day: NaiveDate| Wall { local: day.and_time(NaiveTime::MIN), zone: zone.clone() };
        Self { start: wall(start), end: wall(end), all_day: true }
    }

    /// The instants of start and end.
    pub fn instants(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        (self.start.instant(), self.end.instant())
    }

    /// The same timing with its start on another day of its wall clock, as long by that clock as before.
    pub(crate) fn on(&self, day: NaiveDate) -> Self {
        let shift = day - self.start.local.date();
        let moved = |wall: &Wall| Wall { local: moved(wall.local, shift), zone: wall.zone.clone() };
        Self { start: moved(&self.start), end: moved(&self.end), all_day: self.all_day }
    }

    /// What the service refuses (resource page of `event`): all-day events between midnights of one zone
    /// and at least a day long, no event that ends before it starts. No length at all is fine.
    pub(crate) fn check(&self) -> Result<(), TimingProblem> {
        if self.all_day {
            if self.start.local.time() != NaiveTime::MIN {
                return Err(TimingProblem::StartNotMidnight);
            }
            if self.end.local.time() != NaiveTime::MIN {
                return Err(TimingProblem::EndNotMidnight);
            }
            if self.start.zone != self.end.zone {
                return Err(TimingProblem::ZonesDiffer);
            }
            if self.end.local - self.start.local < TimeDelta::days(1) {
                return Err(TimingProblem::ShorterThanADay);
            }
        }
        let (start, end) = self.instants();
        if end < start { Err(TimingProblem::EndBeforeStart) } else { Ok(()) }
    }
}

fn moved(local: NaiveDateTime, shift: TimeDelta) -> NaiveDateTime {
    local.checked_add_signed(shift).unwrap_or(local)
}

/// A range of instants as `startDateTime` and `endDateTime` give it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// The first instant.
    pub lo: DateTime<Utc>,
    /// The first instant after it; `None` where there is no bound.
    pub hi: Option<DateTime<Utc>>,
}

impl Span {
    /// True when something from `start` to `end` is inside: touching an edge is not enough, but a moment
    /// without length inside or on the first edge is.
    pub(crate) fn holds(&self, (start, end): (DateTime<Utc>, DateTime<Utc>)) -> bool {
        let after = end > self.lo || (start == end && start >= self.lo);
        after && self.hi.is_none_or(|hi| start < hi)
    }
}

/// Reads a `dateTime` of a request: no offset by contract, but `Z` and offsets are seen and honoured.
pub(crate) fn read_wall(text: &str, zone: NamedZone) -> Option<Wall> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(Wall { local: zone.wall(instant.to_utc()), zone });
    }
    let local = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
        .into_iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())?;
    Some(Wall { local, zone })
}

/// Reads an instant of a query: an offset in the value is honoured, none means UTC.
pub(crate) fn read_instant(text: &str) -> Option<DateTime<Utc>> {
    let wall = read_wall(text, NamedZone::utc());
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    wall.map(|wall| wall.instant()).or_else(|| day().map(|day| day.and_time(NaiveTime::MIN).and_utc()))
}

/// A wall-clock reading as answers write it, with seven digits after the second.
pub(crate) fn write_local(local: NaiveDateTime) -> String {
    let ticks = local.and_utc().timestamp_subsec_nanos() / 100;
    format!("{}.{ticks:07}", local.format("%Y-%m-%dT%H:%M:%S"))
}

/// An instant as `createdDateTime` and its like write it.
pub(crate) fn write_instant(instant: DateTime<Utc>) -> String {
    format!("{}Z", write_local(instant.naive_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall(text: &str, zone: &str) -> Wall {
        read_wall(text, NamedZone::parse(zone).unwrap()).unwrap()
    }

    #[test]
    fn whole_days_are_midnights_of_one_zone_and_at_least_one() {
        let timing = |start, end: (&str, &str)| Timing {
            start: wall(start, "UTC"),
            end: wall(end.0, end.1),
            all_day: true,
        };
        let check = |start, end| timing(start, end).check();
        assert_eq!(check("2026-11-03T00:00:00", ("2026-11-04T00:00:00", "UTC")), Ok(()));
        assert_eq!(
            check("2026-11-03T01:00:00", ("2026-11-04T00:00:00", "UTC")),
            Err(TimingProblem::StartNotMidnight)
        );
        assert_eq!(
            check("2026-11-03T00:00:00", ("2026-11-04T01:00:00", "UTC")),
            Err(TimingProblem::EndNotMidnight)
        );
        assert_eq!(
            check("2026-11-03T00:00:00", ("2026-11-04T00:00:00", "Europe/Paris")),
            Err(TimingProblem::ZonesDiffer)
        );
        assert_eq!(
            check("2026-11-03T00:00:00", ("2026-11-03T00:00:00", "UTC")),
            Err(TimingProblem::ShorterThanADay)
        );
    }

    #[test]
    fn an_end_before_its_start_is_refused_and_no_length_is_not() {
        let timing = |start, end| Timing { start: wall(start, "UTC"), end: wall(end, "UTC"), all_day: false };
        assert_eq!(
            timing("2026-11-03T10:00:00", "2026-11-03T09:59:59").check(),
            Err(TimingProblem::EndBeforeStart)
        );
        assert_eq!(timing("2026-11-03T10:00:00", "2026-11-03T10:00:00").check(), Ok(()));
    }

    #[test]
    fn a_query_honours_an_offset_and_reads_none_as_utc() {
        let instant = read_instant("2026-11-03T10:00:00+02:00").unwrap();
        assert_eq!(instant, read_instant("2026-11-03T08:00:00").unwrap());
        assert_eq!(instant, read_instant("2026-11-03T08:00:00.0000000Z").unwrap());
        assert_eq!(write_instant(instant), "2026-11-03T08:00:00.0000000Z");
        assert_eq!(read_instant("soon"), None);
    }
}
