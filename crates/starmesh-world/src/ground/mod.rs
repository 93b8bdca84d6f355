//! The services that a world stands on, and the ways to them.
//!
//! 1. [`Ground`] builds the services of a seed and their calendars, and makes the providers of a device.
//! 2. `wire`: one device's way to one service, with the weather on it; `sign_in`: tokens for that way.
//!    `dav` finds an account at the CalDAV server.
//! 3. `watch`: each write to a simulated service, as the oracle judges it.
//! 4. `bell`: web hooks of the services, and the task of a device that keeps its subscriptions alive.
//! 5. `truths`: how a seed draws the switches of the services.
//! 6. `trouble`: what goes wrong between persons and services for a while: sign-ins, rights, subscriptions.

mod bell;
mod build;
mod dav;
mod sign_in;
mod trouble;
mod truths;
mod watch;
mod wire;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use chrono::TimeDelta;
use starmesh_caldav::CaldavNetwork;
use starmesh_core::ids::AccountId;
use starmesh_google::{Endpoints as GoogleEndpoints, GoogleClient, GoogleNetwork};
use starmesh_graph::{Endpoints as GraphEndpoints, GraphClient, GraphNetwork, Mailbox};
use starmesh_http::{AccountTransport, Budget, Credentials, Governor, GovernorSettings, Transport};
use starmesh_provider::CalendarProvider;
use starmesh_sim::caldav::CaldavSim;
use starmesh_sim::google::GoogleSim;
use starmesh_sim::microsoft::MicrosoftSim;
use starmesh_sim::web::{Ledger, Notification};

pub(crate) use self::bell::{Bell, Listened, Listener};
use self::dav::DavAccount;
use self::sign_in::{KeptTokens, Office, google_mail};
pub(crate) use self::trouble::Let;
use self::trouble::Share;
use self::truths::DavEntry;
pub(crate) use self::truths::{Devices, Leeway, Truths};
use self::wire::{Host, WebHost, Wire};
use crate::clock::{WorldClock, WorldEntropy};
use crate::layout::{Place, Service};
use crate::lifeline::Lifeline;
use crate::memory::{MemoryProvider, Universe};
use crate::venue::{Placed, Venue};
use starmesh_sim::dice::Dice;

/// Requests of one account under way at once, as the program has it.
const CONCURRENCY: usize = 4;

/// How fast one account is asked. The adapters keep the services' budgets, so that this one need not.
const PACE: Budget = Budget::per_second(NonZeroU32::MAX);

/// The services of a world.
pub(crate) struct Ground {
    /// The calendars in memory, and everything that is common to a world: faults, trace, notices.
    pub(crate) universe: Arc<Universe>,
    /// The calendars, by their number.
    pub(crate) venues: Vec<Arc<dyn Venue>>,
    /// What rings when a simulated service tells of a change.
    pub(crate) bell: Bell,
    clock: Arc<WorldClock>,
    services: BTreeMap<AccountId, Service>,
    google: Option<GoogleSim>,
    microsoft: Option<MicrosoftSim>,
    caldav: Option<CaldavSim>,
    /// Which ledgers there are.
    ledger: Ledger,
    placed: Placed,
    tokens: KeptTokens,
    /// Who may do what with the calendars that a service lets others in to.
    shares: BTreeMap<usize, Share>,
    /// Which address of the CalDAV server people typed.
    caldav_entry: DavEntry,
    /// The account of each calendar.
    place_accounts: Vec<AccountId>,
    /// How many devices there are.
    devices: u8,
    seed: u64,
}

impl Ground {
    /// The provider of an account as one life of a device has it.
    pub(crate) fn provider(
        &self,
        account: &AccountId,
        device: u8,
        life: &Arc<Lifeline>,
        number: u64,
    ) -> Arc<dyn CalendarProvider> {
        let Some(host) = self.host(account) else {
            return Arc::new(MemoryProvider::new(self.universe.clone(), account.clone(), device));
        };
        let wire = Arc::new(Wire {
            host: host.clone(),
            router: host.router(),
            account: account.clone(),
            device,
            life: Arc::clone(life),
            clock: self.clock.clone(),
            universe: self.universe.clone(),
            venues: self.venues.clone(),
        });
        let purpose = 500_000 + u64::from(device) * 10_000 + number * 10 + account_number(account);
        let entropy = Arc::new(WorldEntropy::new(Dice::new(self.seed, purpose)));
        let clock = self.clock.clone();
        let signed_in = |host: &WebHost, wire| Arc::new(self.signed_in(host, account, device, wire));
        match &host {
            Host::Caldav(_) => {
                let network = CaldavNetwork { http: wire, clock };
                Arc::new(DavAccount::new(account, self.caldav_entry, network))
            }
            Host::Web(host @ WebHost::Google(_)) => {
                let http = signed_in(host, wire);
                let network = GoogleNetwork { http, clock, entropy };
                Arc::new(GoogleClient::new(&network, GoogleEndpoints::default()))
            }
            Host::Web(host @ WebHost::Microsoft(_)) => {
                let http = signed_in(host, wire);
                let network = GraphNetwork { http, clock, entropy, budget: starmesh_graph::BUDGET };
                let endpoints = GraphEndpoints::at(wire::url(GraphEndpoints::API_DEFAULT));
                Arc::new(GraphClient::new(&network, endpoints, Mailbox::Me))
            }
        }
    }

