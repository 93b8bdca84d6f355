//! Why mirrors may be: every occurrence that ever was, under the key that its mirror has.

use std::collections::{BTreeMap, BTreeSet};

use starmesh_core::ids::{EventId, RemoteId};
use starmesh_core::mirror::{FoundColor, IdentityKey, MirrorKey};
use starmesh_core::recurrence::OriginalStart;

use crate::event::{Event, Occurrence, Shown};
use crate::layout::{Edge, Place};
use crate::rules::{Look, Rule, Rules, look, shown};
use crate::span::{Reach, Span};
use crate::words::{self, Holds};

/// One occurrence as the reason of one mirror.
#[derive(Clone, Debug)]
pub(crate) struct Cause {
    /// Where it is.
    pub source: usize,
    /// Where its mirror is.
    pub target: usize,
    /// Its event, with the ordinal of a twin.
    pub event: String,
    /// The event's iCal UID.
    pub uid: String,
    /// Its original start.
    pub original: String,
    /// What its mirror has to say now; `None` while there must be none.
    pub wanted: Option<(Span, Shown)>,
    /// Everything its mirror ever had to say.
    pub said: BTreeSet<(Span, Shown)>,
    /// Everything that it ever was: rules may be changed before a change is read.
    was: Vec<Occurrence>,
    /// True once there was a moment at which its mirror had no reason to stand: from then on a removal may
    /// be an honest reaction to that moment.
    pub blemished: bool,
    /// False while its event cannot be read.
    pub readable: bool,
    /// Where its mirror stood when a person deleted it who wants deleted ones to stay away: it may be missing
    /// there.
    pub dismissed: BTreeSet<Span>,
    /// Where that was so until other rules came: whoever takes these back wants it so again.
    respected_before: BTreeSet<Span>,
    /// True while nothing has changed since that deletion: it has to stay away.
    pub stays_away: bool,
}

/// All causes, and the events they come from.
pub(crate) struct Causes {
    keys: IdentityKey,
    places: Vec<Place>,
    until: i64,
    rules: Rules,
    /// What mirrors of a link ever looked like, where that was changed.
    looks: BTreeMap<Edge, BTreeSet<Look>>,
    events: Vec<BTreeMap<RemoteId, Event>>,
    by_key: BTreeMap<MirrorKey, Cause>,
    by_uid: BTreeMap<(usize, String), BTreeSet<MirrorKey>>,
    known_keys: BTreeMap<(usize, usize, String, String), MirrorKey>,
}

impl Causes {
    /// None yet. Series are followed up to `until`.
    pub(crate) fn new(keys: IdentityKey, places: Vec<Place>, until: i64, rules: Rules) -> Self {
        let events = vec![BTreeMap::new(); places.len()];
        Self {
            keys,
            places,
            until,
            rules,
            looks: BTreeMap::new(),
            events,
            by_key: BTreeMap::new(),
            by_uid: BTreeMap::new(),
            known_keys: BTreeMap::new(),
        }
    }

    /// What the mirrors of a link look like.
    pub(crate) fn look(&self, source: usize, target: usize) -> Look {
        look(self.rules.get(&(source, target)))
    }

    /// True when mirrors of a link look so, or did under its rules of before.
    pub(crate) fn was_look(&self, edge: Edge, label: &str, color: FoundColor) -> bool {
        let before = self.looks.get(&edge).into_iter().flatten();
        before.chain([&look(self.rules.get(&edge))]).any(|look| {
            look.label == label && look.color.map_or(FoundColor::Unset, FoundColor::Known) == color
        })
    }

