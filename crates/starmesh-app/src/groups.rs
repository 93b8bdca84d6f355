//! Groups, and the links that follow from them. What a person wants is changed here; nothing is written to
//! a calendar.

use std::collections::{BTreeMap, BTreeSet};

use starmesh_core::ids::{CalendarId, GroupId};
use starmesh_core::reconcile::LinkState;
use starmesh_core::topology::{Group, Shape, TopologyProblem, links, pairs};
use starmesh_store::state::{Changes, Deed, Link};

use crate::dto::{GroupChange, GroupDto, LeftOut, LeftOutReason, ShapeDto};
use crate::error::{Action, AppError, ErrorCode, Result};
use crate::names::Directory;
use crate::open::Starmesh;
use crate::wanted::{LinkSteps, Wanted, decide_links, leave};

/// A group as a person gives it, in the names of its calendars.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NewGroup {
    /// The hub with each spoke.
    Star {
        /// The calendar in the middle.
        hub: String,
        /// The calendars around it.
        spokes: Vec<String>,
    },
    /// Each with each.
    Mesh {
        /// The calendars.
        members: Vec<String>,
    },
    /// Two calendars.
    Pair {
        /// The first; the source when one-way.
        a: String,
        /// The second; the target when one-way.
        b: String,
        /// From the first to the second only.
        one_way: bool,
    },
}

impl Starmesh {
    /// Adds a group and the links that follow from it.
    pub async fn add_group(&self, new: &NewGroup) -> Result<GroupChange> {
        let turn = self.folder.turn()?;
        let directory = Directory::load(&self.state).await?;
        let before = Wanted::load(&self.state).await?;
        let shape = resolve(&directory, new)?;
        check_shape(&directory, &shape)?;
        let group = Group { id: free_name(&shape, &before.groups), shape };
        check_some_link(&directory, &group, &before.read_only)?;
        let mut after = before.clone();
        after.groups.push(group.clone());
        check_pairs(self.state.settings().await?.pair_limit, &before, &after)?;

        let mut changes = Changes::new();
        changes.put_group(&group);
        let steps = self.settle_links(&before, &after, &mut changes).await?;
        self.commit_deed(Deed::GroupAdded, changes).await?;
        drop(turn);
        self.folder.tell_changed()?;

        let own = links([&group], &after.read_only);
        let rows = self.state.links().await?;
        let paused = rows.iter().filter(|link| link.state == LinkState::Paused && own.contains_key(&link.id));
        let links_paused = paused.map(|link| directory.link(&link.id)).collect();
        let group = Some(group_dto(&directory, &group, &after.read_only));
        Ok(GroupChange { group, links_paused, ..change(&directory, &steps) })
    }

    /// Removes a group. Links that no other group makes retire: the next pass removes their mirrors.
    pub async fn remove_group(&self, name: &str) -> Result<GroupChange> {
        let turn = self.folder.turn()?;
        let directory = Directory::load(&self.state).await?;
        let before = Wanted::load(&self.state).await?;
        let group = find_group(&before.groups, name)?.clone();
        let mut after = before.clone();
        after.groups.retain(|other| other.id != group.id);
        let mut changes = Changes::new();
        changes.delete_group(&group.id);
        let steps = self.settle_links(&before, &after, &mut changes).await?;
        self.commit_deed(Deed::GroupRemoved, changes).await?;
        drop(turn);
        self.folder.tell_changed()?;
        Ok(GroupChange { removed: vec![group.id.to_string()], ..change(&directory, &steps) })
    }

    /// Takes one calendar out of a group; a group that cannot be without it goes.
    pub async fn leave_group(&self, name: &str, calendar: &str) -> Result<GroupChange> {
        let turn = self.folder.turn()?;
        let directory = Directory::load(&self.state).await?;
        let before = Wanted::load(&self.state).await?;
        let group = find_group(&before.groups, name)?.clone();
        let calendar = directory.find_calendar(calendar)?;
        if !group.shape.members().contains(&&calendar.id) {
            let message =
                format!("“{}” is not in the group “{name}”", directory.reference(&calendar.id).name);
            return Err(AppError::new(ErrorCode::UnknownName, message)
                .hint("`starmesh group list` shows the groups with their calendars"));
        }
        let mut changes = Changes::new();
        let leaving = BTreeSet::from([calendar.id.clone()]);
        let mut after = before.clone();
        let left = leave(&mut after, &leaving, |changed| changed.id == group.id, &mut changes);
        let steps = self.settle_links(&before, &after, &mut changes).await?;
        self.commit_deed(Deed::GroupLeft, changes).await?;
        drop(turn);
        self.folder.tell_changed()?;
        let now = after.groups.iter().find(|other| other.id == group.id);
        Ok(GroupChange {
            group: now.map(|group| group_dto(&directory, group, &after.read_only)),
            removed: left.removed,
            ..change(&directory, &steps)
        })
    }

