//! An event as a mailbox stores it: a single one, or a series with its exceptions.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::ids::{CalendarNo, ItemNo, change_key};
use super::pattern::Recurrence;
use super::timing::{Span, Timing};

/// A stored event.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    /// Its number in the world.
    pub no: ItemNo,
    /// Where it lies.
    pub calendar: CalendarNo,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// When it was last written, by a person or a program.
    pub modified: DateTime<Utc>,
    /// Rises with every write, also with those that nobody made.
    pub version: u64,
    /// Its identity across mailboxes.
    pub uid: Uid,
    /// What the program that made it called the creation.
    pub transaction: Option<String>,
    /// What a zone was called when it was made, where that is not the zone of its times.
    pub zone_name: Option<String>,
    /// The event itself; of a series, what its occurrences have in common.
    pub main: Details,
    /// Set for a series.
    pub series: Option<Series>,
}

/// The properties of one event or of one exception.
#[derive(Clone, PartialEq, Debug)]
pub struct Details {
    /// When.
    pub timing: Timing,
    /// Everything that is written as it is read, by property name.
    pub props: Map<String, Value>,
    /// Single-value extended properties by their canonical id: the id as it was given, and the value.
    pub extended: BTreeMap<String, (String, Value)>,
    /// Open extensions by name.
    pub extensions: BTreeMap<String, Map<String, Value>>,
}

/// The repeating part of a series.
#[derive(Clone, PartialEq, Debug)]
pub struct Series {
    /// When it repeats.
    pub recurrence: Recurrence,
    /// Occurrences that were changed on their own, by their date in the series.
    pub exceptions: BTreeMap<NaiveDate, Details>,
    /// Dates on which it does not happen.
    pub cancelled: BTreeSet<NaiveDate>,
}

/// An event's identity across mailboxes and servers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Uid {
    /// Made by Exchange.
    Native(u64),
    /// Brought by an invitation from elsewhere.
    Foreign(String),
    /// None was kept.
    Missing,
}

impl Uid {
    /// The same identity for a copy of the event `of` that has it; a missing one is that of the copy alone.
    pub(crate) fn copied(&self, of: ItemNo) -> Self {
        match self {
            Self::Missing => Self::Native(of.0),
            known => known.clone(),
        }
    }
}

/// One occurrence of a series.
#[derive(Clone, PartialEq, Debug)]
pub struct Occurrence<'a> {
    /// Its date in the series: its identity.
    pub day: NaiveDate,
    /// When it happens.
    pub timing: Timing,
    /// Set when it was changed on its own.
    pub exception: Option<&'a Details>,
}

impl Details {
    /// What the ledger says of it: when it happens, its properties, and the names of what hangs on it.
    pub(crate) fn facts(&self) -> Value {
        let (start, end) = self.timing.instants();
        json!({
            "start": start,
            "end": end,
            "isAllDay": self.timing.all_day,
            "properties": self.props,
            "extended": self.extended.values().map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>(),
            "extensions": self.extensions.keys().collect::<Vec<_>>(),
        })
    }
}

impl Item {
    /// Its change key; the etag is made of it.
    pub fn change_key(&self) -> String {
        change_key(self.no.0, self.version)
    }

    /// The occurrences of a series in `span`, by date; none for a single event.
    pub fn occurrences(&self, span: &Span) -> Vec<Occurrence<'_>> {
        /// No zone's clock is further from UTC, and no change of clocks longer.
        const MARGIN: Days = Days::new(2);
        let Some(series) = &self.series else { return Vec::new() };
        let timing = &self.main.timing;
        let length = (timing.end.local - timing.start.local).max(TimeDelta::zero());
        let first = span.lo.checked_sub_signed(length).unwrap_or(DateTime::<Utc>::MIN_UTC).date_naive();
        let first = first.checked_sub_days(MARGIN).unwrap_or(NaiveDate::MIN);
        let last = span.hi.unwrap_or(DateTime::<Utc>::MAX_UTC).date_naive();
        let last = last.checked_add_days(MARGIN).unwrap_or(NaiveDate::MAX);
        let mut found: Vec<_> = series
            .recurrence
            .days(first, last)
            .into_iter()
            .filter(|day| !series.cancelled.contains(day) && !series.exceptions.contains_key(day))
            .map(|day| Occurrence { day, timing: timing.on(day), exception: None })
            .collect();
        found.extend(series.exceptions.iter().map(|(day, details)| Occurrence {
            day: *day,
            timing: details.timing.clone(),
            exception: Some(details),
        }));
        found.retain(|occurrence| span.holds(occurrence.timing.instants()));
        found.sort_by_key(|occurrence| occurrence.day);
        found
    }

    /// The occurrence of one date; `None` when the series does not happen then.
    pub fn occurrence(&self, day: NaiveDate) -> Option<Occurrence<'_>> {
        let series = self.series.as_ref()?;
        if let Some(details) = series.exceptions.get(&day) {
            return Some(Occurrence { day, timing: details.timing.clone(), exception: Some(details) });
        }
        let happens = !series.cancelled.contains(&day) && series.recurrence.days(day, day) == [day];
        happens.then(|| Occurrence { day, timing: self.main.timing.on(day), exception: None })
    }

    /// True when it, or one of its occurrences, lies in `span`.
    pub fn is_in(&self, span: &Span) -> bool {
        if self.series.is_some() {
            !self.occurrences(span).is_empty()
        } else {
            span.holds(self.main.timing.instants())
        }
    }

    /// `iCalUId`, of the event or of the occurrence of one date: Exchange writes the date into it.
    pub fn ical_uid(&self, day: Option<NaiveDate>) -> Option<String> {
        match (&self.uid, day) {
            (Uid::Missing, _) => None,
            (Uid::Foreign(uid), None) => Some(uid.clone()),
            (Uid::Foreign(uid), day) => {
                // A foreign UID is wrapped as `[MS-OXOCAL]` section 2.2.1.27 says.
                let mut data = b"vCal-Uid\x01\0\0\0".to_vec();
                data.extend_from_slice(uid.as_bytes());
                data.push(0);
                Some(global_object_id(day, 0, &data))
            }
            (Uid::Native(number), day) => {
                let mut data = number.to_be_bytes().to_vec();
                data.extend_from_slice(&number.rotate_left(17).to_be_bytes());
                let made = u64::try_from(self.created.timestamp_micros()).unwrap_or(0) * 10;
                Some(global_object_id(day, made, &data))
            }
        }
    }
}

