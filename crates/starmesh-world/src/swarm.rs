//! What a seed stands for: which features and faults it enables, which calendars it has.

use std::collections::{BTreeMap, BTreeSet};

use starmesh_core::ids::{AccountId, CalendarId, LastingName};

use crate::ground::{Devices, Leeway, Truths};
use crate::layout::{Group, Place, Service, Shape};
use crate::memory::{Change, Detail, FaultKind, Ids, Style};
use crate::rules::{self, Rules};
use crate::span::{DAY, HOUR, Wall};
use starmesh_sim::dice::Dice;

/// The first second of the years in which worlds play: 2026-01-01T00:00:00Z.
const FIRST_SECOND: i64 = 1_767_225_600;
/// How many days later a world may start.
const START_DAYS: i64 = 900;

/// Something a world may or may not do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Feature {
    /// Repeating events with exceptions.
    Series,
    /// Events of whole days.
    AllDay,
    /// Free, tentative, declined and other events.
    Kinds,
    /// One meeting in several calendars.
    Invitations,
    /// Two resources with one UID.
    Twins,
    /// Items that nobody can read for a while.
    Unreadable,
    /// Mirrors edited and deleted by hand.
    HandEdits,
    /// Mirrors to which a person invites others.
    Attendees,
    /// Copies of mirrors, and another installation's mirrors.
    Copies,
    /// Many events deleted at once.
    MassRemoval,
    /// Engines that die at any await.
    Restarts,
    /// Databases that are lost.
    LostStore,
    /// A second device with the same key.
    SecondDevice,
    /// A second device that lacks some groups.
    DifferentGroups,
    /// Links paused and resumed.
    Pauses,
    /// Groups added and removed.
    Regrouping,
    /// Windows made wider and narrower.
    Windows,
    /// Days slept through.
    Days,
    /// Changes come by signal only; polls are a day apart.
    SignalsOnly,
    /// Rounds driven by plan, place and settle.
    ByHand,
}

impl Feature {
    /// Every feature, in the order above.
    pub const ALL: [Self; 20] = [
        Self::Series,
        Self::AllDay,
        Self::Kinds,
        Self::Invitations,
        Self::Twins,
        Self::Unreadable,
        Self::HandEdits,
        Self::Attendees,
        Self::Copies,
        Self::MassRemoval,
        Self::Restarts,
        Self::LostStore,
        Self::SecondDevice,
        Self::DifferentGroups,
        Self::Pauses,
        Self::Regrouping,
        Self::Windows,
        Self::Days,
        Self::SignalsOnly,
        Self::ByHand,
    ];

    /// How often, per mille, a seed enables it.
    fn rate(self) -> u32 {
        match self {
            Self::Series | Self::AllDay | Self::Kinds => 600,
            Self::LostStore | Self::Twins | Self::SignalsOnly => 250,
            _ => 400,
        }
    }
}

/// Which services the calendars of a seed are at.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Terrain {
    /// As the seed has it: every so manieth is mixed.
    #[default]
    Seeded,
    /// All in memory.
    Memory,
    /// Drawn from all of them.
    Mixed,
}

/// Every so manieth seed has calendars at simulated services: they are slower than memory.
const MIXED_EVERY: u64 = 4;

/// What a run leaves out of a seed, to find out what its failure needs.
#[derive(Clone, Default, Debug)]
pub struct Cut {
    /// Only this many rounds.
    pub rounds: Option<u32>,
    /// Not these features.
    pub features: BTreeSet<Feature>,
    /// Not these faults.
    pub faults: BTreeSet<FaultKind>,
    /// These switches of simulated services as they usually are.
    pub truths: BTreeSet<String>,
    /// Which services there are.
    pub terrain: Terrain,
}

