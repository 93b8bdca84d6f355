//! Which calendar feeds which: groups become pairs, and pairs become links.
//!
//! A **star** of n spokes is exactly n pairs; a **mesh** of n calendars is n(n−1)/2. A pair is two links, or
//! one when it is one-way. Groups may overlap: a link lives while any group generates it and runs once, and
//! one-way together with two-way is two-way. A read-only calendar is only ever a source.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::{CalendarId, GroupId, LinkId};

/// Calendars that a person put together.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Group {
    /// Our name of it.
    pub id: GroupId,
    /// How its calendars are joined.
    pub shape: Shape,
}

/// How the calendars of a group are joined.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(tag = "shape", rename_all = "snake_case")]
pub enum Shape {
    /// The hub with each spoke; no spoke with another.
    Star {
        /// The calendar in the middle.
        hub: CalendarId,
        /// The calendars around it.
        spokes: Vec<CalendarId>,
    },
    /// Each with each.
    Mesh {
        /// The calendars.
        members: Vec<CalendarId>,
    },
    /// Two calendars.
    Pair {
        /// The first; the source when one-way.
        a: CalendarId,
        /// The second; the target when one-way.
        b: CalendarId,
        /// From `a` to `b` only.
        one_way: bool,
    },
}

/// Why a group cannot be.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TopologyProblem {
    /// A star without spokes, a mesh of fewer than two.
    #[error("a group joins at least two calendars")]
    TooFew,
    /// The same calendar twice in one group.
    #[error("a calendar stands twice in the group")]
    Repeated(CalendarId),
}

impl Shape {
    /// The calendars of the group, each once, in the order given (a star's hub first).
    pub fn members(&self) -> Vec<&CalendarId> {
        match self {
            Self::Star { hub, spokes } => std::iter::once(hub).chain(spokes).collect(),
            Self::Mesh { members } => members.iter().collect(),
            Self::Pair { a, b, .. } => vec![a, b],
        }
    }

    /// Checks that the group can be.
    pub fn check(&self) -> Result<(), TopologyProblem> {
        let members = self.members();
        if members.len() < 2 {
            return Err(TopologyProblem::TooFew);
        }
        let mut seen = BTreeSet::new();
        match members.into_iter().find(|member| !seen.insert(*member)) {
            Some(repeated) => Err(TopologyProblem::Repeated(repeated.clone())),
            None => Ok(()),
        }
    }

    fn directed(&self) -> Vec<LinkId> {
        let both = |a: &CalendarId, b: &CalendarId| {
            [LinkId::new(a.clone(), b.clone()), LinkId::new(b.clone(), a.clone())]
        };
        match self {
            Self::Star { hub, spokes } => spokes.iter().flat_map(|spoke| both(hub, spoke)).collect(),
            Self::Mesh { members } => members
                .iter()
                .enumerate()
                .flat_map(|(i, a)| members[i + 1..].iter().flat_map(move |b| both(a, b)))
                .collect(),
            Self::Pair { a, b, one_way: true } => vec![LinkId::new(a.clone(), b.clone())],
            Self::Pair { a, b, one_way: false } => both(a, b).to_vec(),
        }
    }
}

/// Two joined calendars, the lesser id first: what a pair limit counts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Pair(CalendarId, CalendarId);

impl Pair {
    /// The pair of a link's two ends.
    pub fn of(link: &LinkId) -> Self {
        if link.source <= link.target {
            Self(link.source.clone(), link.target.clone())
        } else {
            Self(link.target.clone(), link.source.clone())
        }
    }
}

/// The links of all groups, each once, with the groups that generate it. A link from a calendar to itself
/// and one into a read-only calendar are left out.
pub fn links<'a>(
    groups: impl IntoIterator<Item = &'a Group>,
    read_only: &BTreeSet<CalendarId>,
) -> BTreeMap<LinkId, BTreeSet<GroupId>> {
    let mut links: BTreeMap<LinkId, BTreeSet<GroupId>> = BTreeMap::new();
    for group in groups {
        for link in group.shape.directed() {
            if link.source != link.target && !read_only.contains(&link.target) {
                links.entry(link).or_default().insert(group.id.clone());
            }
        }
    }
    links
}

/// The pairs that these links join.
pub fn pairs<'a>(links: impl IntoIterator<Item = &'a LinkId>) -> BTreeSet<Pair> {
    links.into_iter().map(Pair::of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn calendars(n: usize) -> Vec<CalendarId> {
        (0..n).map(|i| CalendarId::new(format!("c{i:02}"))).collect()
    }

    fn group(id: &str, shape: Shape) -> Group {
        Group { id: GroupId::new(id), shape }
    }

    fn all(groups: &[Group]) -> BTreeSet<LinkId> {
        links(groups, &BTreeSet::new()).into_keys().collect()
    }

    proptest! {
        #[test]
        fn a_star_of_n_spokes_is_n_pairs_and_no_spoke_meets_another(n in 1usize..30) {
            let c = calendars(n + 1);
            let star = group("s", Shape::Star { hub: c[0].clone(), spokes: c[1..].to_vec() });
            let links = all(&[star]);
            prop_assert_eq!(pairs(&links).len(), n);
            prop_assert_eq!(links.len(), 2 * n);
            prop_assert!(links.iter().all(|link| link.source == c[0] || link.target == c[0]));
        }

        #[test]
        fn a_mesh_of_n_is_half_n_times_n_minus_one_pairs(n in 2usize..25) {
            let mesh = group("m", Shape::Mesh { members: calendars(n) });
            prop_assert_eq!(pairs(&all(&[mesh])).len(), n * (n - 1) / 2);
        }

        #[test]
        fn the_same_group_twice_changes_nothing(n in 2usize..10) {
            let shape = Shape::Mesh { members: calendars(n) };
            let once = all(&[group("a", shape.clone())]);
            let twice = all(&[group("a", shape.clone()), group("b", shape)]);
            prop_assert_eq!(once, twice);
        }
    }

    #[test]
    fn one_way_together_with_two_way_is_two_way() {
        let c = calendars(2);
        let pair = |one_way| Shape::Pair { a: c[0].clone(), b: c[1].clone(), one_way };
        assert_eq!(all(&[group("a", pair(true))]).len(), 1);
        assert_eq!(all(&[group("a", pair(true)), group("b", pair(false))]).len(), 2);
    }

    #[test]
    fn a_read_only_calendar_is_only_ever_a_source() {
        let c = calendars(3);
        let mesh = group("m", Shape::Mesh { members: c.clone() });
        let links = links([&mesh], &BTreeSet::from([c[1].clone()]));
        assert_eq!(links.len(), 4);
        assert!(links.keys().all(|link| link.target != c[1]));
    }

    #[test]
    fn a_group_of_one_and_a_repeated_calendar_are_refused() {
        let c = calendars(2);
        assert_eq!(Shape::Mesh { members: c[..1].to_vec() }.check(), Err(TopologyProblem::TooFew));
        let twice = Shape::Star { hub: c[0].clone(), spokes: vec![c[1].clone(), c[0].clone()] };
        assert_eq!(twice.check(), Err(TopologyProblem::Repeated(c[0].clone())));
    }
}
