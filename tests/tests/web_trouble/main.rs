//! Trouble at Google and Microsoft, with the real program against the simulators: each gives one clear
//! error, loses nothing, and stops nothing but its own links.

mod calendars;
mod events;
mod many;
mod refusals;
mod servers;
mod sign_ins;

use serde_json::{Value, json};
use starmesh_sim::google::{self, NewCalendar, Scripted};
use starmesh_sim::microsoft::world::{CalendarNo, MailboxKind};
use starmesh_sim::microsoft::{self, FaultRule};
use starmesh_tests::cli::Starmesh;
use starmesh_tests::web::{ADA, Google, Microsoft};
use starmesh_tests::world::at;
use starmesh_tests::{Failure, Outcome};
use tempfile::TempDir;

/// The second calendar at Google.
const CLUB: &str = "club@group.calendar.google.com";

/// An account of Ada's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum At {
    Google,
    Microsoft,
}

impl At {
    /// Both.
    const ALL: [Self; 2] = [Self::Google, Self::Microsoft];

    fn other(self) -> Self {
        match self {
            Self::Google => Self::Microsoft,
            Self::Microsoft => Self::Google,
        }
    }

    /// What the account is called.
    fn account(self) -> &'static str {
        match self {
            Self::Google => "personal",
            Self::Microsoft => "office",
        }
    }
}

/// What an answer is made to be.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    /// An error in the provider's own form.
    Coded(u16, &'static str),
    /// A page of something in front of it.
    Page(u16),
    /// A status and nothing else.
    Empty(u16),
}

/// Two calendars at each provider, all four in a mesh, with one event at each.
struct Scene {
    google: Google,
    microsoft: Microsoft,
    app: Starmesh,
    office: CalendarNo,
    project: CalendarNo,
    _folder: TempDir,
}

impl Scene {
    async fn new() -> Outcome<Self> {
        let (google, microsoft) = (Google::start().await?, Microsoft::start(MailboxKind::Work).await?);
        let club = NewCalendar {
            id: CLUB.to_owned(),
            summary: "Club".to_owned(),
            zone: "Europe/Berlin".to_owned(),
            owner: ADA.to_owned(),
            can_push: true,
        };
        google.sim.add_calendar(&club).map_err(by_hand)?;
        let ada = microsoft.ada;
        let (office, project) = microsoft.sim.with(|world| {
            (world.mailbox(ada).map(|mailbox| mailbox.default_calendar), world.add_calendar(ada, "Project"))
        });
        let office = office.ok_or_else(|| by_hand("no calendar"))?;
        let folder = tempfile::Builder::new().prefix("starmesh-trouble-").tempdir()?;
        let app = Starmesh::new(&folder.path().join("data"))?;
        google.add_account(&app, At::Google.account()).await?.expect(0)?;
        microsoft.add_account(&app, At::Microsoft.account(), &[]).await?.expect(0)?;
        let home = format!("personal/{ADA}");
        app.ok(&["group", "add", "mesh", &home, "personal/Club", "office/Calendar", "office/Project"])
            .await?;
        let scene = Self { google, microsoft, app, office, project, _folder: folder };
        scene.book(At::Google, 3, 9)?;
        scene.book(At::Microsoft, 4, 10)?;
        scene.app.ok(&["sync", "--yes"]).await?;
        scene.expect([1, 2, 1, 2])?;
        Ok(scene)
    }

    /// Somebody books an hour in the first calendar there; it belongs into the three others.
    fn book(&self, at: At, days: u64, hour: u32) -> Outcome<String> {
        match at {
            At::Google => self.google.sim.put_event(ADA, None, &google_event(days, hour)).map_err(by_hand),
            At::Microsoft => {
                let event = microsoft_event(days, hour);
                self.microsoft.sim.with(|world| world.put_event(self.office, &event)).map_err(by_hand)?;
                Ok(String::new())
            }
        }
    }

