//! What a person configured, step by step, so that it can be taken back and made again.
//!
//! A step holds what rows were before and after it, of the rows that it changed and no others: what providers
//! and the engine changed meanwhile stays as it is. Mirrors are no part of it: they follow from what is
//! configured and from what calendars hold by then.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use starmesh_core::mirror::MirrorRecord;
use starmesh_core::policy::Deleted;
use starmesh_core::topology::Group;

use super::{Account, Calendar, Changes, Link, Settings, State, decode, row};
use crate::{Change, Row, Select, StoreError, Table};

/// How many steps are kept: more than anybody takes back one by one, and each holds only what it changed.
pub const STEPS_MAX: usize = 50;

/// What a person did to what is configured.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// A group was drawn.
    GroupAdded,
    /// A calendar was taken out of a group.
    GroupLeft,
    /// A group was taken apart.
    GroupRemoved,
    /// Links got other rules.
    RulesSet,
    /// A setting got another value.
    SettingSet,
    /// Something was paused.
    Paused,
    /// Something was resumed.
    Resumed,
    /// A file of settings was imported.
    Imported,
    /// Links were cleaned.
    Cleaned,
    /// An account was removed.
    AccountRemoved,
}

/// When what was configured is carried out, which says where a step ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Course {
    /// With the next plan that a person approves: what is configured until then is one step.
    Later,
    /// At once, by an engine at work: a step of its own.
    AtOnce,
    /// By the very command: a step of its own, together with earlier attempts at the same.
    Itself,
}

/// One row that a step changed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The settings.
    Settings(Settings),
    /// An account.
    Account(Box<Account>),
    /// A calendar.
    Calendar(Box<Calendar>),
    /// A group.
    Group(Group),
    /// A link.
    Link(Box<Link>),
}

/// What became of one row.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Edit {
    /// What it was; `None` when it was not there.
    pub before: Option<Part>,
    /// What it became; `None` when it went.
    pub after: Option<Part>,
}

/// How much was written.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct Writes {
    /// Mirrors placed.
    pub placed: u64,
    /// Mirrors changed in place.
    pub updated: u64,
    /// Mirrors removed.
    pub removed: u64,
}

/// What a person configured between two plans that were carried out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Step {
    /// Steps have rising numbers.
    pub number: u64,
    /// When it was last added to.
    pub at: DateTime<Utc>,
    /// What was done, in order.
    pub deeds: Vec<Deed>,
    /// The rows that it changed, each once.
    pub edits: Vec<Edit>,
    /// Mirrors that a person had deleted by hand, and that stay away, on links that it changed.
    pub dismissed: Vec<MirrorRecord>,
    /// True until a plan was carried out: what is configured until then belongs to it.
    pub open: bool,
    /// True while it is taken back.
    pub undone: bool,
    /// What was written when it was carried out, where a person was told.
    pub written: Writes,
}

impl Part {
    fn of(table: Table, row: &Row) -> Result<Self, StoreError> {
        Ok(match table {
            Table::Settings => Self::Settings(decode(table, row)?),
            Table::Accounts => Self::Account(decode(table, row)?),
            Table::Calendars => Self::Calendar(decode(table, row)?),
            Table::Groups => Self::Group(decode(table, row)?),
            _ => Self::Link(decode(table, row)?),
        })
    }

    /// Without what no person configures.
    fn in_wished_form(self) -> Self {
        match self {
            Self::Settings(settings) => Self::Settings(Settings { window_days_approved: 0, ..settings }),
            Self::Link(link) => Self::Link(Box::new(Link { narrowed: Vec::new(), ..*link })),
            part => part,
        }
    }

    /// Which row it is.
    fn name(&self) -> (Table, String, String) {
        let (table, first, second) = match self {
            Self::Settings(_) => (Table::Settings, "", ""),
            Self::Account(account) => (Table::Accounts, account.id.as_str(), ""),
            Self::Calendar(calendar) => (Table::Calendars, calendar.id.as_str(), ""),
            Self::Group(group) => (Table::Groups, group.id.as_str(), ""),
            Self::Link(link) => (Table::Links, link.id.source.as_str(), link.id.target.as_str()),
        };
        (table, first.to_owned(), second.to_owned())
    }
}

impl Edit {
    /// True when there is nothing that a person configured in it. Of a calendar that stays that is its pause.
    fn is_empty(&self) -> bool {
        match (&self.before, &self.after) {
            (Some(Part::Calendar(before)), Some(Part::Calendar(after))) => before.pause == after.pause,
            (before, after) => before == after,
        }
    }

    fn name(&self) -> Option<(Table, String, String)> {
        self.before.as_ref().or(self.after.as_ref()).map(Part::name)
    }
}

impl Step {
    fn new(number: u64, at: DateTime<Utc>) -> Self {
        Self {
            number,
            at,
            deeds: Vec::new(),
            edits: Vec::new(),
            dismissed: Vec::new(),
            open: true,
            undone: false,
            written: Writes::default(),
        }
    }

    fn takes(&self, deed: Deed, course: Course) -> bool {
        self.open
            && !self.undone
            && match course {
                Course::Later => true,
                Course::AtOnce => false,
                Course::Itself => self.deeds.iter().all(|other| *other == deed),
            }
    }

