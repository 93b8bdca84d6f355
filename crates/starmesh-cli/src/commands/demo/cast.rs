//! Simulated Google and Microsoft behind real addresses, and the four calendars at them.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use serde::Serialize;
use starmesh_app::{AppError, Endpoints, ErrorCode};
use starmesh_sim::google::{GoogleOptions, GoogleSim, NewCalendar};
use starmesh_sim::microsoft::world::{CalendarNo, MailboxKind};
use starmesh_sim::microsoft::{MicrosoftOptions, MicrosoftServed, MicrosoftSim, Switches};
use starmesh_sim::web::{HookCarrier, Ledger, RoundTrip, Served, SimClock};

/// The person at both providers.
const ADA: &str = "ada@example.test";
/// Where a provider listens: on this machine alone, at any free port.
const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// The second calendar at Google, by its id.
const CLUB: &str = "club@group.calendar.google.com";
/// The second calendar at Microsoft, by its name.
const PROJECT: &str = "Project";

/// The four calendars.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum Place {
    /// Ada's own at Google.
    Home,
    /// Another of hers at Google.
    Club,
    /// Her own at Microsoft.
    Work,
    /// Another of hers at Microsoft.
    Project,
}

/// Whose a calendar is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum Provider {
    Google,
    Microsoft,
}

impl Provider {
    pub(super) const ALL: [Self; 2] = [Self::Google, Self::Microsoft];

    /// Its name, for people.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Google => "Google",
            Self::Microsoft => "Microsoft",
        }
    }

    /// What Ada's account there is called.
    pub(super) fn account(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Microsoft => "microsoft",
        }
    }
}

impl Place {
    pub(super) const ALL: [Self; 4] = [Self::Work, Self::Home, Self::Club, Self::Project];

    /// The middle of the star, and the calendars around it.
    pub(super) const STAR: (Self, [Self; 2]) = (Self::Work, [Self::Home, Self::Club]);
    /// The mesh. Home and Club are in the star too; their ways to Work stay as they are.
    pub(super) const MESH: [Self; 3] = [Self::Home, Self::Club, Self::Project];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Home => "Home",
            Self::Club => "Club",
            Self::Work => "Work",
            Self::Project => "Project",
        }
    }

    pub(super) fn provider(self) -> Provider {
        match self {
            Self::Home | Self::Club => Provider::Google,
            Self::Work | Self::Project => Provider::Microsoft,
        }
    }

    /// The name by which the program knows it: what its provider calls it, after the account.
    pub(super) fn name(self) -> String {
        let name = match self {
            Self::Home => ADA,
            Self::Club => "Club",
            Self::Work => "Calendar",
            Self::Project => PROJECT,
        };
        format!("{}/{name}", self.provider().account())
    }

    /// Where its events show as busy blocks. Written down by hand, past the code that derives links.
    pub(super) fn reaches(self) -> &'static [Self] {
        match self {
            Self::Work => &[Self::Home, Self::Club],
            Self::Home => &[Self::Work, Self::Club, Self::Project],
            Self::Club => &[Self::Work, Self::Home, Self::Project],
            Self::Project => &[Self::Home, Self::Club],
        }
    }
}

/// Both providers, up and running, with Ada in them.
pub(super) struct Cast {
    pub(super) google: GoogleSim,
    pub(super) microsoft: MicrosoftSim,
    /// Ada's own calendar at Microsoft, and the other one.
    work: CalendarNo,
    project: CalendarNo,
    ledger: Ledger,
    google_served: Served,
    microsoft_served: MicrosoftServed,
}