    /// All groups.
    pub async fn groups(&self) -> Result<Vec<GroupDto>> {
        let directory = Directory::load(&self.state).await?;
        let wanted = Wanted::load(&self.state).await?;
        let mut groups: Vec<GroupDto> =
            wanted.groups.iter().map(|group| group_dto(&directory, group, &wanted.read_only)).collect();
        groups.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(groups)
    }

    /// Adds to `changes` what becomes of links when the wish goes from `before` to `after`.
    pub(crate) async fn settle_links(
        &self,
        before: &Wanted,
        after: &Wanted,
        changes: &mut Changes,
    ) -> Result<LinkSteps> {
        // Beside an engine at work a mirror may be placed at any moment: then a link retires first, and the
        // engine forgets it when it has none.
        let at_work = self.folder.holder().is_some();
        let mut rows = BTreeMap::new();
        let links = self.state.links().await?;
        for link in &links {
            let mirrors = self.state.mirror_count(&link.id).await?;
            let intents = self.state.intents_in(&link.id.target).await?;
            let unsure = at_work || intents.iter().any(|intent| intent.link == link.id);
            let mirrors = if mirrors == 0 && unsure { None } else { Some(mirrors) };
            rows.insert(link.id.clone(), (link.state, mirrors));
        }
        let possible = after.links().into_keys().collect();
        let steps = decide_links(&before.asked(), &after.asked(), &possible, &rows);
        for (id, state) in &steps.put {
            // One that lives again has the policy it had.
            let known = links.iter().find(|link| link.id == *id).cloned();
            changes.put_link(&known.unwrap_or_else(|| Link::new(id.clone())).in_state(*state));
        }
        for id in &steps.delete {
            changes.delete_link(id);
        }
        Ok(steps)
    }
}

/// Fails when there would be more pairs than before and than there may be.
pub(crate) fn check_pairs(limit: Option<u32>, before: &Wanted, after: &Wanted) -> Result<()> {
    let Some(limit) = limit else { return Ok(()) };
    let count = |wanted: &Wanted| pairs(wanted.links().keys()).len();
    let (had, has) = (count(before), count(after));
    if has > had && has > limit as usize {
        return Err(AppError::new(
            ErrorCode::PairLimit,
            format!("the group would make {has} pairs in all, and the limit is {limit}"),
        )
        .hint("raise it with `starmesh settings set pair_limit NUMBER`, or `none` for no limit"));
    }
    Ok(())
}

fn resolve(directory: &Directory, new: &NewGroup) -> Result<Shape> {
    let one = |name: &String| directory.find_calendar(name).map(|calendar| calendar.id.clone());
    Ok(match new {
        NewGroup::Star { hub, spokes } => {
            Shape::Star { hub: one(hub)?, spokes: directory.find_calendars(spokes)? }
        }
        NewGroup::Mesh { members } => Shape::Mesh { members: directory.find_calendars(members)? },
        NewGroup::Pair { a, b, one_way } => Shape::Pair { a: one(a)?, b: one(b)?, one_way: *one_way },
    })
}