    fn signed_in(
        &self,
        host: &WebHost,
        account: &AccountId,
        device: u8,
        wire: Arc<dyn Transport>,
    ) -> AccountTransport {
        let (office, api) = (Office::of(host), host.api());
        let clock = self.clock.clone();
        let tokens = self.tokens.tokens(&office, account, device, Arc::clone(&wire), clock.clone());
        let settings = GovernorSettings { concurrency: CONCURRENCY, budget: PACE };
        let governor = Arc::new(Governor::new(settings));
        AccountTransport::new(wire, Credentials::Bearer(Arc::new(tokens)), api, governor, clock)
    }

    /// A person signs in to an account on a device, again.
    pub(crate) fn sign_in(&self, account: &AccountId, device: u8) -> Result<(), String> {
        let Some(Host::Web(host)) = self.host(account) else { return Ok(()) };
        self.tokens.sign_in(&Office::of(&host), &host, account, device)
    }

    /// The service of an account; `None` in memory.
    fn host(&self, account: &AccountId) -> Option<Host> {
        match self.services.get(account)? {
            Service::Memory => None,
            Service::Google => self.google.clone().map(|sim| Host::Web(WebHost::Google(sim))),
            Service::Work | Service::Personal => {
                self.microsoft.clone().map(|sim| Host::Web(WebHost::Microsoft(sim)))
            }
            Service::Caldav => self.caldav.clone().map(Host::Caldav),
        }
    }

    /// The accounts that sign in with a browser.
    pub(crate) fn accounts(&self) -> Vec<AccountId> {
        self.accounts_at(&[Service::Google, Service::Work, Service::Personal])
    }

    /// The accounts at these services.
    fn accounts_at(&self, services: &[Service]) -> Vec<AccountId> {
        let there = self.services.iter().filter(|(_, service)| services.contains(service));
        there.map(|(account, _)| account.clone()).collect()
    }

    /// True when the account's calendars are at a simulated service.
    pub(crate) fn is_simulated(&self, place: &Place) -> bool {
        self.services.get(&place.account).is_some_and(|service| *service != Service::Memory)
    }

    /// True when any calendar is at a simulated service.
    pub(crate) fn has_simulated(&self) -> bool {
        self.google.is_some() || self.microsoft.is_some() || self.caldav.is_some()
    }

    /// Ends every fault, also those under way; what is disputed stays as it is.
    pub(crate) fn heal(&self) {
        self.universe.heal();
        self.bell.heal();
        if let Some(google) = &self.google {
            google.switch(truths::heal_google);
            for account in self.accounts_at(&[Service::Google]) {
                google.exhaust_quota(&google_mail(&account), TimeDelta::zero());
            }
        }
        if let Some(microsoft) = &self.microsoft {
            microsoft.switch(truths::heal_microsoft);
            microsoft.with(|world| world.faults().clear());
        }
        if let Some(caldav) = &self.caldav {
            caldav.switch(truths::heal_caldav);
        }
    }

    /// Sends the notifications that are due.
    pub(crate) async fn deliver(&self) {
        if let Some(microsoft) = &self.microsoft {
            microsoft.deliver_due().await;
        }
    }

    /// How often the switches of the simulated services made a difference.
    pub(crate) fn met(&self) -> BTreeMap<String, u64> {
        let mut met = BTreeMap::new();
        if let Some(google) = &self.google {
            met.extend(google.met().into_iter().map(|(name, count)| (format!("google.{name}"), count)));
        }
        if let Some(microsoft) = &self.microsoft {
            met.extend(microsoft.met().into_iter().map(|(name, count)| (format!("microsoft.{name}"), count)));
        }
        if let Some(caldav) = &self.caldav {
            met.extend(caldav.met().into_iter().map(|(name, count)| (format!("caldav.{name}"), count)));
        }
        met
    }

    /// What would have reached a person.
    pub(crate) fn notifications(&self) -> Vec<Notification> {
        self.ledger.notifications()
    }
}

/// The number at the end of an account's name.
fn account_number(account: &AccountId) -> u64 {
    account.as_str().rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}