/// What a seed stands for.
#[derive(Clone, Debug)]
pub(crate) struct Swarm {
    /// The seed.
    pub seed: u64,
    /// What it does.
    pub features: BTreeSet<Feature>,
    /// What goes wrong, and how often per mille.
    pub faults: BTreeMap<FaultKind, u32>,
    /// The accounts, and what their servers are like where they are in memory.
    pub accounts: Vec<(AccountId, Style)>,
    /// What holds the calendars of each account.
    pub services: BTreeMap<AccountId, Service>,
    /// The switches of the simulated services.
    pub truths: Truths,
    /// The calendars.
    pub places: Vec<Place>,
    /// How they are joined at first.
    pub groups: Vec<Group>,
    /// What the links leave out.
    pub rules: Rules,
    /// How many rounds of edits there are.
    pub rounds: u32,
    /// How many events each calendar has at first.
    pub events: Vec<u64>,
    /// When it starts, in seconds since the epoch.
    pub base: i64,
    /// The length of the window, in days.
    pub days: i64,
}

impl Swarm {
    /// What `seed` stands for, less what is cut.
    pub(crate) fn of(seed: u64, cut: &Cut) -> Self {
        let mut dice = Dice::new(seed, 1);
        let features = Feature::ALL.into_iter().filter(|feature| dice.chance(feature.rate()));
        let features: BTreeSet<Feature> = features.collect();
        let mut faults = BTreeMap::new();
        for kind in FaultKind::ALL {
            let (enabled, rate) = (dice.chance(350), rate(kind, &mut dice));
            if enabled {
                faults.insert(kind, rate);
            }
        }
        let accounts = (0..=dice.below(4)).map(|number| account(number, &mut dice)).collect::<Vec<_>>();
        let count = 2 + dice.index(5);
        let mut places: Vec<Place> = (0..count).map(|number| place(number, &accounts, &mut dice)).collect();
        if places.iter().filter(|place| !place.read_only).count() < 2 {
            places.iter_mut().for_each(|place| place.read_only = false);
        }
        let groups = groups(places.len(), &mut dice);
        let rounds = 2 + u32::try_from(dice.below(4)).unwrap_or(0);
        let events = places.iter().map(|_| 1 + dice.below(6)).collect();
        let base = FIRST_SECOND + dice.between(0, START_DAYS) * DAY + dice.between(0, 23) * HOUR;
        let days = dice.pick(&[30, 31, 45, 60, 90]).unwrap_or(30);
        let mut ground = Dice::new(seed, 4);
        let mixed = match cut.terrain {
            Terrain::Seeded => seed.is_multiple_of(MIXED_EVERY),
            Terrain::Memory => false,
            Terrain::Mixed => true,
        };
        let services = services(&accounts, mixed, &mut ground);
        for place in &mut places {
            let service = services.get(&place.account);
            place.categories = service != Some(&Service::Google);
            place.colors = !matches!(service, Some(Service::Work | Service::Personal));
        }
        if mixed {
            places.iter_mut().for_each(|place| place.shared = ground.chance(200));
        }
        let features: BTreeSet<Feature> = features.difference(&cut.features).copied().collect();
        faults.retain(|kind, _| !cut.faults.contains(kind));
        let touches =
            faults.contains_key(&FaultKind::TouchedMeanwhile) || features.contains(&Feature::Attendees);
        let has = |feature| features.contains(&feature);
        let devices = match (has(Feature::SecondDevice), has(Feature::Days), has(Feature::LostStore)) {
            (_, _, true) | (true, true, _) => Devices::Forgetful,
            (true, false, false) => Devices::Two,
            (false, _, false) => Devices::One,
        };
        let leeway = Leeway { faults: !faults.is_empty(), touches, devices };
        let truths = Truths::of(&mut ground, leeway).without(&cut.truths);
        let rounds = cut.rounds.map_or(rounds, |limit| rounds.min(limit));
        for place in &mut places {
            let service = services.get(&place.account);
            place.forgets = service == Some(&Service::Google) && truths.takes_spent_identities();
        }
        let rules = rules::draw(seed, &places);
        Self {
            seed,
            features,
            faults,
            accounts,
            services,
            truths,
            places,
            groups,
            rules,
            rounds,
            events,
            base,
            days,
        }
    }

    /// True when the seed does this.
    pub(crate) fn has(&self, feature: Feature) -> bool {
        self.features.contains(&feature)
    }

    /// True when nothing is overlooked and nothing forgotten: one device, without faults, that does not die.
    pub(crate) fn sees_all(&self) -> bool {
        let forgets = [Feature::Restarts, Feature::LostStore, Feature::SecondDevice];
        self.faults.is_empty() && forgets.into_iter().all(|feature| !self.has(feature))
    }