impl Cast {
    /// Starts both providers, `distance` away.
    pub(super) async fn start(seed: u64, distance: RoundTrip, token: &str) -> Result<Self, AppError> {
        // Both live in one world: one time, one ledger.
        let (clock, ledger) = (SimClock::real(), Ledger::new());
        let google = GoogleSim::new(GoogleOptions {
            seed,
            clock: clock.clone(),
            ledger: ledger.clone(),
            ..GoogleOptions::default()
        })
        .map_err(|problem| failed(&problem))?;
        google.add_user(ADA, "Europe/Berlin").map_err(|problem| failed(&problem))?;
        let club = NewCalendar {
            id: CLUB.to_owned(),
            summary: Place::Club.title().to_owned(),
            zone: "Europe/Berlin".to_owned(),
            owner: ADA.to_owned(),
            can_push: true,
        };
        google.add_calendar(&club).map_err(|problem| failed(&problem))?;
        google.accept_token(token, ADA);

        // How long the real service takes until it tells is its own affair; the demo shows what is ours.
        let switches = Switches { notification_latency_ms: (0, 0), ..Switches::default() };
        let options =
            MicrosoftOptions { seed, clock, ledger: ledger.clone(), switches, ..MicrosoftOptions::default() };
        let microsoft = MicrosoftSim::new(options).map_err(|problem| failed(&problem))?;
        let ada = microsoft.add_user(MailboxKind::Work, ADA, "Ada");
        microsoft.accept_token(token, ADA);
        let (work, project) = microsoft.with(|world| {
            (world.mailbox(ada).map(|mailbox| mailbox.default_calendar), world.add_calendar(ada, PROJECT))
        });
        let work = work.ok_or_else(|| failed(&"the mailbox has no calendar"))?;

        let unusable = |error: std::io::Error| failed(&error);
        let google_served = google.start_from_afar(ANYWHERE, distance).await.map_err(unusable)?;
        let microsoft_served = microsoft.start_from_afar(ANYWHERE, distance).await.map_err(unusable)?;
        Ok(Self { google, microsoft, work, project, ledger, google_served, microsoft_served })
    }

    /// Closes both addresses.
    pub(super) async fn leave(self) {
        self.google_served.shutdown().await;
        self.microsoft_served.shutdown().await;
    }

    /// Where a provider listens, without a slash at the end.
    pub(super) fn address(&self, provider: Provider) -> String {
        let url = match provider {
            Provider::Google => self.google_served.base_url(),
            Provider::Microsoft => self.microsoft_served.base_url(),
        };
        url.as_str().trim_end_matches('/').to_owned()
    }

    /// What `--endpoints` would be given for an account there.
    pub(super) fn endpoints(&self, provider: Provider) -> Result<Endpoints, AppError> {
        let base = self.address(provider);
        let text = match provider {
            Provider::Google => format!(
                "client_id = 'starmesh-demo'\nauthorize = '{base}/o/oauth2/v2/auth'\ntoken = '{base}/token'\n\
                 api = '{base}/calendar/v3'\nbatch = '{base}/batch/calendar/v3'\n"
            ),
            Provider::Microsoft => {
                let at = |path: &str| format!("{base}/common/oauth2/v2.0/{path}");
                format!(
                    "client_id = 'starmesh-demo'\nauthorize = '{}'\ntoken = '{}'\ndevice = '{}'\n\
                     api = '{base}/v1.0'\n",
                    at("authorize"),
                    at("token"),
                    at("devicecode")
                )
            }
        };
        Endpoints::parse("the demo's endpoints", &text)
    }

    /// Both providers' writes and notifications.
    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Lets `carrier` take every notification of both providers.
    pub(super) fn carry_hooks_by(&self, carrier: &Arc<dyn HookCarrier>) {
        self.google.carry_hooks_by(Arc::clone(carrier));
        self.microsoft.carry_hooks_by(Arc::clone(carrier));
    }

    /// The id of a calendar at Google; `None` for one at Microsoft.
    pub(super) fn at_google(place: Place) -> Option<&'static str> {
        match place {
            Place::Home => Some(ADA),
            Place::Club => Some(CLUB),
            Place::Work | Place::Project => None,
        }
    }

    /// The number of a calendar at Microsoft; `None` for one at Google.
    pub(super) fn at_microsoft(&self, place: Place) -> Option<CalendarNo> {
        match place {
            Place::Work => Some(self.work),
            Place::Project => Some(self.project),
            Place::Home | Place::Club => None,
        }
    }
}

/// Trouble with a simulated provider, which is never anything a person did.
pub(super) fn failed(problem: &dyn std::fmt::Display) -> AppError {
    AppError::new(ErrorCode::Internal, format!("a simulated provider is in trouble: {problem}"))
}
