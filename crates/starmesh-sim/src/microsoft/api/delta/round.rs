//! The rows of one round.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::Scope;
use super::memory::Token;
use crate::microsoft::world::access::Access;
use crate::microsoft::world::changes::Change;
use crate::microsoft::world::item::Item;
use crate::microsoft::world::{ItemNo, Place, Span, World};

/// How many changes before a round may come again in it.
const REPLAY_REACH: usize = 50;

/// The rows of a round, as they were found when it began; what they say is read when they are told.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) place: Place,
    pub(crate) scope: Scope,
    pub(crate) span: Span,
    /// What belongs together is a group: one event, or a series with its dates.
    pub(crate) groups: Vec<Vec<Row>>,
    /// Changes up to this one are told.
    pub(crate) upto: u64,
}

/// One row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Row {
    /// A single event or a series master.
    Whole(ItemNo),
    /// A date of a series.
    Date(ItemNo, NaiveDate),
    /// A tombstone, with the reason it gives.
    Removed(ItemNo, Option<NaiveDate>, &'static str),
}

const DELETED: &str = "deleted";
const CHANGED: &str = "changed";

/// Everything in the range: a first round.
pub(crate) fn first(world: &mut World, access: Access, scope: Scope, span: Span) -> Round {
    let seen = seen(world);
    let mut groups = Vec::new();
    if let Some(calendar) = world.calendars.get(&access.target) {
        let items = calendar.items.iter().filter_map(|no| world.items.get(no));
        for item in items.filter(|item| item.created <= seen) {
            groups.push(rows(world, item, scope, &span));
        }
    }
    if world.switches.delta_tombstones_at_first {
        let graves = world.graves.values().filter(|item| item.calendar == access.target);
        groups.extend(graves.map(|item| vec![Row::Removed(item.no, None, DELETED)]));
        world.meet("delta_tombstones_at_first");
    }
    groups.retain(|group| !group.is_empty());
    finish(world, access, scope, span, groups)
}

/// What changed since a token.
pub(crate) fn next(world: &mut World, access: Access, token: &Token) -> Round {
    let upto = upto(world);
    let at = world.changes.partition_point(|change| change.seq <= token.since);
    let (old, new) = world.changes.split_at(at);
    let mine = |change: &&Change| change.calendar == access.target;
    let new: Vec<Change> = new.iter().filter(|change| change.seq <= upto).filter(mine).copied().collect();
    let reach = if world.switches.delta_replays_per_mille > 0 { REPLAY_REACH } else { 0 };
    let old: Vec<Change> = old.iter().rev().filter(mine).take(reach).copied().collect();
    let mut groups = Vec::new();
    let mut met = BTreeSet::new();
    for change in &new {
        if met.insert(change.item) {
            let before: Vec<_> = new
                .iter()
                .filter(|other| other.item == change.item)
                .filter_map(|other| other.before)
                .collect();
            groups.push(changed(world, access, token, change.item, &before));
        }
    }
    let chance = world.switches.delta_replays_per_mille;
    for change in old {
        if world.dice.chance(chance) && met.insert(change.item) {
            world.meet("delta_replays");
            groups.push(changed(world, access, token, change.item, &[]));
        }
    }
    groups.retain(|group| !group.is_empty());
    finish(world, access, token.scope, token.span, groups)
}

/// The rows of one event that changed; `before` is where it was.
fn changed(
    world: &mut World,
    access: Access,
    token: &Token,
    no: ItemNo,
    before: &[(DateTime<Utc>, DateTime<Utc>)],
) -> Vec<Row> {
    let told = world.switches.delta_false_removals || before.iter().any(|span| token.span.holds(*span));
    if let Some(item) = world.items.get(&no).filter(|item| item.calendar == access.target) {
        let rows = rows(world, item, token.scope, &token.span);
        if !rows.is_empty() {
            return rows;
        }
        if !told {
            world.meet("delta_removal_outside.silent");
            return rows;
        }
        let moved_out = world.switches.delta_moved_out_is_changed;
        world.meet(if moved_out { "delta_moved_out_is_changed" } else { "delta_removal_outside" });
        return vec![Row::Removed(no, None, if moved_out { CHANGED } else { DELETED })];
    }
    let lost = world.switches.delta_lost_tombstones_per_mille;
    if told && world.dice.chance(lost) {
        world.meet("delta_lost_tombstones");
        return Vec::new();
    }
    if !told {
        return Vec::new();
    }
    let mut rows = vec![Row::Removed(no, None, DELETED)];
    if let Some(grave) = world.graves.get(&no).filter(|_| world.switches.delta_series_tombstones) {
        let dates = grave.occurrences(&token.span);
        world.meet("delta_series_tombstones");
        rows.extend(dates.iter().map(|found| Row::Removed(no, Some(found.day), DELETED)));
    }
    rows
}

/// The rows of an event as it is: none when it is not in the range.
fn rows(world: &World, item: &Item, scope: Scope, span: &Span) -> Vec<Row> {
    if scope == Scope::Events || item.series.is_none() {
        return if item.is_in(span) { vec![Row::Whole(item.no)] } else { Vec::new() };
    }
    let dates: Vec<_> = item.occurrences(span).iter().map(|found| Row::Date(item.no, found.day)).collect();
    if dates.is_empty() {
        return dates;
    }
    world.meet(if world.switches.delta_masters { "delta_masters.told" } else { "delta_masters.left_out" });
    let master = world.switches.delta_masters.then_some(Row::Whole(item.no));
    master.into_iter().chain(dates).collect()
}

/// Doubles and mixes rows, as the switches say.
fn finish(world: &mut World, access: Access, scope: Scope, span: Span, mut groups: Vec<Vec<Row>>) -> Round {
    let doubled = world.switches.delta_duplicates_per_mille;
    let mut again = Vec::new();
    for row in groups.iter().flatten() {
        if world.dice.chance(doubled) {
            again.push(vec![*row]);
            world.meet("delta_duplicates");
        }
    }
    groups.extend(again);
    if world.switches.delta_unordered {
        if groups.len() > 1 {
            world.meet("delta_unordered");
        }
        world.dice.shuffle(&mut groups);
        for group in &mut groups {
            world.dice.shuffle(group);
        }
    }
    let upto = upto(world);
    if world.changes.last().is_some_and(|change| change.seq > upto) {
        world.meet("delta_lag");
    }
    Round { place: access.place, scope, span, groups, upto }
}

/// Changes up to this moment are told by now.
fn seen(world: &World) -> DateTime<Utc> {
    world.now() - TimeDelta::milliseconds(i64::from(world.switches.delta_lag_ms))
}

/// The last change that is told by now.
fn upto(world: &World) -> u64 {
    let seen = seen(world);
    world.changes.iter().rev().find(|change| change.at <= seen).map_or(0, |change| change.seq)
}
