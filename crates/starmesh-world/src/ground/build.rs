//! The services of a seed, with their persons and calendars.

use std::collections::BTreeMap;
use std::sync::Arc;

use starmesh_core::ids::{AccountId, LastingName};
use starmesh_sim::caldav::{CaldavOptions, CaldavSim};
use starmesh_sim::google::{GoogleOptions, GoogleSim, NewCalendar, Role as GoogleRole};
use starmesh_sim::microsoft::world::{CalendarNo, MailboxKind, MailboxNo, Role};
use starmesh_sim::microsoft::{MicrosoftOptions, MicrosoftSim};
use starmesh_sim::web::{Ledger, SimClock};

use super::sign_in::{KeptTokens, google_mail, microsoft_mail};
use super::trouble::Share;
use super::watch::LedgerWatch;
use super::wire::DAV;
use super::{Bell, Ground};
use crate::clock::WorldClock;
use crate::device::remote;
use crate::layout::{Place, Service};
use crate::memory::Universe;
use crate::oracle::Watcher;
use crate::span::Wall;
use crate::swarm::Swarm;
use crate::venue::{CaldavVenue, Content, GoogleVenue, MemoryVenue, MicrosoftVenue, Placed, Venue};

/// Everybody's password at the CalDAV server.
pub(super) const DAV_PASSWORD: &str = "a secret of theirs";
/// Whose calendars others share with us.
const BOSS: &str = "boss";

/// What is common to all calendars while they are made.
struct Site {
    universe: Arc<Universe>,
    google: Option<GoogleSim>,
    microsoft: Option<MicrosoftSim>,
    caldav: Option<CaldavSim>,
    mailboxes: BTreeMap<AccountId, MailboxNo>,
    content: Content,
    placed: Placed,
    /// The numbers of calendars, by what ledgers call them.
    ledger_names: BTreeMap<String, usize>,
    /// The rights to calendars that can be changed.
    shares: BTreeMap<usize, Share>,
}

fn google_of(swarm: &Swarm, clock: &SimClock, ledger: &Ledger, bell: &Bell) -> Result<GoogleSim, String> {
    let sim = GoogleSim::new(GoogleOptions {
        seed: swarm.seed,
        clock: clock.clone(),
        ledger: ledger.clone(),
        switches: swarm.truths.google.clone(),
        ..GoogleOptions::default()
    })?;
    sim.carry_hooks_by(Arc::new(bell.clone()));
    Ok(sim)
}

fn microsoft_of(
    swarm: &Swarm,
    clock: &SimClock,
    ledger: &Ledger,
    bell: &Bell,
) -> Result<MicrosoftSim, String> {
    let sim = MicrosoftSim::new(MicrosoftOptions {
        seed: swarm.seed,
        clock: clock.clone(),
        ledger: ledger.clone(),
        switches: swarm.truths.microsoft.clone(),
        ..MicrosoftOptions::default()
    })?;
    sim.carry_hooks_by(Arc::new(bell.clone()));
    sim.with(|world| swarm.truths.microsoft_rules.iter().for_each(|rule| world.faults().add(rule.clone())));
    Ok(sim)
}

impl Ground {
    /// Builds what `swarm` asks for. The calendars get the names that their services give them.
    pub(crate) fn build(
        swarm: &mut Swarm,
        clock: &Arc<WorldClock>,
        universe: &Arc<Universe>,
        content: Content,
    ) -> Result<(Self, BTreeMap<String, usize>), String> {
        let ledger = Ledger::new();
        let bell = Bell::new(swarm.seed, !swarm.faults.is_empty());
        let has = |wanted: &[Service]| swarm.services.values().any(|service| wanted.contains(service));
        let sim_clock = SimClock::over(clock.clone());
        let wants_microsoft = has(&[Service::Work, Service::Personal]);
        let google = has(&[Service::Google]).then(|| google_of(swarm, &sim_clock, &ledger, &bell));
        let microsoft = wants_microsoft.then(|| microsoft_of(swarm, &sim_clock, &ledger, &bell));
        let (google, microsoft) = (google.transpose()?, microsoft.transpose()?);
        let caldav = has(&[Service::Caldav]).then(|| {
            CaldavSim::new(CaldavOptions {
                seed: swarm.seed,
                clock: sim_clock.clone(),
                ledger: ledger.clone(),
                switches: swarm.truths.caldav.clone(),
            })
        });
        let placed = Placed::default();
        let mut site = Site {
            universe: universe.clone(),
            google,
            microsoft,
            caldav,
            mailboxes: BTreeMap::new(),
            content,
            placed: placed.clone(),
            ledger_names: BTreeMap::new(),
            shares: BTreeMap::new(),
        };
        site.people(swarm)?;
        let mut venues: Vec<Arc<dyn Venue>> = Vec::new();
        for number in 0..swarm.places.len() {
            let is_first = swarm.places[..number].iter().all(|it| it.account != swarm.places[number].account);
            let service = swarm.service(&swarm.places[number].account);
            venues.push(site.calendar(number, &mut swarm.places[number], service, is_first)?);
        }
        let Site { google, microsoft, caldav, ledger_names, shares, .. } = site;
        let ground = Self {
            universe: universe.clone(),
            venues,
            bell,
            clock: clock.clone(),
            services: swarm.services.clone(),
            google,
            microsoft,
            caldav,
            ledger,
            placed,
            tokens: KeptTokens::default(),
            shares,
            caldav_entry: swarm.truths.caldav_entry,
            place_accounts: swarm.places.iter().map(|place| place.account.clone()).collect(),
            devices: swarm.devices(),
            seed: swarm.seed,
        };
        for account in ground.accounts() {
            for device in 0..swarm.devices() {
                ground.sign_in(&account, device)?;
            }
        }
        Ok((ground, ledger_names))
    }