    /// A person gave a link other rules.
    pub(crate) fn rule_changes(&mut self, edge: Edge, rule: &Rule, reach: &Reach) {
        let (source, _) = edge;
        self.looks.entry(edge).or_default().insert(look(self.rules.get(&edge)));
        self.rules.insert(edge, rule.clone());
        for cause in self.by_key.values_mut().filter(|cause| (cause.source, cause.target) == edge) {
            cause.stays_away = false;
            let held = held(&cause.uid, &self.places[source]);
            let said = cause.was.iter().filter_map(|it| Some((it.span, shown(Some(rule), it, held)?)));
            cause.said.extend(said);
            if !rule.respects() {
                cause.respected_before.append(&mut cause.dismissed);
            }
        }
        let uids: BTreeSet<String> = self.events[source].values().map(|event| event.uid.clone()).collect();
        for uid in uids {
            self.refresh(source, &uid, reach);
        }
    }

    /// A person took back the rules of a link: what was deleted by hand before them may stay away again.
    pub(crate) fn rule_is_back(&mut self, (source, target): Edge) {
        for cause in self.by_key.values_mut().filter(|it| (it.source, it.target) == (source, target)) {
            cause.dismissed.extend(&cause.respected_before);
        }
    }

    /// A person deleted a mirror.
    pub(crate) fn deleted_by_hand(&mut self, key: &MirrorKey, stood: Span) {
        let Some(cause) = self.by_key.get_mut(key) else { return };
        if self.rules.get(&(cause.source, cause.target)).is_some_and(Rule::respects) {
            cause.stays_away = cause.wanted.is_some_and(|(wanted, _)| wanted == stood);
            cause.dismissed.extend(cause.said.iter().map(|(said, _)| *said));
            cause.dismissed.insert(stood);
        }
    }

    /// It was placed again.
    pub(crate) fn placed(&mut self, key: &MirrorKey) {
        if let Some(cause) = self.by_key.get_mut(key) {
            cause.dismissed.clear();
            cause.respected_before.clear();
            cause.stays_away = false;
        }
    }

    /// A person's events in a calendar.
    pub(crate) fn events(&self, place: usize) -> &BTreeMap<RemoteId, Event> {
        &self.events[place]
    }

    /// The cause of a mirror.
    pub(crate) fn get(&self, key: &MirrorKey) -> Option<&Cause> {
        self.by_key.get(key)
    }

