//! Groups, and the links that follow from them. What a person wants is changed here; nothing is written to
//! a calendar.

use std::collections::{BTreeMap, BTreeSet};

use starmesh_core::ids::{CalendarId, GroupId, LinkId};
use starmesh_core::reconcile::LinkState;
use starmesh_core::topology::{Group, Shape, TopologyProblem, links, pairs};
use starmesh_store::state::{Changes, Link, State};

use crate::dto::{GroupChange, GroupDto, LeftOut, LeftOutReason, ShapeDto};
use crate::error::{Action, AppError, ErrorCode, Result};
use crate::names::Directory;
use crate::open::Starmesh;

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

/// Everything that links follow from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Wanted {
    /// The groups.
    pub groups: Vec<Group>,
    /// The calendars that cannot be a target.
    pub read_only: BTreeSet<CalendarId>,
}

impl Wanted {
    pub(crate) async fn load(state: &State) -> Result<Self> {
        let read_only = Directory::load(state).await?.read_only();
        Ok(Self { groups: state.groups().await?, read_only })
    }

    /// The links, with the groups that make each.
    pub(crate) fn links(&self) -> BTreeMap<LinkId, BTreeSet<GroupId>> {
        links(&self.groups, &self.read_only)
    }

    /// The links that the groups ask for, also those that cannot be, with the groups that ask for each.
    pub(crate) fn asked_by(&self) -> BTreeMap<LinkId, BTreeSet<GroupId>> {
        links(&self.groups, &BTreeSet::new())
    }

    fn asked(&self) -> BTreeSet<LinkId> {
        self.asked_by().into_keys().collect()
    }
}

/// What becomes of links when the wish changes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct LinkSteps {
    /// Links to write.
    pub put: Vec<Link>,
    /// Links to forget at once.
    pub delete: Vec<LinkId>,
    /// Links that are new, or live again.
    pub added: Vec<LinkId>,
    /// Links that no group makes any more.
    pub removed: Vec<LinkId>,
    /// How many mirrors go with them.
    pub mirrors_to_remove: u64,
}

/// Decides what becomes of links. `before` and `after` are the links that groups ask for, `possible` those
/// of `after` that can be. `rows` are the links there are, with their mirrors; `None` for a link that must
/// not vanish at once because writes for it may be under way.
///
/// A link whose target turned read-only stays as it is: a server that says so by mistake for an hour must not
/// cost every mirror in it.
pub(crate) fn decide_links(
    before: &BTreeSet<LinkId>,
    after: &BTreeSet<LinkId>,
    possible: &BTreeSet<LinkId>,
    rows: &BTreeMap<LinkId, (LinkState, Option<u64>)>,
) -> LinkSteps {
    let mut steps = LinkSteps::default();
    for id in possible {
        let lives_again = match rows.get(id) {
            None => true,
            // A link that was wanted all along and still retires is being cleaned: that goes on.
            Some((LinkState::Retiring, _)) => !before.contains(id),
            Some((LinkState::Active | LinkState::Paused, _)) => false,
        };
        if lives_again {
            steps.put.push(Link { id: id.clone(), state: LinkState::Active });
            steps.added.push(id.clone());
        }
    }
    for (id, (state, mirrors)) in rows.iter().filter(|(id, _)| !after.contains(*id)) {
        if before.contains(id) {
            steps.removed.push(id.clone());
            steps.mirrors_to_remove += mirrors.unwrap_or(0);
        }
        if *mirrors == Some(0) {
            steps.delete.push(id.clone());
        } else if *state != LinkState::Retiring {
            steps.put.push(Link { id: id.clone(), state: LinkState::Retiring });
        }
    }
    steps
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
        self.check_pair_limit(&before, &after).await?;

        let mut changes = Changes::new();
        changes.put_group(&group);
        let steps = self.settle_links(&before, &after, &mut changes).await?;
        self.state.commit(changes).await?;
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
        self.state.commit(changes).await?;
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
        self.state.commit(changes).await?;
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
        for link in self.state.links().await? {
            let mirrors = self.state.mirror_count(&link.id).await?;
            let intents = self.state.intents_in(&link.id.target).await?;
            let unsure = at_work || intents.iter().any(|intent| intent.link == link.id);
            let mirrors = if mirrors == 0 && unsure { None } else { Some(mirrors) };
            rows.insert(link.id, (link.state, mirrors));
        }
        let possible = after.links().into_keys().collect();
        let steps = decide_links(&before.asked(), &after.asked(), &possible, &rows);
        for link in &steps.put {
            changes.put_link(link);
        }
        for id in &steps.delete {
            changes.delete_link(id);
        }
        Ok(steps)
    }

    async fn check_pair_limit(&self, before: &Wanted, after: &Wanted) -> Result<()> {
        let Some(limit) = self.state.settings().await?.pair_limit else { return Ok(()) };
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
}

