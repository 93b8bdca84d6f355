//! Simulated calendar services behind real addresses.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use starmesh_sim::caldav::{self, CaldavOptions, CaldavSim};
use starmesh_sim::google::{self, GoogleOptions, GoogleSim};
use starmesh_sim::microsoft::{self, MicrosoftOptions, MicrosoftSim};
use starmesh_sim::web::{Ledger, SimClock};

/// The bearer token of the well-known user unless told otherwise.
const TOKEN_DEFAULT: &str = "starmesh-sim";

/// Simulated calendar services, for tests, demonstrations and third-party clients.
#[derive(Parser)]
#[command(name = "starmesh-sim", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves until it is interrupted
    #[command(after_long_help = WORLD_HELP)]
    Serve(Serve),
}

#[derive(Args)]
struct Serve {
    /// Address of the simulated Google Calendar; port 0 takes any free one
    #[arg(long, value_name = "ADDR", required_unless_present_any = ["microsoft", "caldav"])]
    google: Option<SocketAddr>,
    /// Address of the simulated Microsoft Graph; port 0 takes any free one
    #[arg(long, value_name = "ADDR", required_unless_present_any = ["google", "caldav"])]
    microsoft: Option<SocketAddr>,
    /// Address of the simulated CalDAV server; port 0 takes any free one
    #[arg(long, value_name = "ADDR", required_unless_present_any = ["google", "microsoft"])]
    caldav: Option<SocketAddr>,
    /// What everything random is drawn from
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// A world to begin with, in TOML; without it there is a small one of ada@example.test at each provider
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
    /// Bearer token of the first user of each provider
    #[arg(long, value_name = "T", default_value = TOKEN_DEFAULT)]
    token: String,
}

const WORLD_HELP: &str = r#"A world in TOML; a provider that it does not speak of has its default world:

  # The first user is the one whose token --token is.
  [[google.user]]
  mail = "ada@example.test"
  zone = "Europe/Berlin"

  # Every user has a primary calendar that bears their address; these come besides.
  [[google.calendar]]
  id = "team@group.calendar.google.com"
  summary = "Team"
  owner = "ada@example.test"
  zone = "Europe/Berlin"    # optional; the owner's
  can_push = true           # optional; false for holidays

  # freeBusyReader, reader, writerWithoutPrivateAccess, writer or owner
  [[google.role]]
  calendar = "team@group.calendar.google.com"
  user = "bob@example.test"
  role = "reader"

  # The body is that of an insert; day counts from today.
  [[google.event]]
  calendar = "ada@example.test"
  day = 1
  from = "10:00"            # in the calendar's zone; left out for a whole day
  to = "11:00"
  body = { summary = "Review", recurrence = ["RRULE:FREQ=WEEKLY"] }

  # The first mailbox is the one whose token --token is; kind is personal, work or shared.
  [[microsoft.mailbox]]
  upn = "ada@example.test"
  name = "Ada"
  kind = "work"
  zone = "W. Europe Standard Time"

  # Every mailbox has a default calendar; these come besides.
  [[microsoft.calendar]]
  mailbox = "ada@example.test"
  name = "Projects"
  feed = false              # optional; true for one that nobody can write

  [[microsoft.share]]
  mailbox = "bob@example.test"
  calendar = "Calendar"     # optional; the default one
  with = "ada@example.test"
  role = "read"             # also write, freeBusyRead, limitedRead, delegateWithPrivateEventAccess
  accepted = true           # optional; a local copy is listed

  [[microsoft.event]]
  mailbox = "ada@example.test"
  day = 1
  from = "10:00"            # in the mailbox's zone; left out for a whole day
  to = "11:00"
  repeats = { type = "weekly", daysOfWeek = ["monday"] }
  body = { subject = "Review" }

  # The first user is the one whose token --token is.
  [[caldav.user]]
  mail = "ada@example.test"
  password = "x"            # optional; x

  [[caldav.calendar]]
  owner = "ada@example.test"
  name = "work"
  display_name = "Work"     # optional; the name

  [[caldav.share]]
  calendar = "/calendars/bob@example.test/team/"
  with = "ada@example.test"
  name = "team-of-bob"      # in the other home
  can_write = false         # optional

  # Lines are further properties; day counts from today.
  [[caldav.event]]
  calendar = "/calendars/ada@example.test/work/"
  uid = "review"
  day = 1
  from = "10:00"            # UTC; left out for a whole day
  to = "11:00"
  lines = ["SUMMARY:Review", "RRULE:FREQ=WEEKLY"]

