//! Compares what stands with what ought to stand, once all is quiet.

use std::collections::{BTreeMap, BTreeSet};

use starmesh_core::mirror::{FoundColor, MirrorKey};

use crate::cause::Cause;
use crate::event::Shown;
use crate::ground::Ground;
use crate::layout::Edge;
use crate::memory::{MarkedItem, Owner};
use crate::oracle::Oracle;
use crate::rules::Look;
use crate::span::{Reach, Span};

/// What is excused when the world is compared.
#[derive(Clone, Default, Debug)]
pub(crate) struct Excuses {
    /// Mirrors whose removal the brake holds.
    pub held: BTreeSet<MirrorKey>,
    /// Links whose mirrors no device can name any more: a database was lost while they were going.
    pub forgotten: BTreeSet<Edge>,
    /// True when a write's outcome may have stayed unknown: a mirror without a record is not judged while it
    /// is outside the window.
    pub unrecorded: bool,
    /// True once a database was lost: outside the window nothing is known of a mirror's source.
    pub store_lost: bool,
}

/// One occurrence of one meeting, as a target would show it.
type Slot = (String, String, Span);

struct Comparison<'a> {
    oracle: &'a Oracle,
    excuses: &'a Excuses,
    target: usize,
    reach: Reach,
    live: BTreeMap<MirrorKey, Vec<MarkedItem>>,
    found: Vec<String>,
}

/// Everything that is not as it ought to be.
pub(crate) fn compare(oracle: &Oracle, ground: &Ground, excuses: &Excuses) -> Vec<String> {
    let mut found = Vec::new();
    for target in 0..oracle.places.len() {
        let mut live: BTreeMap<MirrorKey, Vec<MarkedItem>> = BTreeMap::new();
        let standing = ground.venues[target].standing().into_iter().filter_map(|item| item.marked);
        for mirror in standing.filter(|mirror| mirror.owner == Owner::Mirror) {
            match mirror.key {
                Some(key) => live.entry(key).or_default().push(mirror),
                None => found.push(format!("calendar {target}: a mirror without a readable mark")),
            }
        }
        let mut comparison =
            Comparison { oracle, excuses, target, reach: oracle.reach(), live, found: Vec::new() };
        comparison.check_wanted();
        comparison.check_live();
        found.append(&mut comparison.found);
    }
    found
}