    /// Lets `watcher` judge every write to a simulated service.
    pub(crate) fn watch_by(&self, watcher: &Watcher, places: BTreeMap<String, usize>) {
        let (placed, universe) = (self.placed.clone(), self.universe.clone());
        let shared = self.shares.keys().copied().collect();
        let watch = LedgerWatch { watcher: watcher.clone(), places, shared, placed, universe };
        self.ledger.watch_writes(Arc::new(watch));
    }
}

impl Site {
    fn people(&mut self, swarm: &Swarm) -> Result<(), String> {
        for (account, service) in &swarm.services {
            let home = swarm.places.iter().find(|place| place.account == *account).map(|place| place.home);
            match (service, &self.google, &self.microsoft) {
                (Service::Google, Some(google), _) => {
                    let zone = zone(home.unwrap_or(Wall::Utc));
                    google.add_user(&google_mail(account), zone).map_err(|error| error.to_string())?;
                }
                (Service::Work, _, Some(microsoft)) => {
                    let no = microsoft.add_user(MailboxKind::Work, &microsoft_mail(account), "Ada");
                    self.mailboxes.insert(account.clone(), no);
                }
                (Service::Personal, _, Some(microsoft)) => {
                    let no = microsoft.add_user(MailboxKind::Personal, &microsoft_mail(account), "Ada");
                    self.mailboxes.insert(account.clone(), no);
                }
                _ => {}
            }
        }
        let boss = AccountId::new(BOSS);
        if let Some(caldav) = &self.caldav {
            let own = swarm.services.iter().filter(|(_, service)| **service == Service::Caldav);
            for account in own.map(|(account, _)| account).chain([&boss]) {
                caldav.add_user(&dav_user(account), DAV_PASSWORD);
            }
        }
        if let Some(google) = &self.google {
            google.add_user(&google_mail(&boss), "UTC").map_err(|error| error.to_string())?;
        }
        if let Some(microsoft) = &self.microsoft {
            let no = microsoft.add_user(MailboxKind::Work, &microsoft_mail(&boss), "Boss");
            self.mailboxes.insert(boss, no);
        }
        Ok(())
    }

    fn calendar(
        &mut self,
        number: usize,
        place: &mut Place,
        service: Service,
        is_first: bool,
    ) -> Result<Arc<dyn Venue>, String> {
        match (service, self.google.clone(), self.microsoft.clone()) {
            (Service::Google, Some(google), _) => self.google_calendar(number, place, &google, is_first),
            (Service::Work | Service::Personal, _, Some(microsoft)) => {
                self.microsoft_calendar(number, place, service, &microsoft, is_first)
            }
            (Service::Caldav, ..) => self.dav_calendar(number, place),
            _ => {
                self.universe.add_calendar(&place.account, remote(place));
                Ok(Arc::new(MemoryVenue::new(self.universe.clone(), place.name.clone())))
            }
        }
    }