pub(crate) fn check_shape(directory: &Directory, shape: &Shape) -> Result<()> {
    shape.check().map_err(|problem| {
        let message = match &problem {
            TopologyProblem::TooFew => problem.to_string(),
            TopologyProblem::Repeated(id) => {
                format!("“{}” stands twice in the group", directory.reference(id).name)
            }
        };
        AppError::new(ErrorCode::InvalidGroup, message)
    })?;
    // One collection seen through two accounts is one calendar: mirrored into itself it would never rest.
    let mut addresses = BTreeMap::new();
    for calendar in shape.members().into_iter().filter_map(|id| directory.calendar(id)) {
        if let Some(other) = addresses.insert(&calendar.remote.name, calendar) {
            let (one, two) = (directory.reference(&other.id).path, directory.reference(&calendar.id).path);
            return Err(AppError::new(
                ErrorCode::InvalidGroup,
                format!("{one} and {two} are one calendar, seen through two accounts"),
            ));
        }
    }
    Ok(())
}

/// A group of which no link can be is a mistake, and silence about it would look like success.
pub(crate) fn check_some_link(
    directory: &Directory,
    group: &Group,
    read_only: &BTreeSet<CalendarId>,
) -> Result<()> {
    if !links([group], read_only).is_empty() {
        return Ok(());
    }
    let targets: BTreeSet<String> =
        links([group], &BTreeSet::new()).keys().map(|link| directory.reference(&link.target).name).collect();
    let targets: Vec<String> = targets.into_iter().collect();
    Err(AppError::new(
        ErrorCode::InvalidGroup,
        format!("nothing can be written to {}: the group would do nothing", targets.join(" or ")),
    )
    .hint("a read-only calendar can only be a source; put it together with one that can be written"))
}

pub(crate) fn find_group<'a>(groups: &'a [Group], name: &str) -> Result<&'a Group> {
    groups.iter().find(|group| group.id.as_str() == name).ok_or_else(|| {
        let candidates: Vec<String> = groups.iter().map(|group| group.id.to_string()).collect();
        let hint = if candidates.is_empty() {
            "there is none yet: `starmesh group add` makes one".to_owned()
        } else {
            format!("there is: {}", candidates.join(", "))
        };
        AppError::new(ErrorCode::UnknownName, format!("there is no group “{name}”"))
            .hint(hint)
            .action(Action::Choose { candidates })
    })
}

/// `star-1`, `mesh-2`: short enough to type.
pub(crate) fn free_name(shape: &Shape, groups: &[Group]) -> GroupId {
    let word = match shape {
        Shape::Star { .. } => "star",
        Shape::Mesh { .. } => "mesh",
        Shape::Pair { .. } => "pair",
    };
    let mut number = 1_u64;
    loop {
        let id = GroupId::new(format!("{word}-{number}"));
        if groups.iter().all(|group| group.id != id) {
            return id;
        }
        number += 1;
    }
}

pub(crate) fn group_dto(directory: &Directory, group: &Group, read_only: &BTreeSet<CalendarId>) -> GroupDto {
    let made = links([group], read_only);
    let left_out = links([group], &BTreeSet::new())
        .into_keys()
        .filter(|link| !made.contains_key(link))
        .map(|link| LeftOut { link: directory.link(&link), reason: LeftOutReason::ReadOnlyTarget })
        .collect();
    GroupDto {
        name: group.id.to_string(),
        shape: match group.shape {
            Shape::Star { .. } => ShapeDto::Star,
            Shape::Mesh { .. } => ShapeDto::Mesh,
            Shape::Pair { one_way: false, .. } => ShapeDto::Pair,
            Shape::Pair { one_way: true, .. } => ShapeDto::OneWay,
        },
        calendars: group.shape.members().into_iter().map(|id| directory.reference(id)).collect(),
        pairs: pairs(made.keys()).len() as u64,
        links: made.len() as u64,
        left_out,
    }
}

fn change(directory: &Directory, steps: &LinkSteps) -> GroupChange {
    GroupChange {
        links_added: steps.added.iter().map(|id| directory.link(id)).collect(),
        links_removed: steps.removed.iter().map(|id| directory.link(id)).collect(),
        mirrors_to_remove: steps.mirrors_to_remove,
        ..GroupChange::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_free_number_names_a_group() {
        let mesh = Shape::Mesh { members: vec![CalendarId::new("a"), CalendarId::new("b")] };
        let group = |name: &str| Group { id: GroupId::new(name), shape: mesh.clone() };
        let groups = [group("mesh-1"), group("mesh-3"), group("star-2")];
        assert_eq!(free_name(&mesh, &groups).as_str(), "mesh-2");
    }
}