/// `PidLidGlobalObjectId` in upper-case hex: class, date of the occurrence, time of creation, data.
fn global_object_id(day: Option<NaiveDate>, created: u64, data: &[u8]) -> String {
    const CLASS: [u8; 16] = [4, 0, 0, 0, 0x82, 0, 0xE0, 0, 0x74, 0xC5, 0xB7, 0x10, 0x1A, 0x82, 0xE0, 8];
    let mut id = CLASS.to_vec();
    let (year, month, date) = day.map_or((0, 0, 0), |day| (day.year(), day.month(), day.day()));
    id.extend_from_slice(&u16::try_from(year).unwrap_or(0).to_be_bytes());
    id.extend([u8::try_from(month).unwrap_or(0), u8::try_from(date).unwrap_or(0)]);
    id.extend_from_slice(&created.to_le_bytes());
    id.extend_from_slice(&[0; 8]);
    id.extend_from_slice(&u32::try_from(data.len()).unwrap_or(0).to_le_bytes());
    id.extend_from_slice(data);
    data_encoding::HEXUPPER.encode(&id)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::timing::read_instant;
    use super::*;

    fn daily(uid: Uid) -> Item {
        let instant = |text| read_instant(text).unwrap();
        let timing = Timing::utc(instant("2026-11-03T09:00:00"), instant("2026-11-03T10:00:00"));
        let recurrence = Recurrence::read(&json!({
            "pattern": {"type": "daily", "interval": 1},
            "range": {"type": "numbered", "startDate": "2026-11-03", "numberOfOccurrences": 5},
        }))
        .unwrap();
        let details = |timing| Details {
            timing,
            props: Map::new(),
            extended: BTreeMap::new(),
            extensions: BTreeMap::new(),
        };
        let day = |day| NaiveDate::from_ymd_opt(2026, 11, day).unwrap();
        Item {
            no: ItemNo(1),
            calendar: CalendarNo(1),
            created: instant("2026-11-01"),
            modified: instant("2026-11-01"),
            version: 1,
            uid,
            transaction: None,
            zone_name: None,
            main: details(timing.clone()),
            series: Some(Series {
                recurrence,
                exceptions: BTreeMap::from([(day(5), details(timing.on(day(20))))]),
                cancelled: BTreeSet::from([day(4)]),
            }),
        }
    }

    #[test]
    fn a_cancelled_date_is_gone_and_a_moved_one_lies_where_it_was_moved() {
        let item = daily(Uid::Native(3));
        let days = |lo, hi| {
            let span = Span { lo: read_instant(lo).unwrap(), hi: read_instant(hi) };
            item.occurrences(&span).iter().map(|occurrence| occurrence.day.day()).collect::<Vec<_>>()
        };
        assert_eq!(days("2026-11-01", "2026-11-10"), [3, 6, 7]);
        assert_eq!(days("2026-11-20", "2026-11-21"), [5]);
        let day = |day| NaiveDate::from_ymd_opt(2026, 11, day).unwrap();
        assert_eq!(item.occurrence(day(4)), None);
        assert!(item.occurrence(day(5)).unwrap().exception.is_some());
        assert!(item.occurrence(day(6)).unwrap().exception.is_none());
        assert_eq!(item.occurrence(day(8)), None);
    }

    #[test]
    fn every_occurrence_has_a_uid_of_its_own_and_differs_in_its_date_only() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 3);
        let native = daily(Uid::Native(3));
        let (series, occurrence) = (native.ical_uid(None).unwrap(), native.ical_uid(day).unwrap());
        assert_eq!(&occurrence[32..40], "07EA0B03");
        assert_eq!(occurrence.replacen("07EA0B03", "00000000", 1), series);
        let foreign = daily(Uid::Foreign("abc@example.test".into()));
        assert_eq!(foreign.ical_uid(None).as_deref(), Some("abc@example.test"));
        assert!(foreign.ical_uid(day).unwrap().contains("7643616C2D556964"));
        assert_eq!(daily(Uid::Missing).ical_uid(day), None);
    }
}
