//! Both services, an account at each, and an engine between their calendars.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use starmesh_core::ids::{AccountId, CalendarId, LastingName};
use starmesh_core::mirror::IdentityKey;
use starmesh_engine::{Command, Engine, EngineEvent, Parts};
use starmesh_http::{HttpError, HttpOptions, Request, ReqwestTransport, Response, Transport};
use starmesh_provider::conformance::Harness;
use starmesh_provider::env::SystemEntropy;
use starmesh_provider::{CalendarProvider, Providers};
use starmesh_sim::google::{GoogleOptions, GoogleSim, Switches as GoogleSwitches};
use starmesh_sim::microsoft::{MicrosoftOptions, MicrosoftSim};
use starmesh_sim::web::{Served, SimClock};
use starmesh_store::Store;
use starmesh_store::state::{Changes, Settings, State};
use starmesh_tests::google_harness::GoogleHarness;
use starmesh_tests::graph_harness::GraphHarness;
use starmesh_tests::in_process::InProcess;
use starmesh_tests::linked::link_up;
use starmesh_tests::{Failure, Outcome};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Seconds between polls: so long that a measure sees none but those it asks for.
const POLL_S: u32 = 3_600;
/// A daemon that has something to do says something at least this often.
const EVENT_WAIT_MAX: Duration = Duration::from_mins(2);
/// Requests a minute where what a person does goes over the wire, too; we keep to our own share.
const PERSON_AND_WE_PER_MINUTE: usize = 6_000;
/// Signals that may wait.
const COMMANDS_MAX: usize = 64;

/// A provider of the field.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum At {
    Google,
    Microsoft,
}

/// Where the services are.
pub(crate) struct Way {
    /// How long a request travels before it is at the service.
    pub(crate) round_trip: Duration,
    /// True to go over sockets.
    pub(crate) sockets: bool,
}

/// Both services with an account at each.
pub(crate) struct Field {
    pub(crate) google: GoogleHarness,
    pub(crate) microsoft: GraphHarness,
    pub(crate) clock: SimClock,
    calls: Calls,
    calendars: BTreeMap<CalendarId, (At, LastingName)>,
    _served: Option<(Served, starmesh_sim::microsoft::MicrosoftServed)>,
}

/// How many calls went to each service.
type Calls = Arc<Mutex<BTreeMap<At, u64>>>;

impl Field {
    /// Both services as they are without faults, on `clock`.
    pub(crate) async fn new(clock: SimClock, way: &Way) -> Outcome<Self> {
        let calls = Calls::default();
        let mut switches = GoogleSwitches::default();
        if way.sockets {
            // There the person's own program asks as well, in the same budget, and it is not what is measured.
            switches.quota.user_per_minute = PERSON_AND_WE_PER_MINUTE;
        }
        let google =
            GoogleSim::new(GoogleOptions { clock: clock.clone(), switches, ..GoogleOptions::default() });
        let google = google.map_err(Failure::new)?;
        let microsoft =
            MicrosoftSim::new(MicrosoftOptions { clock: clock.clone(), ..MicrosoftOptions::default() });
        let microsoft = microsoft.map_err(Failure::new)?;
        let counted = |at, inner| {
            let calls = Arc::clone(&calls);
            Arc::new(Counted { at, calls, round_trip: way.round_trip, inner }) as Arc<dyn Transport>
        };
        if !way.sockets {
            let near = |router, host| -> Arc<dyn Transport> {
                Arc::new(InProcess { router, round_trip: Duration::ZERO, host })
            };
            let to_google = counted(At::Google, near(google.router(), "www.googleapis.com"));
            let to_microsoft = counted(At::Microsoft, near(microsoft.router(), "graph.microsoft.com"));
            let api = "https://graph.microsoft.com/v1.0".parse()?;
            let google = GoogleHarness::over(google, to_google, starmesh_google::BUDGET);
            let microsoft = GraphHarness::over(microsoft, to_microsoft, &api, starmesh_graph::BUDGET);
            return Ok(Self { google, microsoft, clock, calls, calendars: BTreeMap::new(), _served: None });
        }
        let anywhere = (std::net::Ipv4Addr::LOCALHOST, 0).into();
        let google_served = google.start(anywhere).await?;
        let microsoft_served = microsoft.start(anywhere).await?;
        let network = || ReqwestTransport::new(&HttpOptions::default());
        let to_google = counted(At::Google, Arc::new(network()?));
        let to_microsoft = counted(At::Microsoft, Arc::new(network()?));
        let api = microsoft_served.base_url().join("v1.0")?;
        let google = GoogleHarness::at(google, google_served.base_url(), to_google, starmesh_google::BUDGET);
        let microsoft = GraphHarness::over(microsoft, to_microsoft, &api, starmesh_graph::BUDGET);
        let served = Some((google_served, microsoft_served));
        Ok(Self { google, microsoft, clock, calls, calendars: BTreeMap::new(), _served: served })
    }

