//! Which zone a TZID means in a file: its IANA or Windows name first, since that is what the writer meant
//! and our rules for it are fresh, then what the file says about it itself.

use std::collections::HashMap;
use std::sync::Arc;

use calcard::common::IanaParse;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarDuration, ICalendarProperty,
    ICalendarValue,
};
use calcard::{Entry, Parser};
use chrono::NaiveDateTime;
use starmesh_core::event::Length;
use starmesh_core::zone::{CustomZone, Observance, Zone};

use crate::times::{duration, naive_date_time};

/// The zones of one file.
#[derive(Clone, Default)]
pub(crate) struct FileZones {
    by_tzid: HashMap<String, Zone>,
    /// X-WR-TIMEZONE: the zone of the whole file.
    default: Option<Zone>,
}

impl FileZones {
    /// Reads the zones that `calendar` defines.
    pub(crate) fn of(calendar: &ICalendar) -> Self {
        let mut zones = Self::default();
        for component in &calendar.components {
            match component.component_type {
                ICalendarComponentType::VTimezone => {
                    if let Some(tzid) = text(component, "TZID")
                        && let Some(zone) = defined_zone(calendar, component)
                    {
                        zones.by_tzid.insert(tzid.to_owned(), zone);
                    }
                }
                ICalendarComponentType::VCalendar => {
                    zones.default =
                        zones.default.or_else(|| text(component, "X-WR-TIMEZONE").and_then(Zone::resolve));
                }
                _ => {}
            }
        }
        zones
    }

    /// The zone that `tzid` means here; one that nobody knows floats in the zone of the calendar.
    pub(crate) fn zone(&self, tzid: &str) -> Zone {
        Zone::resolve(tzid)
            .or_else(|| self.by_tzid.get(tzid).cloned())
            .or_else(|| self.default.clone())
            .unwrap_or(Zone::Floating)
    }
}

/// What a file of many events says before them.
#[derive(Default)]
pub(crate) struct FileHead {
    /// What it is called, on one line.
    pub(crate) name: Option<String>,
    /// The IANA name of its zone.
    pub(crate) zone: Option<String>,
    /// How long to wait before it is asked for again, in seconds.
    pub(crate) refresh_s: Option<u64>,
    pub(crate) zones: FileZones,
}

const DAY_S: i64 = 86_400;

/// The longest name of a file, in characters: what a line of a list has room for.
const NAME_CHARS_MAX: usize = 100;

impl FileHead {
    /// Reads the `head` of a file; one that cannot be read says nothing.
    pub(crate) fn of(head: &str) -> Self {
        let Entry::ICalendar(calendar) = Parser::new(head).entry() else { return Self::default() };
        let own = calendar
            .components
            .iter()
            .find(|component| component.component_type == ICalendarComponentType::VCalendar);
        let value = |name| own.and_then(|own| text(own, name));
        let on_one_line = |name: &str| {
            let words: Vec<&str> = name.split_whitespace().collect();
            words.join(" ").chars().filter(|letter| !letter.is_control()).take(NAME_CHARS_MAX).collect()
        };
        Self {
            name: value("X-WR-CALNAME").or_else(|| value("NAME")).map(on_one_line),
            zone: value("X-WR-TIMEZONE").and_then(Zone::resolve).as_ref().and_then(name_of),
            refresh_s: own.and_then(refresh_s),
            zones: FileZones::of(&calendar),
        }
    }
}

/// REFRESH-INTERVAL (RFC 7986, 5.7), or what was in use before there was that.
fn refresh_s(own: &ICalendarComponent) -> Option<u64> {
    ["REFRESH-INTERVAL", "X-PUBLISHED-TTL"].into_iter().find_map(|name| {
        let mut entries = own.entries.iter().filter(|entry| entry.name.as_str().eq_ignore_ascii_case(name));
        let span = match entries.next()?.values.first()? {
            ICalendarValue::Duration(span) => span.clone(),
            ICalendarValue::Text(text) => ICalendarDuration::parse(text.trim().as_bytes())?,
            _ => return None,
        };
        let Length::Duration { days, seconds } = duration(&span) else { return None };
        u64::try_from(days * DAY_S + seconds).ok().filter(|seconds| *seconds > 0)
    })
}

/// The IANA name of the zone that a `calendar-timezone` property holds as an iCalendar text.
pub fn zone_of_timezone_text(timezone: &str) -> Option<String> {
    let Entry::ICalendar(calendar) = Parser::new(timezone).entry() else { return None };
    let component = calendar
        .components
        .iter()
        .find(|component| component.component_type == ICalendarComponentType::VTimezone)?;
    let named = text(component, "TZID").and_then(Zone::resolve).or_else(|| named_by_location(component));
    name_of(&named?)
}

fn name_of(zone: &Zone) -> Option<String> {
    match zone {
        Zone::Named(zone) => Some(zone.name().to_owned()),
        Zone::Utc => Some("UTC".to_owned()),
        Zone::Floating | Zone::Custom(_) => None,
    }
}

/// What a VTIMEZONE says of itself: a place, else its rules.
fn defined_zone(calendar: &ICalendar, component: &ICalendarComponent) -> Option<Zone> {
    named_by_location(component).or_else(|| {
        let parts = component.component_ids.iter().filter_map(|id| calendar.component_by_id(*id));
        // One part that cannot be read would move every event by hours: then the zone floats instead.
        let observances = parts.map(observance).collect::<Option<Vec<_>>>()?;
        CustomZone::from_observances(&observances).ok().map(|zone| Zone::Custom(Arc::new(zone)))
    })
}

fn named_by_location(component: &ICalendarComponent) -> Option<Zone> {
    text(component, "X-LIC-LOCATION").and_then(Zone::resolve)
}

fn observance(part: &ICalendarComponent) -> Option<Observance> {
    let values = |property: ICalendarProperty| {
        part.entries.iter().filter(move |entry| entry.name == property).flat_map(|entry| &entry.values)
    };
    let offset = |property| values(property).find_map(offset_seconds);
    let rule = values(ICalendarProperty::Rrule).find_map(|value| match value {
        ICalendarValue::RecurrenceRule(rule) => Some(rule.to_string()),
        ICalendarValue::Text(text) => Some(text.clone()),
        _ => None,
    });
    Some(Observance {
        start: values(ICalendarProperty::Dtstart).find_map(local)?,
        offset_from: offset(ICalendarProperty::Tzoffsetfrom)?,
        offset_to: offset(ICalendarProperty::Tzoffsetto)?,
        rule,
        dates: values(ICalendarProperty::Rdate).filter_map(local).collect(),
    })
}

fn local(value: &ICalendarValue) -> Option<NaiveDateTime> {
    match value {
        ICalendarValue::PartialDateTime(time) => naive_date_time(time),
        _ => None,
    }
}

fn offset_seconds(value: &ICalendarValue) -> Option<i32> {
    let ICalendarValue::PartialDateTime(offset) = value else { return None };
    let hours = i32::from(offset.tz_hour?);
    let seconds = hours * 3600 + i32::from(offset.tz_minute.unwrap_or(0)) * 60;
    Some(if offset.tz_minus { -seconds } else { seconds })
}

fn text<'a>(component: &'a ICalendarComponent, name: &str) -> Option<&'a str> {
    let entry = component.entries.iter().find(|entry| entry.name.as_str().eq_ignore_ascii_case(name))?;
    entry.values.first()?.as_text().map(str::trim).filter(|text| !text.is_empty())
}
