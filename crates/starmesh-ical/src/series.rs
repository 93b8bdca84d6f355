//! Single or repeating: the components of one UID.

use calcard::icalendar::{
    ICalendarComponent, ICalendarEntry, ICalendarParameterName, ICalendarProperty, ICalendarValue,
};
use chrono::{DateTime, Utc};
use starmesh_core::event::{
    CalendarTime, ExtraDate, Instance, ItemProblem, Length, Master, Override, Recurrence, RecurrenceSet,
};
use starmesh_core::planted::{Bug, planted};

use super::facts::facts;
use super::item::{Component, Context};
use super::times::{all_times, duration, extra_dates, single_time, stamp};

/// How the components of one UID happen.
pub(super) fn recurrence(group: &[Component<'_>], context: &Context<'_>) -> Result<Recurrence, ItemProblem> {
    let mut masters = Vec::new();
    let mut overrides = Vec::new();
    for component in group {
        match entry(component.entries, &ICalendarProperty::RecurrenceId) {
            Some(recurrence_id) => overrides.push(exception(component, recurrence_id, context)?),
            None => masters.push(component),
        }
    }
    // Two masters of one UID are two states of one event: the newer counts.
    let newest = masters.into_iter().max_by_key(|master| (sequence(master.entries), stamped(master.entries)));
    let master = newest.map(|component| master(component, context)).transpose()?;
    Ok(match master {
        Some(master) if overrides.is_empty() && !repeats(&master) => Recurrence::Single(master.instance),
        master => Recurrence::Set(RecurrenceSet { master, overrides }),
    })
}

/// The time of one component.
pub(super) fn instance(component: &Component<'_>, context: &Context<'_>) -> Result<Instance, ItemProblem> {
    let start = entry(component.entries, &ICalendarProperty::Dtstart).ok_or(ItemProblem::NoStart)?;
    Ok(Instance {
        start: single_time(start, &context.zones)?,
        length: length(component.entries, context)?,
        facts: facts(component.entries, context.own, context.terms),
    })
}

fn master(component: &Component<'_>, context: &Context<'_>) -> Result<Master, ItemProblem> {
    let entries = |property: ICalendarProperty| {
        component.entries.entries.iter().filter(move |entry| entry.name == property)
    };
    let exclusions: Vec<Vec<CalendarTime>> = entries(ICalendarProperty::Exdate)
        .map(|entry| all_times(entry, &context.zones))
        .collect::<Result<_, _>>()?;
    let dates: Vec<Vec<ExtraDate>> = entries(ICalendarProperty::Rdate)
        .map(|entry| extra_dates(entry, &context.zones))
        .collect::<Result<_, _>>()?;
    Ok(Master {
        instance: instance(component, context)?,
        rules: component.rules.rules.clone(),
        exclusion_rules: component.rules.exclusion_rules.clone(),
        dates: dates.concat(),
        exclusions: if planted(Bug::CaldavForgetsExdates) { Vec::new() } else { exclusions.concat() },
    })
}

fn repeats(master: &Master) -> bool {
    !(master.rules.is_empty()
        && master.exclusion_rules.is_empty()
        && master.dates.is_empty()
        && master.exclusions.is_empty())
}

fn exception(
    component: &Component<'_>,
    recurrence_id: &ICalendarEntry,
    context: &Context<'_>,
) -> Result<Override, ItemProblem> {
    Ok(Override {
        recurrence_id: single_time(recurrence_id, &context.zones)?,
        and_future: recurrence_id.has_parameter(&ICalendarParameterName::Range),
        instance: instance(component, context)?,
        sequence: sequence(component.entries),
        stamp: stamped(component.entries),
    })
}

fn length(component: &ICalendarComponent, context: &Context<'_>) -> Result<Length, ItemProblem> {
    if let Some(end) = entry(component, &ICalendarProperty::Dtend) {
        return single_time(end, &context.zones).map(Length::Until);
    }
    match entry(component, &ICalendarProperty::Duration).map(|entry| entry.values.first()) {
        Some(Some(ICalendarValue::Duration(span))) => Ok(duration(span)),
        Some(_) => Err(ItemProblem::Malformed),
        None => Ok(Length::Unstated),
    }
}

fn sequence(component: &ICalendarComponent) -> i64 {
    let value = entry(component, &ICalendarProperty::Sequence).and_then(|entry| entry.values.first());
    value.and_then(ICalendarValue::as_integer).unwrap_or(0)
}

fn stamped(component: &ICalendarComponent) -> Option<DateTime<Utc>> {
    entry(component, &ICalendarProperty::Dtstamp).and_then(stamp)
}

pub(super) fn entry<'a>(
    component: &'a ICalendarComponent,
    property: &ICalendarProperty,
) -> Option<&'a ICalendarEntry> {
    component.entries.iter().find(|entry| &entry.name == property)
}
