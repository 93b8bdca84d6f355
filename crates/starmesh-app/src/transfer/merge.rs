//! What becomes of a file beside what is configured already: a pure decision. It adds and changes, and takes nothing
//! away.

use std::collections::{BTreeMap, BTreeSet};

use starmesh_core::ids::{AccountId, CalendarId, LastingName, LinkId};
use starmesh_core::mirror::Label;
use starmesh_core::policy::Policy;
use starmesh_core::reconcile::LinkState;
use starmesh_core::topology::{Group, Shape};
use starmesh_provider::RemoteCalendar;
use starmesh_store::state::{Account, AccountKind, Calendar, Changes, Link, Settings};

use super::file::{AccountTable, CalendarTable, File, GroupTable, SettingsTable, ShapeName, invalid, within};
use crate::accounts::check_name;
use crate::dto::{ImportDto, SettingChangeDto};
use crate::error::{AppError, ErrorCode, Result};
use crate::groups::{check_pairs, check_shape, check_some_link, free_name};
use crate::names::Directory;
use crate::policies::takes_colors;
use crate::settings::changed;
use crate::wanted::Wanted;

/// What is configured.
pub(super) struct Known {
    pub settings: Settings,
    pub accounts: Vec<Account>,
    pub calendars: Vec<Calendar>,
    pub wanted: Wanted,
    pub links: Vec<Link>,
}

/// What becomes of it.
pub(super) struct Merged {
    /// The same in words.
    pub dto: ImportDto,
    /// Everything but the links.
    pub changes: Changes,
    pub before: Wanted,
    pub after: Wanted,
    /// Links whose state the file changes, or says for the first time.
    pub links: Vec<Link>,
}

/// Decides what becomes of a file, which messages call `name`. `fresh` draws a new name for what is new.
pub(super) fn merge(name: &str, file: &File, known: &Known, fresh: impl Fn() -> String) -> Result<Merged> {
    let mut changes = Changes::new();
    let mut dto = ImportDto::default();
    let settings = merged_settings(name, &file.settings, &known.settings)?;
    dto.settings = changed(&known.settings, &settings)
        .into_iter()
        .map(|(key, from, to)| SettingChangeDto { key: key.to_owned(), from, to })
        .collect();
    if !dto.settings.is_empty() {
        changes.put_settings(&settings);
    }
    let accounts = merged_accounts(name, &file.accounts, &known.accounts, &fresh)?;
    for account in &accounts[known.accounts.len()..] {
        changes.put_account(account);
        dto.accounts_added.push(account.name.clone());
    }
    let (calendars, ids) = merged_calendars(name, &file.calendars, &accounts, &known.calendars, &fresh)?;
    for calendar in &calendars[known.calendars.len()..] {
        changes.put_calendar(calendar);
    }
    let is_new = |id: &CalendarId| known.calendars.iter().all(|calendar| calendar.id != *id);
    dto.calendars_added =
        ids.iter().filter(|(_, id)| is_new(id)).map(|(name, _)| (*name).to_owned()).collect();

    let directory = Directory::new(accounts, calendars);
    let mut after = Wanted { groups: known.wanted.groups.clone(), read_only: directory.read_only() };
    for table in &file.groups {
        if let Some(group) = new_group(name, table, &ids, &directory, &after)? {
            changes.put_group(&group);
            dto.groups_added.push(group.id.to_string());
            after.groups.push(group);
        }
    }
    check_pairs(settings.pair_limit, &known.wanted, &after).map_err(|error| within(name, error))?;
    let links = merged_links(name, file, &ids, known, &after, &directory, &mut dto)?;
    Ok(Merged { dto, changes, before: known.wanted.clone(), after, links })
}

fn merged_settings(name: &str, table: &SettingsTable, known: &Settings) -> Result<Settings> {
    let place = format!("{name}: [settings]");
    let SettingsTable { window, poll_interval, zone, label, pair_limit } = table.clone();
    let mut merged = known.clone();
    merged.window_days = window.unwrap_or(merged.window_days);
    merged.poll_interval_s = poll_interval.unwrap_or(merged.poll_interval_s);
    merged.zone = zone.or(merged.zone);
    if let Some(label) = label {
        merged.label = Label::new(&label).map_err(|problem| invalid(format!("{place}: {problem}")))?;
    }
    merged.pair_limit = pair_limit.or(merged.pair_limit);
    merged.check().map_err(|problem| invalid(format!("{place}: {problem}")))?;
    Ok(merged)
}

