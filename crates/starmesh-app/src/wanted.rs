//! What is wanted, and what becomes of links when the wish changes: pure decisions.

use std::collections::{BTreeMap, BTreeSet};

use starmesh_core::ids::{CalendarId, GroupId, LinkId};
use starmesh_core::reconcile::LinkState;
use starmesh_core::topology::{Group, Shape, links};
use starmesh_store::state::{Changes, State};

use crate::error::Result;
use crate::names::Directory;

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

    pub(crate) fn asked(&self) -> BTreeSet<LinkId> {
        self.asked_by().into_keys().collect()
    }
}

/// What becomes of links when the wish changes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct LinkSteps {
    /// Links to write, with the state that each is to have.
    pub put: Vec<(LinkId, LinkState)>,
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
            steps.put.push((id.clone(), LinkState::Active));
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
            steps.put.push((id.clone(), LinkState::Retiring));
        }
    }
    steps
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
        let active = |source, target| (link(source, target), LinkState::Active);
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
        let retiring = |source, target| (link(source, target), LinkState::Retiring);
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
}
