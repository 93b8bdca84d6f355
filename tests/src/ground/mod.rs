//! Where the calendars of a [`World`](crate::world::World) lie: at a real CalDAV server, at a simulated
//! Google or Microsoft, or dealt over all three.
//!
//! A [`Home`] is one person's calendars at one service, past the program: what the person books and cancels
//! by hand, and what stands there, read from the service's own store with its versions. `caldav`, `google`
//! and `microsoft` are the three.

mod caldav;
mod google;
mod microsoft;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use starmesh_sim::microsoft::world::MailboxKind;
use starmesh_sim::web::{Ledger, WriteKind};

use crate::Outcome;
use crate::cli::Starmesh;
use crate::dav::Listing;
use crate::ics::Event;
use crate::servers::{Kind, Rights};

pub(crate) use caldav::CaldavHome;
pub(crate) use google::GoogleHome;
pub(crate) use microsoft::MicrosoftHome;

/// Where the calendars of one test lie.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// All at one CalDAV server.
    Caldav(Kind),
    /// All at Google.
    Google,
    /// All in one mailbox of Microsoft.
    Microsoft(MailboxKind),
    /// Dealt over an account of Google, one of Microsoft and one of Radicale in turn.
    Mixed,
}

impl Ground {
    /// Radicale, where everybody signs in.
    pub const RADICALE: Self = Self::Caldav(Kind::Radicale(Rights::Owner));
    /// Xandikos.
    pub const XANDIKOS: Self = Self::Caldav(Kind::Xandikos);
    /// Cyrus.
    pub const CYRUS: Self = Self::Caldav(Kind::Cyrus);
    /// sabre/dav, signed in to by Digest.
    pub const SABRE: Self = Self::Caldav(Kind::Sabre);
    /// A mailbox of a person in an organisation.
    pub const MICROSOFT: Self = Self::Microsoft(MailboxKind::Work);
    /// A mailbox of a person at Outlook.com.
    pub const PERSONAL: Self = Self::Microsoft(MailboxKind::Personal);

    /// The service of the calendar that is made as number `number`, from zero.
    pub fn service(self, number: usize) -> Service {
        /// The turn in which a mixed ground deals.
        const TURN: [Service; 3] = [Service::Google, Service::Microsoft, Service::Caldav];
        match self {
            Self::Caldav(_) => Service::Caldav,
            Self::Google => Service::Google,
            Self::Microsoft(_) => Service::Microsoft,
            Self::Mixed => TURN[number % TURN.len()],
        }
    }
}

impl From<Kind> for Ground {
    fn from(kind: Kind) -> Self {
        Self::Caldav(kind)
    }
}

/// A kind of service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Service {
    /// A server that speaks CalDAV.
    Caldav,
    /// Google.
    Google,
    /// Microsoft.
    Microsoft,
}

/// What a person does to a mirror by hand.
#[derive(Clone, Copy)]
pub enum Touch<'a> {
    /// It ends at another time.
    Until(DateTime<Utc>),
    /// It is called this.
    Title(&'a str),
    /// Somebody with this address is invited.
    Guest(&'a str),
}

/// One person's calendars at one service. A calendar is called by its name in the test.
#[async_trait]
pub(crate) trait Home: Send + Sync {
    /// Gives `app` the account, called `account` there.
    async fn sign_in(&self, app: &Starmesh, account: &str) -> Outcome<()>;

    /// Host and port at which it listens.
    fn authority(&self) -> String;

    /// Makes a calendar.
    async fn add_calendar(&mut self, calendar: &str) -> Outcome<()>;

    /// The name that people see.
    fn title(&self, calendar: &str) -> String;

    /// The address by which somebody invites whoever owns the calendar.
    fn address(&self, calendar: &str) -> String;

    /// Books an event, or changes it to this.
    async fn put(&self, calendar: &str, event: &Event) -> Outcome<()>;

    /// Cancels an event or a whole series.
    async fn delete(&self, calendar: &str, uid: &str) -> Outcome<()>;

    /// Everything in one calendar, by what the service calls it.
    async fn list(&self, calendar: &str) -> Outcome<Listing>;

    /// Deletes what the service calls `href`.
    async fn remove(&self, calendar: &str, href: &str) -> Outcome<()>;

    /// Changes what the service calls `href` as a person would.
    async fn touch(&self, calendar: &str, href: &str, touch: Touch<'_>) -> Outcome<()>;

    /// Copies what the service calls `href`, mark and all, to the same time; what the copy is called.
    async fn copy(&self, calendar: &str, href: &str) -> Outcome<String>;

    /// A number that grows by one with every event that the program makes.
    fn made(&self) -> Outcome<usize>;

    /// Everything that would have reached a person so far.
    fn notified(&self) -> Vec<String>;
}

/// How many events were made through a simulator's API.
fn made(ledger: &Ledger) -> usize {
    ledger.writes().iter().filter(|write| write.kind == WriteKind::EventCreated).count()
}

/// What a simulator would have sent to people.
fn notified(ledger: &Ledger) -> Vec<String> {
    let all = ledger.notifications();
    all.iter().map(|it| format!("{} would have heard of {}", it.to, it.about)).collect()
}
