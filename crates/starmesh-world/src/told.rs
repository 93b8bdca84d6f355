//! How a provider tells what the world knows of an event.

use chrono_tz::Europe::Berlin;
use starmesh_core::event::{
    CalendarTime, Facts, Instance, Length, Master, Override, Recurrence, RecurrenceSet, SourceEvent,
};
use starmesh_core::ids::{EventId, ICalUid};
use starmesh_core::zone::Zone;

use crate::event::{Event, Exception, Series, When};
use crate::span::{DAY, Wall, wall_clock};

/// The event as the port hands it over.
pub(crate) fn tell(event: &Event) -> SourceEvent {
    let recurrence = match &event.when {
        When::Once { wall, start, length, all_day } => Recurrence::Single(Instance {
            start: time(*start, *wall, *all_day),
            length: length_of(*start, *length, *wall, *all_day),
            facts: event.facts,
        }),
        When::Series(series) => Recurrence::Set(tell_series(series, event.facts)),
    };
    SourceEvent {
        id: EventId::new(event.uid.clone()),
        uid: ICalUid::new(event.uid.clone()),
        recurrence,
        marked: None,
        tool: None,
    }
}

fn tell_series(series: &Series, facts: Facts) -> RecurrenceSet {
    let at = |local| time(local, series.wall, series.all_day);
    let instance =
        |local, length, facts| Instance { start: at(local), length: nominal(length, series.all_day), facts };
    let rule = if series.step_days % 7 == 0 {
        format!("FREQ=WEEKLY;INTERVAL={}", series.step_days / 7)
    } else {
        format!("FREQ=DAILY;INTERVAL={}", series.step_days)
    };
    let count = series.count.map(|count| format!(";COUNT={count}")).unwrap_or_default();
    let mut exclusions = Vec::new();
    let mut overrides = Vec::new();
    for (number, exception) in &series.exceptions {
        let original = series.local_start(*number);
        let instead = match *exception {
            Exception::Dropped => {
                exclusions.push(at(original));
                continue;
            }
            Exception::Cancelled => instance(original, series.length, Facts { cancelled: true, ..facts }),
            Exception::Moved { later, length } => instance(original + later, length, facts),
            Exception::Shown(facts) => instance(original, series.length, facts),
        };
        overrides.push(Override {
            recurrence_id: at(original),
            and_future: false,
            instance: instead,
            sequence: 1,
            stamp: None,
        });
    }
    RecurrenceSet {
        master: Some(Master {
            instance: instance(series.first, series.length, facts),
            rules: vec![format!("{rule}{count}")],
            exclusion_rules: Vec::new(),
            dates: Vec::new(),
            exclusions,
        }),
        overrides,
    }
}

fn time(local: i64, wall: Wall, all_day: bool) -> CalendarTime {
    let shown = wall_clock(local);
    if all_day {
        return CalendarTime::Date(shown.date());
    }
    let zone = match wall {
        Wall::Utc => Zone::Utc,
        Wall::Berlin => Zone::Named(Berlin),
        Wall::Floating => Zone::Floating,
    };
    CalendarTime::Local { local: shown, zone }
}

/// A single event names its end where that is the same as its length, so that both forms are told.
fn length_of(start: i64, length: i64, wall: Wall, all_day: bool) -> Length {
    if wall == Wall::Utc || all_day {
        Length::Until(time(start + length, wall, all_day))
    } else {
        nominal(length, all_day)
    }
}

fn nominal(length: i64, all_day: bool) -> Length {
    if all_day {
        Length::Duration { days: length / DAY, seconds: 0 }
    } else {
        Length::Duration { days: 0, seconds: length }
    }
}