    /// Adds what was done after it. Of a row that it changed already it keeps what that was before.
    fn add(&mut self, deed: Deed, edits: Vec<Edit>, dismissed: Vec<MirrorRecord>, at: DateTime<Utc>) {
        self.at = at;
        if self.deeds.last() != Some(&deed) {
            self.deeds.push(deed);
        }
        let known = self.edits.iter().map(Edit::name).zip(0..);
        let known: BTreeMap<Option<(Table, String, String)>, usize> = known.collect();
        for edit in edits {
            match known.get(&edit.name()) {
                Some(place) => self.edits[*place].after = edit.after,
                None => self.edits.push(edit),
            }
        }
        self.edits.retain(|edit| !edit.is_empty());
        for record in dismissed {
            let known = |other: &MirrorRecord| other.link == record.link && other.key == record.key;
            if !self.dismissed.iter().any(known) {
                self.dismissed.push(record);
            }
        }
    }
}

fn step_key(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

impl Changes {
    /// Writes a step.
    pub fn put_step(&mut self, step: &Step) {
        let at = step.at.timestamp_millis();
        let row = row(step_key(step.number), Vec::new(), Vec::new(), at, step);
        self.push(Change::Put(Table::History, row));
    }

    fn delete_step(&mut self, step: &Step) {
        self.push(Change::Delete(Table::History, step_key(step.number)));
    }
}

impl State {
    /// All steps, the oldest first. Those that are taken back come last.
    pub async fn steps(&self) -> Result<Vec<Step>, StoreError> {
        let mut steps: Vec<Step> = self.select(Table::History, Select::All).await?;
        steps.sort_by_key(|step| step.number);
        Ok(steps)
    }

    /// Adds to `changes`, which a person made, the step that takes them back. What had been taken back before
    /// cannot be made again after it.
    pub async fn record(
        &self,
        changes: &mut Changes,
        deed: Deed,
        course: Course,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let edits = self.edits(changes).await?;
        if edits.is_empty() {
            return Ok(());
        }
        let dismissed = self.dismissed_of(&edits).await?;
        let (mut steps, gone): (Vec<Step>, Vec<Step>) =
            self.steps().await?.into_iter().partition(|step| !step.undone);
        gone.iter().for_each(|step| changes.delete_step(step));
        let newest = steps.pop();
        let next = newest.as_ref().map_or(1, |step| step.number + 1);
        let mut step = match newest {
            Some(newest) if newest.takes(deed, course) => newest,
            newest => {
                steps.extend(newest);
                Step::new(next, now)
            }
        };
        step.add(deed, edits, dismissed, now);
        step.open &= course != Course::AtOnce;
        if step.edits.is_empty() {
            changes.delete_step(&step);
        } else {
            changes.put_step(&step);
        }
        let surplus = (steps.len() + 1).saturating_sub(STEPS_MAX);
        steps[..surplus].iter().for_each(|step| changes.delete_step(step));
        Ok(())
    }

    /// Ends the step that waits for a plan to be carried out, if one does.
    pub async fn close_step(&self, written: Writes) -> Result<(), StoreError> {
        let newest = self.steps().await?.into_iter().rfind(|step| !step.undone);
        let Some(step) = newest.filter(|step| step.open) else { return Ok(()) };
        let mut changes = Changes::new();
        changes.put_step(&Step { open: false, written, ..step });
        self.commit(changes).await
    }

    /// What `changes` do to what is configured.
    async fn edits(&self, changes: &Changes) -> Result<Vec<Edit>, StoreError> {
        let mut touched: BTreeMap<(Table, Vec<u8>), Option<Row>> = BTreeMap::new();
        for change in changes.iter() {
            match change {
                Change::Put(table, row) if Table::CONFIGURATION.contains(table) => {
                    touched.insert((*table, row.key.clone()), Some(row.clone()));
                }
                Change::Delete(table, key) if Table::CONFIGURATION.contains(table) => {
                    touched.insert((*table, key.clone()), None);
                }
                Change::DeleteParent(table, parent) if Table::CONFIGURATION.contains(table) => {
                    for row in self.store.select(*table, Select::Parent(parent)).await? {
                        touched.insert((*table, row.key), None);
                    }
                }
                _ => {}
            }
        }
        let mut edits = Vec::new();
        for ((table, key), after) in touched {
            let before = match self.store.get(table, &key).await? {
                Some(row) => Some(Part::of(table, &row)?),
                None if table == Table::Settings => Some(Part::Settings(Settings::default())),
                None => None,
            };
            let after = after.map(|row| Part::of(table, &row)).transpose()?;
            let edit =
                Edit { before: before.map(Part::in_wished_form), after: after.map(Part::in_wished_form) };
            if !edit.is_empty() {
                edits.push(edit);
            }
        }
        Ok(edits)
    }

    /// The mirrors that persons had deleted on links that change, where that is respected.
    async fn dismissed_of(&self, edits: &[Edit]) -> Result<Vec<MirrorRecord>, StoreError> {
        let mut dismissed = Vec::new();
        for edit in edits {
            let Some(Part::Link(link)) = &edit.before else { continue };
            if link.policy.deleted == Deleted::Respected {
                let records = self.mirrors_of_link(&link.id).await?;
                dismissed.extend(records.into_iter().filter(|record| record.dismissed));
            }
        }
        Ok(dismissed)
    }
}