/// The accounts that are known and, behind them, those that are new.
fn merged_accounts(
    name: &str,
    tables: &[AccountTable],
    known: &[Account],
    fresh: &impl Fn() -> String,
) -> Result<Vec<Account>> {
    let mut accounts = known.to_vec();
    let mut seen = BTreeSet::new();
    for table in tables {
        check_name(&table.name).map_err(|error| within(name, error))?;
        if !seen.insert(&table.name) {
            return Err(invalid(format!("{name}: the account “{}” stands there twice", table.name)));
        }
        let kind = table.kind(name)?;
        match known.iter().find(|account| account.name == table.name) {
            None => accounts.push(Account { id: AccountId::new(fresh()), name: table.name.clone(), kind }),
            Some(account)
                if AccountTable::of(&account.name, &account.kind) == AccountTable::of(&table.name, &kind) => {
            }
            Some(_) => {
                return Err(AppError::new(
                    ErrorCode::DoubledName,
                    format!(
                        "{name}: the account “{}” is another one than the one of this name here",
                        table.name
                    ),
                )
                .hint("give it another name in the file, in its calendars too"));
            }
        }
    }
    Ok(accounts)
}

/// The calendars that are known and, behind them, those that are new; and which one each id of the file means.
fn merged_calendars<'a>(
    name: &str,
    tables: &'a [CalendarTable],
    accounts: &[Account],
    known: &[Calendar],
    fresh: &impl Fn() -> String,
) -> Result<(Vec<Calendar>, BTreeMap<&'a str, CalendarId>)> {
    let mut calendars = known.to_vec();
    let mut ids = BTreeMap::new();
    for table in tables {
        let account = accounts.iter().find(|account| account.name == table.account).ok_or_else(|| {
            invalid(format!(
                "{name}: the calendar “{}” is of an account “{}” that there is not",
                table.id, table.account
            ))
        })?;
        let same = |calendar: &&Calendar| {
            calendar.account == account.id && calendar.remote.name.as_str() == table.address
        };
        let known = calendars.iter().find(same).map(|calendar| calendar.id.clone());
        let id = known.unwrap_or_else(|| {
            let calendar = new_calendar(table, account, fresh());
            let id = calendar.id.clone();
            calendars.push(calendar);
            id
        });
        if ids.insert(table.id.as_str(), id).is_some() {
            return Err(invalid(format!("{name}: two calendars are called “{}”", table.id)));
        }
    }
    Ok((calendars, ids))
}

fn new_calendar(table: &CalendarTable, account: &Account, id: String) -> Calendar {
    Calendar {
        id: CalendarId::new(id),
        account: account.id.clone(),
        remote: RemoteCalendar {
            name: LastingName::new(table.address.clone()),
            display_name: table.display_name.clone(),
            short_name: table.short_name.clone(),
            // Its account says so once it is signed in.
            color: None,
            zone: None,
            read_only: table.read_only,
            hides_marks: matches!(account.kind, AccountKind::Ics { .. }),
        },
        zone: table.zone,
        missing: false,
        pause: None,
    }
}

fn find(name: &str, what: &str, id: &str, ids: &BTreeMap<&str, CalendarId>) -> Result<CalendarId> {
    ids.get(id).cloned().ok_or_else(|| {
        AppError::new(
            ErrorCode::UnknownName,
            format!("{name}: {what} speaks of a calendar “{id}” that is not in the file"),
        )
        .hint("every calendar that is spoken of needs a table [[calendar]] with this id")
    })
}

/// A group of the file that is not there yet in this shape, under a name that is free.
fn new_group(
    name: &str,
    table: &GroupTable,
    ids: &BTreeMap<&str, CalendarId>,
    directory: &Directory,
    wanted: &Wanted,
) -> Result<Option<Group>> {
    let what = format!("the group “{}”", table.name);
    let place = format!("{name}: {what}");
    let mut members = Vec::new();
    for id in &table.calendars {
        members.push(find(name, &what, id, ids)?);
    }
    let shape = shape(table.shape, members).ok_or_else(|| {
        AppError::new(
            ErrorCode::InvalidGroup,
            format!("{place} has too many or too few calendars for its shape"),
        )
    })?;
    if wanted.groups.iter().any(|group| same_shape(&group.shape, &shape)) {
        return Ok(None);
    }
    check_shape(directory, &shape).map_err(|error| within(&place, error))?;
    let id = starmesh_core::ids::GroupId::new(table.name.clone());
    let is_free = !table.name.trim().is_empty() && wanted.groups.iter().all(|group| group.id != id);
    let group = Group { id: if is_free { id } else { free_name(&shape, &wanted.groups) }, shape };
    check_some_link(directory, &group, &wanted.read_only).map_err(|error| within(&place, error))?;
    Ok(Some(group))
}

