//! What can be seen of an event that carries a SYNC-FB mark, whoever wrote it.

use calcard::icalendar::{
    ICalendarClassification, ICalendarComponent, ICalendarEntry, ICalendarProperty, ICalendarStatus,
    ICalendarValue,
};
use chrono::{Days, NaiveDateTime, TimeDelta};
use starmesh_core::event::{Availability, CalendarTime, Instance, LabelDigest, Length, MarkedEvent};
use starmesh_core::mirror::FoundColor;
use starmesh_core::time::EventTime;
use starmesh_core::zone::Zone;

use super::facts::{availability, extension};
use super::item::{Component, Context};
use super::series::{entry, instance};

/// The property that holds the mark.
pub const MARK_PROPERTY: &str = "X-SYNC-FB";

/// Extensions that show a reader more than a busy block does.
const TELLING_EXTENSIONS: [&str; 4] =
    ["X-ALT-DESC", "X-APPLE-STRUCTURED-LOCATION", "X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL"];

/// The mark of a group of components with one UID; `None` where none of them has one.
pub(super) fn marked(uid: &str, group: &[Component<'_>], context: &Context<'_>) -> Option<MarkedEvent> {
    let (component, mark) = group.iter().find_map(|component| Some((component, mark(component.entries)?)))?;
    let cancelled = matches!(component.entries.status(), Some(ICalendarStatus::Cancelled));
    let summary = entry(component.entries, &ICalendarProperty::Summary).and_then(text).unwrap_or_default();
    Some(MarkedEvent {
        mark,
        provider_id: uid.to_owned(),
        time: instance(component, context).ok().and_then(|instance| plain_time(&instance)),
        // A cancelled mirror blocks nothing, whatever else it says.
        availability: if cancelled { Availability::Free } else { availability(component.entries) },
        label: LabelDigest::of(summary),
        color: entry(component.entries, &ICalendarProperty::Color)
            .and_then(text)
            .map_or(FoundColor::Unset, FoundColor::named),
        plain: group.len() == 1 && is_plain(component),
        has_attendees: group.iter().any(|component| {
            component.entries.entries.iter().any(|entry| entry.name == ICalendarProperty::Attendee)
        }),
    })
}

fn mark(component: &ICalendarComponent) -> Option<String> {
    let values = &extension(component, MARK_PROPERTY)?.values;
    let parts: Vec<&str> = values.iter().filter_map(ICalendarValue::as_text).collect();
    Some(parts.concat().trim().to_owned())
}

/// The span on the world's clock. A zone is followed, since a server may have rewritten our UTC; a
/// floating time is no span at all.
fn plain_time(instance: &Instance) -> Option<EventTime> {
    match (&instance.start, &instance.length) {
        (CalendarTime::Date(start), length) => {
            let end = match length {
                Length::Until(CalendarTime::Date(end)) => *end,
                Length::Unstated => start.checked_add_days(Days::new(1))?,
                Length::Duration { days, seconds: 0 } => {
                    start.checked_add_days(Days::new(u64::try_from(*days).ok()?))?
                }
                _ => return None,
            };
            Some(EventTime::AllDay { start: *start, end })
        }
        (CalendarTime::Local { local, zone }, length) => {
            let start = instant(*local, zone)?;
            let end = match length {
                Length::Until(CalendarTime::Local { local, zone }) => instant(*local, zone)?,
                Length::Duration { days, seconds } if *zone == Zone::Utc => {
                    let days = TimeDelta::try_days(*days)?;
                    let exact = TimeDelta::try_seconds(*seconds)?;
                    start.checked_add_signed(days)?.checked_add_signed(exact)?
                }
                _ => return None,
            };
            Some(EventTime::Timed { start, end })
        }
    }
}

fn instant(local: NaiveDateTime, zone: &Zone) -> Option<chrono::DateTime<chrono::Utc>> {
    (*zone != Zone::Floating).then(|| zone.to_utc(local, &Zone::Utc))
}

/// True when a component holds nothing beyond what we write. Properties that servers add on their own and
/// that tell a reader nothing are no matter: were they, each would be rewritten for ever.
fn is_plain(component: &Component<'_>) -> bool {
    let is_private = entry(component.entries, &ICalendarProperty::Class).is_some_and(|class| {
        matches!(class.values.first(), Some(ICalendarValue::Classification(ICalendarClassification::Private)))
    });
    is_private
        && component.alarms.iter().all(|alarm| is_silent(alarm))
        && !component.entries.entries.iter().any(tells_more)
}

fn tells_more(entry: &ICalendarEntry) -> bool {
    let has_value =
        entry.values.iter().any(|value| value.as_text().is_none_or(|text| !text.trim().is_empty()));
    has_value
        && match &entry.name {
            ICalendarProperty::Attach
            | ICalendarProperty::Attendee
            | ICalendarProperty::Categories
            | ICalendarProperty::Comment
            | ICalendarProperty::Conference
            | ICalendarProperty::Contact
            | ICalendarProperty::Description
            | ICalendarProperty::Exdate
            | ICalendarProperty::Exrule
            | ICalendarProperty::Geo
            | ICalendarProperty::Image
            | ICalendarProperty::Location
            | ICalendarProperty::Organizer
            | ICalendarProperty::Rdate
            | ICalendarProperty::RecurrenceId
            | ICalendarProperty::Resources
            | ICalendarProperty::Rrule
            | ICalendarProperty::Url => true,
            ICalendarProperty::Other(name) => {
                TELLING_EXTENSIONS.iter().any(|telling| telling.eq_ignore_ascii_case(name.trim()))
            }
            _ => false,
        }
}

/// `ACTION:NONE` is how Apple's programs write "no reminder".
fn is_silent(alarm: &ICalendarComponent) -> bool {
    let action = entry(alarm, &ICalendarProperty::Action).and_then(text);
    action.is_some_and(|action| action.trim().eq_ignore_ascii_case("NONE"))
}

fn text(entry: &ICalendarEntry) -> Option<&str> {
    entry.values.first()?.as_text()
}