Control routes of each service: /__clock, /__ledger, /__traffic, /__switches, /__met. All services
share one clock and one ledger."#;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Command::Serve(serve) = Arguments::parse().command;
    match run(&serve).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("starmesh-sim: {problem}");
            ExitCode::FAILURE
        }
    }
}

async fn run(serve: &Serve) -> Result<(), String> {
    let text = match &serve.world {
        None => String::new(),
        Some(path) => {
            std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?
        }
    };
    // All services live in one world: one time, one ledger.
    let (clock, ledger) = (SimClock::real(), Ledger::new());
    let unusable = |address: SocketAddr| move |error| format!("{address}: {error}");
    let mut running = Vec::new();
    if let Some(address) = serve.google {
        let served =
            google(serve, &text, &clock, &ledger)?.start(address).await.map_err(unusable(address))?;
        println!("google {}", served.base_url());
        running.push(served);
    }
    let mut microsoft_running = None;
    if let Some(address) = serve.microsoft {
        let served =
            microsoft(serve, &text, &clock, &ledger)?.start(address).await.map_err(unusable(address))?;
        println!("microsoft {}", served.base_url());
        microsoft_running = Some(served);
    }
    if let Some(address) = serve.caldav {
        let served =
            caldav(serve, &text, &clock, &ledger)?.start(address).await.map_err(unusable(address))?;
        println!("caldav {}", served.base_url());
        running.push(served);
    }
    interrupted().await.map_err(|error| format!("signals cannot be awaited: {error}"))?;
    for served in running {
        served.shutdown().await;
    }
    if let Some(served) = microsoft_running {
        served.shutdown().await;
    }
    Ok(())
}

fn google(serve: &Serve, world: &str, clock: &SimClock, ledger: &Ledger) -> Result<GoogleSim, String> {
    let world = google::WorldFile::parse(world).map_err(|error| error.to_string())?;
    let (clock, ledger) = (clock.clone(), ledger.clone());
    let sim = GoogleSim::new(GoogleOptions { seed: serve.seed, clock, ledger, ..GoogleOptions::default() })?;
    world.fill(&sim).map_err(|error| error.to_string())?;
    sim.accept_token(&serve.token, world.well_known().ok_or("the world of Google has no user")?);
    Ok(sim)
}

fn microsoft(serve: &Serve, world: &str, clock: &SimClock, ledger: &Ledger) -> Result<MicrosoftSim, String> {
    let world = microsoft::WorldFile::parse(world).map_err(|error| error.to_string())?;
    let (clock, ledger) = (clock.clone(), ledger.clone());
    let options = MicrosoftOptions { seed: serve.seed, clock, ledger, ..MicrosoftOptions::default() };
    let sim = MicrosoftSim::new(options)?;
    world.fill(&sim).map_err(|error| error.to_string())?;
    sim.accept_token(&serve.token, world.well_known().ok_or("the world of Microsoft has no mailbox")?);
    Ok(sim)
}

fn caldav(serve: &Serve, world: &str, clock: &SimClock, ledger: &Ledger) -> Result<CaldavSim, String> {
    let world = caldav::WorldFile::parse(world).map_err(|error| error.to_string())?;
    let (clock, ledger) = (clock.clone(), ledger.clone());
    let sim = CaldavSim::new(CaldavOptions { seed: serve.seed, clock, ledger, ..CaldavOptions::default() });
    world.fill(&sim).map_err(|error| error.to_string())?;
    sim.accept_token(&serve.token, world.well_known().ok_or("the world of CalDAV has no user")?);
    Ok(sim)
}

/// Waits for SIGINT or, where there is one, SIGTERM.
async fn interrupted() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let mut ended = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = ended.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