    fn google_calendar(
        &mut self,
        number: usize,
        place: &mut Place,
        google: &GoogleSim,
        is_first: bool,
    ) -> Result<Arc<dyn Venue>, String> {
        let mail = google_mail(&place.account);
        let is_primary = is_first && !place.read_only && !place.shared;
        let id = if is_primary { mail.clone() } else { format!("{}@group.calendar.google.com", place.id) };
        if !is_primary {
            let is_anothers = place.read_only || place.shared;
            let owner = if is_anothers { google_mail(&AccountId::new(BOSS)) } else { mail.clone() };
            let calendar = NewCalendar {
                id: id.clone(),
                summary: place.id.to_string(),
                zone: zone(place.home).to_owned(),
                owner,
                can_push: true,
            };
            google.add_calendar(&calendar).map_err(|error| error.to_string())?;
        }
        if place.read_only || place.shared {
            let role = if place.read_only { GoogleRole::Reader } else { GoogleRole::Writer };
            google.set_role(&id, &mail, Some(role)).map_err(|error| error.to_string())?;
            self.shares.insert(number, Share::Google(id.clone(), role));
        }
        place.name = LastingName::new(id.clone());
        self.ledger_names.insert(id.clone(), number);
        let placed = (number, self.placed.clone());
        Ok(Arc::new(GoogleVenue::new(google.clone(), (id, is_primary), place.home, self.content, placed)))
    }

    fn dav_calendar(&mut self, number: usize, place: &mut Place) -> Result<Arc<dyn Venue>, String> {
        let caldav = self.caldav.clone().ok_or("a calendar without a server")?;
        // Real names of collections are no plain ASCII either.
        let (user, name) = (dav_user(&place.account), format!("{}-é", place.id));
        let path = if place.read_only || place.shared {
            let boss = dav_user(&AccountId::new(BOSS));
            let original = caldav.add_calendar(&boss, &name, &name).map_err(|error| error.to_string())?;
            let can_write = !place.read_only;
            let path = caldav.share(&original, &user, &name, can_write).map_err(|error| error.to_string())?;
            let share = Share::Caldav(path.clone(), Some((original, name)), can_write);
            self.shares.insert(number, share);
            path
        } else {
            let path = caldav.add_calendar(&user, &name, &name).map_err(|error| error.to_string())?;
            self.shares.insert(number, Share::Caldav(path.clone(), None, true));
            path
        };
        let home_at = caldav.switches().discovery.home_at;
        let host = home_at.as_deref().unwrap_or(DAV).trim_end_matches('/');
        place.name = LastingName::new(format!("{host}{path}"));
        self.ledger_names.insert(path.clone(), number);
        let placed = (number, self.placed.clone());
        Ok(Arc::new(CaldavVenue::new(caldav, (path, user), self.content, placed)))
    }

    fn microsoft_calendar(
        &mut self,
        number: usize,
        place: &mut Place,
        service: Service,
        microsoft: &MicrosoftSim,
        is_first: bool,
    ) -> Result<Arc<dyn Venue>, String> {
        let mailbox = *self.mailboxes.get(&place.account).ok_or("an account without a mailbox")?;
        let boss = *self.mailboxes.get(&AccountId::new(BOSS)).ok_or("nobody to share a calendar")?;
        let (calendar, listed) = microsoft.with(|world| -> Result<(CalendarNo, CalendarNo), String> {
            if place.read_only || (place.shared && service == Service::Work) {
                let role = if place.read_only { Role::Read } else { Role::DelegateWithPrivateEventAccess };
                let calendar = world.add_calendar(boss, place.id.as_str());
                world.share(calendar, mailbox, role);
                self.shares.insert(number, Share::Microsoft(calendar, mailbox, role));
                return Ok((calendar, world.accept(mailbox, calendar)));
            }
            if is_first {
                let default = world.mailbox(mailbox).ok_or("an account without a mailbox")?.default_calendar;
                return Ok((default, default));
            }
            let own = world.add_calendar(mailbox, place.id.as_str());
            Ok((own, own))
        })?;
        let (oid, id, read_at) = microsoft.with(|world| {
            let oid = world.mailbox(mailbox).map(|mailbox| mailbox.oid.clone()).unwrap_or_default();
            (oid, world.calendar_id(listed), world.home(listed))
        });
        place.name = LastingName::new(format!("{oid}/{id}"));
        self.ledger_names.insert(id, number);
        let read_at = read_at.ok_or("a calendar that is nowhere")?;
        let placed = (number, self.placed.clone());
        let listed = (calendar, read_at);
        Ok(Arc::new(MicrosoftVenue::new(microsoft.clone(), listed, place.home, self.content, placed)))
    }
}

/// The name of an account at the CalDAV server.
pub(super) fn dav_user(account: &AccountId) -> String {
    format!("{account}@dav.example")
}

fn zone(home: Wall) -> &'static str {
    if home == Wall::Berlin { "Europe/Berlin" } else { "UTC" }
}