    /// Makes an empty calendar.
    pub(crate) async fn add_calendar(&mut self, at: At) -> CalendarId {
        let name = self.harness(at).create_calendar().await;
        let id = CalendarId::new(format!("{at:?}-{}", self.calendars.len()).to_lowercase());
        self.calendars.insert(id.clone(), (at, name));
        id
    }

    /// Where a calendar is, and its name there.
    pub(crate) fn name(&self, calendar: &CalendarId) -> Outcome<&(At, LastingName)> {
        self.calendars.get(calendar).ok_or_else(|| Failure::new("a calendar of another field"))
    }

    /// The way around the adapters.
    pub(crate) fn harness(&self, at: At) -> &dyn Harness {
        match at {
            At::Google => &self.google,
            At::Microsoft => &self.microsoft,
        }
    }

    /// An engine that knows these links and nothing else.
    pub(crate) async fn engine(
        &self,
        store: Arc<dyn Store>,
        links: &[(CalendarId, CalendarId)],
    ) -> Outcome<Engine> {
        let state = State::new(store, IdentityKey::new([7; 32]));
        let calendars = self.calendars.iter();
        let calendars: Vec<_> =
            calendars.map(|(id, (at, name))| (id.clone(), account(*at), name.clone())).collect();
        link_up(&state, &calendars, links).await?;
        let mut changes = Changes::new();
        changes.put_settings(&Settings { poll_interval_s: POLL_S, ..Settings::default() });
        state.commit(changes).await?;
        Ok(Engine::new(Parts {
            state,
            providers: Arc::new(Both {
                google: self.google.provider(),
                microsoft: self.microsoft.provider(),
            }),
            clock: Arc::new(self.clock.clone()),
            entropy: Arc::new(SystemEntropy),
        }))
    }

    /// How many calls went to each service since this was last asked.
    pub(crate) fn take_calls(&self) -> BTreeMap<At, u64> {
        std::mem::take(&mut self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn account(at: At) -> AccountId {
    AccountId::new(format!("{at:?}").to_lowercase())
}

/// A daemon that runs.
pub(crate) struct Daemon {
    commands: mpsc::Sender<Command>,
    events: broadcast::Receiver<EngineEvent>,
    task: JoinHandle<Result<(), starmesh_engine::EngineError>>,
}

impl Daemon {
    /// Starts one and waits until nothing is left to do.
    pub(crate) async fn start(engine: Engine) -> Outcome<Self> {
        let events = engine.subscribe();
        let (commands, inbox) = mpsc::channel(COMMANDS_MAX);
        let task = tokio::spawn(async move { engine.run(inbox).await });
        let mut daemon = Self { commands, events, task };
        daemon.quiet().await?;
        Ok(daemon)
    }

    /// A provider says that a calendar changed.
    pub(crate) async fn signal(&self, calendar: &CalendarId) -> Outcome<()> {
        Ok(self.commands.send(Command::Signal(calendar.clone())).await?)
    }

    /// Waits for the next event; a calendar that cannot be read and a write that stands still are failures.
    pub(crate) async fn event(&mut self) -> Outcome<EngineEvent> {
        let next = timeout(EVENT_WAIT_MAX, self.events.recv()).await;
        let next = next.map_err(|_| Failure::new("the daemon says nothing any more"))?;
        match next {
            Ok(EngineEvent::PullFailed { message, .. }) => {
                Err(Failure::new(format!("a calendar cannot be read: {message}")))
            }
            Ok(EngineEvent::Wedged { reason, .. }) => {
                Err(Failure::new(format!("a write stands still: {reason:?}")))
            }
            Ok(event) => Ok(event),
            Err(RecvError::Lagged(missed)) => Err(Failure::new(format!("{missed} events were missed"))),
            Err(RecvError::Closed) => {
                Err(Failure::new(format!("the daemon ended: {:?}", (&mut self.task).await)))
            }
        }
    }

    /// Waits until nothing is left to do.
    pub(crate) async fn quiet(&mut self) -> Outcome<()> {
        while self.event().await? != EngineEvent::Quiet {}
        Ok(())
    }

    /// Stops it.
    pub(crate) async fn stop(self) -> Outcome<()> {
        self.commands.send(Command::Shutdown).await?;
        Ok(self.task.await??)
    }
}

struct Both {
    google: Arc<dyn CalendarProvider>,
    microsoft: Arc<dyn CalendarProvider>,
}

#[async_trait]
impl Providers for Both {
    async fn provider(&self, id: &AccountId) -> starmesh_provider::Result<Arc<dyn CalendarProvider>> {
        let provider = if *id == account(At::Google) { &self.google } else { &self.microsoft };
        Ok(Arc::clone(provider))
    }
}

/// Counts what goes to a service, and lets it travel.
struct Counted {
    at: At,
    calls: Calls,
    round_trip: Duration,
    inner: Arc<dyn Transport>,
}

#[async_trait]
impl Transport for Counted {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        *self.calls.lock().unwrap_or_else(PoisonError::into_inner).entry(self.at).or_default() += 1;
        tokio::time::sleep(self.round_trip).await;
        self.inner.send(request).await
    }
}