    /// All causes.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&MirrorKey, &Cause)> {
        self.by_key.iter()
    }

    /// Takes over a person's edit: `event` stands there now, or nothing.
    pub(crate) fn put(&mut self, place: usize, id: &RemoteId, event: Option<Event>, reach: &Reach) {
        let before = match event {
            Some(event) => self.events[place].insert(id.clone(), event),
            None => self.events[place].remove(id),
        };
        let mut uids: BTreeSet<String> = before.into_iter().map(|event| event.uid).collect();
        uids.extend(self.events[place].get(id).map(|event| event.uid.clone()));
        for uid in uids {
            self.refresh(place, &uid, reach);
        }
    }

    /// The window changed: what was moved and is outside now may honestly have been removed.
    pub(crate) fn reach_changed(&mut self, reach: &Reach) {
        for cause in self.by_key.values_mut() {
            let outside = cause.wanted.is_some_and(|(span, _)| !reach.meets(&span));
            cause.blemished |= outside && cause.said.len() > 1;
        }
    }

    /// A person approved that everything outside the window goes, wherever it was when last read.
    pub(crate) fn narrowed(&mut self, reach: &Reach) {
        for cause in self.by_key.values_mut() {
            cause.blemished |= cause.said.iter().any(|(span, _)| !reach.meets(span));
        }
    }

    /// A calendar was taken away for a while: whoever looked then could believe that all of it is gone.
    pub(crate) fn taken_away(&mut self, source: usize) {
        for cause in self.by_key.values_mut() {
            cause.blemished |= cause.source == source;
        }
    }

    /// A link was given up by some device: its mirrors may honestly go.
    pub(crate) fn given_up(&mut self, source: usize, target: usize) {
        for cause in self.by_key.values_mut() {
            cause.blemished |= cause.source == source && cause.target == target;
        }
    }

    /// Calendars other than `place` that hold an event with this UID.
    fn is_shared(&self, uid: &str) -> bool {
        self.events.iter().filter(|events| events.values().any(|event| event.uid == uid)).count() > 1
    }

    fn refresh(&mut self, source: usize, uid: &str, reach: &Reach) {
        let twins: Vec<Event> =
            self.events[source].values().filter(|event| event.uid == uid).cloned().collect();
        let mut current: BTreeMap<MirrorKey, Cause> = BTreeMap::new();
        let held = held(uid, &self.places[source]);
        for (index, event) in twins.iter().enumerate() {
            let id = if index == 0 { uid.to_owned() } else { format!("{uid}#{}", index + 1) };
            for occurrence in event.occurrences(self.places[source].home, self.until) {
                for target in 0..self.places.len() {
                    if target == source || self.places[target].read_only {
                        continue;
                    }
                    let key = self.key(source, target, &id, &occurrence.original);
                    let shown = shown(self.rules.get(&(source, target)), &occurrence, held);
                    let wanted = shown.map(|shown| (occurrence.span, shown));
                    current.insert(
                        key,
                        Cause {
                            source,
                            target,
                            event: id.clone(),
                            uid: uid.to_owned(),
                            original: occurrence.original.clone(),
                            wanted,
                            said: wanted.into_iter().collect(),
                            was: vec![occurrence.clone()],
                            blemished: false,
                            readable: !event.unreadable,
                            dismissed: BTreeSet::new(),
                            respected_before: BTreeSet::new(),
                            stays_away: false,
                        },
                    );
                }
            }
        }
        let honest = twins.len() > 1 || self.is_shared(uid);
        let mut keys = self.by_uid.remove(&(source, uid.to_owned())).unwrap_or_default();
        keys.extend(current.keys().copied());
        for key in &keys {
            let now = current.remove(key);
            match (self.by_key.get_mut(key), now) {
                (Some(cause), now) => cause.follow(now, reach),
                (None, Some(now)) => {
                    self.by_key.insert(*key, now);
                }
                (None, None) => {}
            }
        }
        self.by_uid.insert((source, uid.to_owned()), keys);
        if twins.iter().any(|event| event.unreadable) {
            // What was edited last before it became unreadable may never have been read.
            let keys = self.by_uid.get(&(source, uid.to_owned())).cloned().unwrap_or_default();
            for key in keys {
                self.by_key.entry(key).and_modify(|cause| cause.readable = false);
            }
        }
        if honest {
            for cause in self.by_key.values_mut().filter(|cause| cause.uid == uid) {
                cause.blemished = true;
            }
        }
    }

    /// The key that the mirror of an occurrence has, whatever bug is planted in its derivation.
    fn key(&mut self, source: usize, target: usize, event: &str, original: &str) -> MirrorKey {
        let known = (source, target, event.to_owned(), original.to_owned());
        if let Some(key) = self.known_keys.get(&known) {
            return *key;
        }
        let key = crate::bugs::without(|| {
            self.keys.mirror_key(
                &self.places[target].name,
                &self.places[source].name,
                &EventId::new(event),
                &OriginalStart(original.to_owned()),
            )
        });
        self.known_keys.insert(known, key);
        key
    }
}

impl Cause {
    /// Takes over what its occurrence is now.
    fn follow(&mut self, now: Option<Self>, reach: &Reach) {
        let before = self.wanted;
        self.readable = now.as_ref().is_none_or(|now| now.readable);
        let (wanted, is) = now.map_or((None, Vec::new()), |now| (now.wanted, now.was));
        self.wanted = wanted;
        self.was.extend(is.into_iter().filter(|it| !self.was.contains(it)).collect::<Vec<_>>());
        self.said.extend(self.wanted);
        self.stays_away &= before == self.wanted;
        let moved_out = match (before, self.wanted) {
            (Some((before, _)), Some((after, _))) => before != after && !reach.meets(&after),
            _ => false,
        };
        self.blemished |= self.wanted.is_none() || moved_out;
    }
}

/// What an event of a calendar holds of the words that links look for.
fn held(uid: &str, place: &Place) -> Holds {
    let held = words::holds(uid);
    Holds { category: held.category && place.categories, ..held }
}