impl Comparison<'_> {
    fn complain(&mut self, what: &str, cause: &Cause) {
        self.found.push(format!(
            "calendar {}: {what}: {} {} of calendar {} ({:?})",
            self.target, cause.event, cause.original, cause.source, cause.wanted
        ));
    }

    /// Every wanted mirror stands once and says what it should.
    fn check_wanted(&mut self) {
        let oracle = self.oracle;
        let own = self.own_slots(false);
        // Whether what cannot be read still blocks depends on when it was read last.
        let perhaps_own = self.own_slots(true);
        let mut slots: BTreeMap<Slot, Vec<(MirrorKey, &Cause)>> = BTreeMap::new();
        for (key, cause) in oracle.causes.iter().filter(|(_, cause)| cause.target == self.target) {
            if let (Some((span, _)), true) = (cause.wanted, oracle.is_known((cause.source, cause.target))) {
                let slot = (cause.uid.clone(), cause.original.clone(), span);
                slots.entry(slot).or_default().push((*key, cause));
            }
        }
        for (slot, causes) in slots {
            if !self.reach.meets(&slot.2) {
                continue;
            }
            let active = |cause: &Cause| oracle.is_active((cause.source, cause.target));
            let readable: Vec<_> =
                causes.iter().filter(|(_, cause)| cause.readable && active(cause)).collect();
            let Some((_, first)) = readable.first() else { continue };
            let sources: BTreeSet<usize> = causes.iter().map(|(_, cause)| cause.source).collect();
            let standing = causes.iter().filter(|(key, _)| self.live.contains_key(key)).count();
            let expected = match (own.contains(&slot), sources.len()) {
                (true, _) => 0,
                // Twins in one calendar each have their mirror; one meeting from several has one.
                (false, 1) => readable.len(),
                (false, _) => 1,
            };
            let dismissed = readable.iter().filter(|(_, cause)| cause.dismissed.contains(&slot.2)).count();
            let unreadable = causes.len() - readable.len();
            let untouchable = causes.iter().filter(|(key, _)| self.is_untouchable(key)).count();
            let least = if perhaps_own.contains(&slot) { 0 } else { expected.saturating_sub(dismissed) };
            if standing < least || standing > expected + unreadable + untouchable {
                self.complain(&format!("{standing} mirrors where {expected} ought to be"), first);
            }
        }
    }

    /// True for a mirror that nobody may remove: others were invited to it, or the brake holds it.
    fn is_untouchable(&self, key: &MirrorKey) -> bool {
        let mirrors = self.live.get(key).map(Vec::as_slice).unwrap_or_default();
        self.excuses.held.contains(key) || mirrors.iter().any(|mirror| mirror.has_attendees)
    }

    /// The occurrences that the target's own events block.
    fn own_slots(&self, unreadable: bool) -> BTreeSet<Slot> {
        let events = self.oracle.causes.events(self.target).values();
        let home = self.oracle.places[self.target].home;
        let mut slots = BTreeSet::new();
        for event in events.filter(|event| event.unreadable == unreadable) {
            for occurrence in event.occurrences(home, self.reach.hi) {
                if occurrence.shown().is_some() {
                    slots.insert((event.uid.clone(), occurrence.original, occurrence.span));
                }
            }
        }
        slots
    }

    fn holds_unreadable(&self, source: usize) -> bool {
        self.oracle.causes.events(source).values().any(|event| event.unreadable)
    }

    /// Every mirror that stands has a reason to, and says what it should.
    fn check_live(&mut self) {
        for (key, mirrors) in std::mem::take(&mut self.live) {
            // Where nothing runs any more nobody looks for one that was left behind; a sweep does.
            if self.oracle.is_canary(self.target, Some(key)) {
                if self.oracle.is_fed(self.target) && mirrors.iter().any(|mirror| !mirror.has_attendees) {
                    self.found.push(format!("calendar {}: a canary was left behind", self.target));
                }
                continue;
            }
            let Some(cause) = self.oracle.causes.get(&key) else {
                self.found.push(format!("calendar {}: a mirror that has no cause at all", self.target));
                continue;
            };
            // What lies behind the window is kept and not mended.
            let in_sight = mirrors.iter().any(|mirror| Span::of(&mirror.time).end > self.reach.lo);
            if in_sight && mirrors.len() > 1 && mirrors.iter().all(|mirror| !mirror.has_attendees) {
                self.complain(&format!("{} live mirrors of one occurrence", mirrors.len()), cause);
            }
            for mirror in mirrors {
                self.check_one(&key, cause, &mirror);
            }
        }
    }

    fn check_one(&mut self, key: &MirrorKey, cause: &Cause, mirror: &MarkedItem) {
        let edge = (cause.source, cause.target);
        if mirror.has_attendees || !cause.readable || self.excuses.held.contains(key) {
            return;
        }
        if !self.oracle.is_active(edge) {
            // Without a record one behind the window is out of everybody's sight.
            let out_of_sight = self.excuses.unrecorded && Span::of(&mirror.time).end <= self.reach.lo;
            // One that came back from the bin may have come after its link was given up.
            let stays = self.oracle.is_paused(edge)
                || self.excuses.forgotten.contains(&edge)
                || self.oracle.restored.contains(key)
                || out_of_sight;
            if !stays {
                self.complain("a mirror of a link that is gone", cause);
            }
            return;
        }
        let span = Span::of(&mirror.time);
        if span.end <= self.reach.lo {
            return;
        }
        match cause.wanted {
            Some(wanted) => {
                let says = Shown::of(mirror.availability).map(|shown| (span, shown));
                let Look { label, color } = self.oracle.causes.look(cause.source, cause.target);
                let colored = color.is_none_or(|color| mirror.color == FoundColor::Known(color));
                let plain = mirror.plain && mirror.label == label && colored;
                let right = says == Some(wanted) && plain;
                // Outside the window a mirror is kept and not mended; but it does not outlive a move.
                let moved = span != wanted.0 && cause.said.iter().any(|(said, _)| *said == span);
                let judged = !self.excuses.unrecorded
                    || (self.reach.meets(&span) && !self.holds_unreadable(cause.source));
                let kept = !(self.reach.meets(&wanted.0) || moved && judged);
                if !right && !kept {
                    self.complain(&format!("a mirror that says {says:?}, plain: {plain}"), cause);
                }
            }
            // Without a record nobody can tell what an orphan outside the window stood for, nor one whose
            // source holds something that nobody can read.
            None if self.excuses.unrecorded
                && (!self.reach.meets(&span) || self.holds_unreadable(cause.source)) => {}
            None => self.complain("a mirror whose source is gone", cause),
        }
    }
}