/// What groups lose when calendars leave them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Left {
    /// Groups that go on with fewer calendars.
    pub smaller: Vec<String>,
    /// Groups that cannot go on.
    pub removed: Vec<String>,
}

/// Takes `leaving` out of the groups that `touches` names.
pub(crate) fn leave(
    wanted: &mut Wanted,
    leaving: &BTreeSet<CalendarId>,
    touches: impl Fn(&Group) -> bool,
    changes: &mut Changes,
) -> Left {
    let mut left = Left::default();
    let mut groups = Vec::new();
    for group in std::mem::take(&mut wanted.groups) {
        let concerned =
            touches(&group) && group.shape.members().iter().any(|member| leaving.contains(*member));
        if !concerned {
            groups.push(group);
            continue;
        }
        if let Some(shape) = without(&group.shape, leaving) {
            let group = Group { shape, ..group };
            changes.put_group(&group);
            left.smaller.push(group.id.to_string());
            groups.push(group);
        } else {
            changes.delete_group(&group.id);
            left.removed.push(group.id.to_string());
        }
    }
    wanted.groups = groups;
    left
}

/// The shape without some calendars; `None` when it cannot be without them.
fn without(shape: &Shape, leaving: &BTreeSet<CalendarId>) -> Option<Shape> {
    let stay = |all: &[CalendarId]| all.iter().filter(|id| !leaving.contains(*id)).cloned().collect();
    let shape = match shape {
        Shape::Star { hub, .. } if leaving.contains(hub) => return None,
        Shape::Star { hub, spokes } => Shape::Star { hub: hub.clone(), spokes: stay(spokes) },
        Shape::Mesh { members } => Shape::Mesh { members: stay(members) },
        Shape::Pair { .. } => return None,
    };
    shape.check().is_ok().then_some(shape)
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

fn check_shape(directory: &Directory, shape: &Shape) -> Result<()> {
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
fn check_some_link(directory: &Directory, group: &Group, read_only: &BTreeSet<CalendarId>) -> Result<()> {
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

fn find_group<'a>(groups: &'a [Group], name: &str) -> Result<&'a Group> {
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
fn free_name(shape: &Shape, groups: &[Group]) -> GroupId {
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

fn group_dto(directory: &Directory, group: &Group, read_only: &BTreeSet<CalendarId>) -> GroupDto {
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

    fn id(name: &str) -> CalendarId {
        CalendarId::new(name)
    }

    fn link(source: &str, target: &str) -> LinkId {
        LinkId::new(id(source), id(target))
    }

    fn set(links: &[(&str, &str)]) -> BTreeSet<LinkId> {
        links.iter().map(|(source, target)| link(source, target)).collect()
    }

    #[test]
    fn a_new_link_runs_and_a_retiring_one_that_is_wanted_again_too() {
        let rows = BTreeMap::from([
            (link("a", "b"), (LinkState::Retiring, Some(3))),
            (link("a", "c"), (LinkState::Paused, Some(1))),
        ]);
        let after = set(&[("a", "b"), ("a", "c"), ("b", "a")]);
        let steps = decide_links(&set(&[("a", "c")]), &after, &after, &rows);
        let active = |source, target| Link { id: link(source, target), state: LinkState::Active };
        assert_eq!(steps.put, vec![active("a", "b"), active("b", "a")]);
        assert_eq!(steps.added, vec![link("a", "b"), link("b", "a")]);
        assert!(steps.delete.is_empty() && steps.removed.is_empty());
    }

    #[test]
    fn a_link_that_is_being_cleaned_goes_on_retiring_while_its_group_stands() {
        let rows = BTreeMap::from([(link("a", "b"), (LinkState::Retiring, Some(3)))]);
        let both = set(&[("a", "b")]);
        assert_eq!(decide_links(&both, &both, &both, &rows), LinkSteps::default());
    }

    #[test]
    fn a_link_that_no_group_makes_retires_or_vanishes_when_it_has_no_mirror() {
        let rows = BTreeMap::from([
            (link("a", "b"), (LinkState::Active, Some(7))),
            (link("b", "a"), (LinkState::Paused, Some(0))),
            (link("a", "c"), (LinkState::Active, None)),
            (link("c", "a"), (LinkState::Retiring, Some(2))),
        ]);
        let before = set(&[("a", "b"), ("b", "a"), ("a", "c")]);
        let none = BTreeSet::new();
        let steps = decide_links(&before, &none, &none, &rows);
        let retiring = |source, target| Link { id: link(source, target), state: LinkState::Retiring };
        assert_eq!(steps.put, vec![retiring("a", "b"), retiring("a", "c")]);
        assert_eq!(steps.delete, vec![link("b", "a")]);
        assert_eq!(steps.removed, vec![link("a", "b"), link("a", "c"), link("b", "a")]);
        assert_eq!(steps.mirrors_to_remove, 7);
    }

    #[test]
    fn a_link_whose_target_turned_read_only_stays_as_it_is() {
        let rows = BTreeMap::from([(link("a", "b"), (LinkState::Active, Some(9)))]);
        let asked = set(&[("a", "b"), ("b", "a")]);
        let steps = decide_links(&asked, &asked, &set(&[("b", "a")]), &rows);
        assert_eq!(steps.added, vec![link("b", "a")]);
        assert!(steps.delete.is_empty() && steps.removed.is_empty());
    }

    #[test]
    fn a_group_goes_on_without_a_spoke_and_not_without_its_hub() {
        let star = Shape::Star { hub: id("h"), spokes: vec![id("a"), id("b")] };
        let gone = |names: &[&str]| names.iter().map(|name| id(name)).collect::<BTreeSet<_>>();
        let smaller = Shape::Star { hub: id("h"), spokes: vec![id("b")] };
        assert_eq!(without(&star, &gone(&["a"])), Some(smaller));
        assert_eq!(without(&star, &gone(&["h"])), None);
        assert_eq!(without(&star, &gone(&["a", "b"])), None);
        let mesh = Shape::Mesh { members: vec![id("a"), id("b"), id("c")] };
        assert_eq!(without(&mesh, &gone(&["a"])), Some(Shape::Mesh { members: vec![id("b"), id("c")] }));
        assert_eq!(without(&mesh, &gone(&["a", "b"])), None);
        let pair = Shape::Pair { a: id("a"), b: id("b"), one_way: true };
        assert_eq!(without(&pair, &gone(&["b"])), None);
    }

    #[test]
    fn the_lowest_free_number_names_a_group() {
        let mesh = Shape::Mesh { members: vec![id("a"), id("b")] };
        let group = |name: &str| Group { id: GroupId::new(name), shape: mesh.clone() };
        let groups = [group("mesh-1"), group("mesh-3"), group("star-2")];
        assert_eq!(free_name(&mesh, &groups).as_str(), "mesh-2");
    }
}