/// Two shapes that make the same links. A star's hub matters, the order of the others does not.
fn same_shape(one: &Shape, other: &Shape) -> bool {
    let set = |ids: &[CalendarId]| ids.iter().cloned().collect::<BTreeSet<_>>();
    match (one, other) {
        (Shape::Star { hub, spokes }, Shape::Star { hub: other_hub, spokes: others }) => {
            hub == other_hub && set(spokes) == set(others)
        }
        (Shape::Mesh { members }, Shape::Mesh { members: others }) => set(members) == set(others),
        (Shape::Pair { a, b, one_way }, Shape::Pair { a: other_a, b: other_b, one_way: other_way }) => {
            one_way == other_way
                && ((a, b) == (other_a, other_b) || (!one_way && (a, b) == (other_b, other_a)))
        }
        _ => false,
    }
}

fn shape(name: ShapeName, members: Vec<CalendarId>) -> Option<Shape> {
    match name {
        ShapeName::Star => {
            let mut members = members.into_iter();
            Some(Shape::Star { hub: members.next()?, spokes: members.collect() })
        }
        ShapeName::Mesh => Some(Shape::Mesh { members }),
        ShapeName::Pair | ShapeName::OneWay => {
            let [a, b] = <[CalendarId; 2]>::try_from(members).ok()?;
            Some(Shape::Pair { a, b, one_way: name == ShapeName::OneWay })
        }
    }
}

/// The links whose state the file changes.
fn merged_links(
    name: &str,
    file: &File,
    ids: &BTreeMap<&str, CalendarId>,
    known: &Known,
    after: &Wanted,
    directory: &Directory,
    dto: &mut ImportDto,
) -> Result<Vec<Link>> {
    let made = after.links();
    let asked_before = known.wanted.asked();
    let asked = after.asked();
    let standing = |id: &LinkId| known.links.iter().find(|link| link.id == *id);
    // A link that retires although it was wanted all along is being cleaned, and that goes on.
    let comes_to_life = |id: &LinkId| match standing(id) {
        None => true,
        Some(link) => link.state == LinkState::Retiring && !asked_before.contains(id),
    };
    dto.links_added = made.keys().filter(|id| comes_to_life(id)).map(|id| directory.link(id).name).collect();
    // By name: what is new has another id each time it is thought of.
    dto.links_added.sort();
    let mut links = Vec::new();
    let mut seen = BTreeSet::new();
    for table in &file.links {
        let what = format!("the link “{} → {}”", table.source, table.target);
        let id = LinkId::new(find(name, &what, &table.source, ids)?, find(name, &what, &table.target, ids)?);
        if !asked.contains(&id) {
            return Err(invalid(format!("{name}: no group makes {what}")));
        }
        if !seen.insert(id.clone()) {
            return Err(invalid(format!("{name}: {what} stands there twice")));
        }
        // A link that cannot be at the moment has no state.
        if !made.contains_key(&id) && standing(&id).is_none() {
            continue;
        }
        let state = table.state.state();
        let now = if comes_to_life(&id) {
            LinkState::Active
        } else {
            standing(&id).map_or(LinkState::Active, |link| link.state)
        };
        // A link that stands keeps its policy: what another one lets go has to be seen first.
        let known_policy = standing(&id).map(|link| &link.policy);
        if known_policy.is_some_and(|policy| *policy != table.policy) {
            dto.policies_kept.push(directory.link(&id).name);
        }
        let brings_policy = known_policy.is_none() && table.policy != Policy::default();
        if brings_policy && table.policy.color.is_some() && !takes_colors(directory, &id.target) {
            let name = directory.link(&id).name;
            return Err(invalid(format!("link “{name}”: busy blocks at Microsoft cannot have a colour")));
        }
        if now == LinkState::Retiring || (now == state && !brings_policy) {
            continue;
        }
        if now != state {
            let list =
                if state == LinkState::Paused { &mut dto.links_paused } else { &mut dto.links_resumed };
            list.push(directory.link(&id).name);
        }
        links.push(match standing(&id) {
            Some(link) => link.clone().in_state(state),
            None => Link { policy: table.policy.clone(), ..Link::new(id).in_state(state) },
        });
    }
    Ok(links)
}

#[cfg(test)]
mod tests;