    /// How many mirrors stand at home, in the club, in the office and in the project.
    fn mirrors(&self) -> Outcome<[usize; 4]> {
        let microsoft = &self.microsoft;
        Ok([
            self.google.mirrors(ADA)?,
            self.google.mirrors(CLUB)?,
            microsoft.mirrors(self.office),
            microsoft.mirrors(self.project),
        ])
    }

    /// Fails unless so many stand, and nobody would have been notified.
    fn expect(&self, wanted: [usize; 4]) -> Outcome<()> {
        let found = self.mirrors()?;
        if found != wanted {
            return Err(Failure::new(format!("mirrors: {found:?} instead of {wanted:?}")));
        }
        let told = self.google.sim.ledger().notifications().len()
            + self.microsoft.sim.ledger().notifications().len();
        if told == 0 { Ok(()) } else { Err(Failure::new(format!("{told} notifications to people"))) }
    }

    /// From now on every request to the API there with this method, or with any, is answered so.
    fn answer(&self, at: At, method: Option<&str>, trouble: Trouble) {
        let method = method.map(str::to_owned);
        match at {
            At::Google => {
                let fault = match trouble {
                    Trouble::Coded(status, reason) => {
                        google::Fault::Error { status, reason: reason.to_owned(), retry_after_s: None }
                    }
                    Trouble::Page(status) => google::Fault::Body { status, html: PAGE.to_owned() },
                    Trouble::Empty(status) => google::Fault::Body { status, html: String::new() },
                };
                let path = "/calendar/v3".to_owned();
                let scripted = Scripted { method, path, after: 0, times: None, fault };
                self.google.sim.switch(|switches| switches.scripted = vec![scripted]);
            }
            At::Microsoft => {
                let fault = match trouble {
                    Trouble::Coded(status, code) => microsoft::Fault::Error {
                        status,
                        code: code.to_owned(),
                        message: "Ada's dentist".to_owned(),
                        retry_after: None,
                    },
                    Trouble::Page(status) => microsoft::Fault::Html { status },
                    Trouble::Empty(status) => microsoft::Fault::Empty { status },
                };
                let path = Some("/v1.0/".to_owned());
                let rule = FaultRule { method, path, skip: 0, times: u32::MAX, fault };
                self.microsoft.sim.with(|world| world.faults().add(rule));
            }
        }
    }

    /// Everything is answered well again.
    fn heal(&self) {
        self.google.sim.switch(|switches| switches.scripted.clear());
        self.microsoft.sim.with(|world| world.faults().clear());
    }

    /// Whatever was missed is made up for, and there it rests.
    async fn settles(&self, wanted: [usize; 4]) -> Outcome<()> {
        self.heal();
        self.app.ok(&["sync", "--yes", "--retry-wedged"]).await?;
        self.expect(wanted)?;
        let plan = self.app.json(&["plan"]).await?;
        if plan["in_step"] == true { Ok(()) } else { Err(Failure::new(format!("not in step: {plan}"))) }
    }
}

/// What something in front of a provider shows.
const PAGE: &str = "<!DOCTYPE html><html><title>Error</title><body>Ada's dentist</body></html>";

fn by_hand(error: impl std::fmt::Display) -> Failure {
    Failure::new(error.to_string())
}

/// A time of day in UTC, some days from now.
fn instant(days: u64, hour: u32) -> String {
    at(days, hour).format("%Y-%m-%dT%H:%M:%S").to_string()
}

fn google_event(days: u64, hour: u32) -> Value {
    let at = |hour| json!({ "dateTime": format!("{}Z", instant(days, hour)) });
    json!({ "summary": "Secret workshop", "start": at(hour), "end": at(hour + 1) })
}

fn microsoft_event(days: u64, hour: u32) -> Value {
    let at = |hour| json!({ "dateTime": instant(days, hour), "timeZone": "UTC" });
    json!({ "subject": "Secret talk", "start": at(hour), "end": at(hour + 1), "showAs": "busy" })
}
