//! Which calendars there are, and how a person joined them. Own code, as all of the oracle's.

use std::collections::BTreeSet;

use starmesh_core::ids::{AccountId, CalendarId, GroupId, LastingName};
use starmesh_core::topology;

use crate::span::Wall;

/// One calendar of the world.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a habit of its own")]
pub(crate) struct Place {
    /// Its account.
    pub account: AccountId,
    /// The name that lasts.
    pub name: LastingName,
    /// What every device calls it.
    pub id: CalendarId,
    /// Where its floating times hang.
    pub home: Wall,
    /// True when it is only ever a source.
    pub read_only: bool,
    /// True when it belongs to somebody else who lets us write, where its service knows such a thing.
    pub shared: bool,
    /// True when its service knows categories.
    pub categories: bool,
    /// True when mirrors there can have a colour.
    pub colors: bool,
    /// True when its service takes an event under a spent identity, and stores nothing: what never stood then looks
    /// as if a person had deleted it.
    pub forgets: bool,
}

/// What holds the calendars of an account.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Service {
    /// Memory, behind the port itself.
    Memory,
    /// The simulated Google, through its adapter.
    Google,
    /// The simulated Microsoft, an account of an organisation, through its adapter.
    Work,
    /// The simulated Microsoft, a personal account, through its adapter.
    Personal,
    /// The simulated CalDAV server, through its adapter.
    Caldav,
}

impl Service {
    /// Every kind, in the order above.
    pub const ALL: [Self; 5] = [Self::Memory, Self::Google, Self::Work, Self::Personal, Self::Caldav];
}

/// A link by the numbers of its calendars: source, target.
pub(crate) type Edge = (usize, usize);

/// How calendars are joined.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    /// The hub with each spoke.
    Star {
        /// The hub.
        hub: usize,
        /// The spokes.
        spokes: Vec<usize>,
    },
    /// Each with each.
    Mesh(Vec<usize>),
    /// Two.
    Pair {
        /// The first; the source when one-way.
        a: usize,
        /// The second.
        b: usize,
        /// From the first to the second only.
        one_way: bool,
    },
}

/// A group with its number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Group {
    /// Its number in the world.
    pub number: u32,
    /// How it joins.
    pub shape: Shape,
}

impl Shape {
    /// The links that the shape asks for.
    fn edges(&self) -> Vec<Edge> {
        let mut edges = Vec::new();
        match self {
            Self::Star { hub, spokes } => {
                for spoke in spokes {
                    edges.extend([(*hub, *spoke), (*spoke, *hub)]);
                }
            }
            Self::Mesh(members) => {
                for a in members {
                    edges.extend(members.iter().filter(|b| *b != a).map(|b| (*a, *b)));
                }
            }
            Self::Pair { a, b, one_way } => {
                edges.push((*a, *b));
                if !one_way {
                    edges.push((*b, *a));
                }
            }
        }
        edges
    }
}

impl Group {
    /// The group as a device stores it.
    pub(crate) fn stored(&self, places: &[Place]) -> topology::Group {
        let id = |number: &usize| places[*number].id.clone();
        let shape = match &self.shape {
            Shape::Star { hub, spokes } => {
                topology::Shape::Star { hub: id(hub), spokes: spokes.iter().map(id).collect() }
            }
            Shape::Mesh(members) => topology::Shape::Mesh { members: members.iter().map(id).collect() },
            Shape::Pair { a, b, one_way } => topology::Shape::Pair { a: id(a), b: id(b), one_way: *one_way },
        };
        topology::Group { id: GroupId::new(format!("group-{}", self.number)), shape }
    }
}

/// The links of all groups, each once, none into a read-only calendar.
pub(crate) fn edges(groups: &[Group], places: &[Place]) -> BTreeSet<Edge> {
    let all = groups.iter().flat_map(|group| group.shape.edges());
    all.filter(|(source, target)| source != target && !places[*target].read_only).collect()
}