    /// True when a first listing may lack mirrors that are there.
    pub(crate) fn hides_mirrors(&self) -> bool {
        [FaultKind::MirrorHidden, FaultKind::EmptyListing].iter().any(|kind| self.faults.contains_key(kind))
    }

    /// What holds the calendars of an account.
    pub(crate) fn service(&self, account: &AccountId) -> Service {
        self.services.get(account).copied().unwrap_or(Service::Memory)
    }

    /// How many devices there are.
    pub(crate) fn devices(&self) -> u8 {
        1 + u8::from(self.has(Feature::SecondDevice))
    }
}

/// How often a fault strikes the requests that it can strike, per mille.
fn rate(kind: FaultKind, dice: &mut Dice) -> u32 {
    let often = u32::try_from(dice.between(10, 80)).unwrap_or(10);
    match kind {
        FaultKind::PageLost
        | FaultKind::EmptyListing
        | FaultKind::MirrorHidden
        | FaultKind::TouchedMeanwhile
        | FaultKind::CutBatch => often * 5,
        FaultKind::Reordered => often * 8,
        FaultKind::CalendarGone | FaultKind::Throttled => often / 3 + 2,
        _ => often,
    }
}

fn account(number: u64, dice: &mut Dice) -> (AccountId, Style) {
    let batch = dice.pick(&[1, 1, 4, 20]).unwrap_or(1);
    let style = Style {
        page: dice.pick(&[1, 2, 3, 7, 50]).unwrap_or(50),
        change: if dice.chance(700) { Change::Log } else { Change::Tag },
        detail: if dice.chance(600) { Detail::Listed } else { Detail::Whole },
        ids: if dice.chance(700) { Ids::Chosen } else { Ids::Assigned },
        remembers_deleted: dice.chance(400),
        batch,
        concurrency: 1 + dice.index(4),
        fetch_batch: dice.pick(&[1, 5, 50]).unwrap_or(50),
    };
    (AccountId::new(format!("account-{number}")), style)
}

fn place(number: usize, accounts: &[(AccountId, Style)], dice: &mut Dice) -> Place {
    let account = &accounts[dice.index(accounts.len())].0;
    Place {
        account: account.clone(),
        name: LastingName::new(format!("https://{account}.example/{number}/")),
        id: CalendarId::new(format!("calendar-{number}")),
        home: if dice.chance(500) { Wall::Berlin } else { Wall::Utc },
        read_only: dice.chance(150),
        shared: false,
        categories: true,
        colors: true,
        forgets: false,
    }
}

/// Of mixed seeds, no two accounts need be alike.
fn services(accounts: &[(AccountId, Style)], mixed: bool, dice: &mut Dice) -> BTreeMap<AccountId, Service> {
    let drawn = accounts.iter().map(|(account, _)| {
        let service = if mixed { dice.pick(&MIXTURE).unwrap_or(Service::Memory) } else { Service::Memory };
        (account.clone(), service)
    });
    drawn.collect()
}

/// What the accounts of a mixed seed are drawn from.
const MIXTURE: [Service; 8] = [
    Service::Memory,
    Service::Google,
    Service::Google,
    Service::Work,
    Service::Work,
    Service::Personal,
    Service::Caldav,
    Service::Caldav,
];

fn groups(calendars: usize, dice: &mut Dice) -> Vec<Group> {
    (0..=dice.below(2)).map(|number| draw_group(number, calendars, dice)).collect()
}

/// A group of some of the calendars.
pub(crate) fn draw_group(number: u64, calendars: usize, dice: &mut Dice) -> Group {
    let mut members: Vec<usize> = (0..calendars).collect();
    dice.shuffle(&mut members);
    members.truncate(2 + dice.index(calendars - 1));
    let shape = match (dice.below(3), members.as_slice()) {
        (0, [hub, spokes @ ..]) => Shape::Star { hub: *hub, spokes: spokes.to_vec() },
        (1, [a, b, ..]) => Shape::Pair { a: *a, b: *b, one_way: dice.chance(500) },
        _ => Shape::Mesh(members),
    };
    Group { number: u32::try_from(number).unwrap_or(u32::MAX), shape }
}
