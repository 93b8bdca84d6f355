//! Simulated calendar services behind real addresses.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use starmesh_sim::google::{GoogleOptions, GoogleSim, WorldFile};
use starmesh_sim::microsoft::{self, MicrosoftOptions, MicrosoftSim};

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
#[group(required = true, multiple = true, id = "providers", args = ["google", "microsoft"])]
struct Serve {
    /// Address of the simulated Google Calendar; port 0 takes any free one
    #[arg(long, value_name = "ADDR")]
    google: Option<SocketAddr>,
    /// Address of the simulated Microsoft Graph; port 0 takes any free one
    #[arg(long, value_name = "ADDR")]
    microsoft: Option<SocketAddr>,
    /// What everything random is drawn from
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// A world to begin with, in TOML; without it there is a small one of ada@example.test
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
    /// Bearer token of the world's first user
    #[arg(long, value_name = "T", default_value = TOKEN_DEFAULT)]
    token: String,
}

const WORLD_HELP: &str = r#"A world in TOML:

  # The first user is the one whose token --token is.
  [[user]]
  mail = "ada@example.test"
  zone = "Europe/Berlin"

  # Every user has a primary calendar that bears their address; these come besides.
  [[calendar]]
  id = "team@group.calendar.google.com"
  summary = "Team"
  owner = "ada@example.test"
  zone = "Europe/Berlin"    # optional; the owner's
  can_push = true           # optional; false for holidays

  # freeBusyReader, reader, writerWithoutPrivateAccess, writer or owner
  [[role]]
  calendar = "team@group.calendar.google.com"
  user = "bob@example.test"
  role = "reader"

  # The body is that of an insert; day counts from today.
  [[event]]
  calendar = "ada@example.test"
  day = 1
  from = "10:00"            # in the calendar's zone; left out for a whole day
  to = "11:00"
  body = { summary = "Review", recurrence = ["RRULE:FREQ=WEEKLY"] }

For Microsoft the same in a table of its own:

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

Control routes of each service: /__clock, /__ledger, /__traffic, /__switches."#;

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
    let mut running = Vec::new();
    if let Some(address) = serve.google {
        let sim = google(serve)?;
        let served = sim.start(address).await.map_err(|error| format!("{address}: {error}"))?;
        println!("google {}", served.base_url());
        running.push(served);
    }
    let mut microsoft_running = None;
    if let Some(address) = serve.microsoft {
        let sim = microsoft(serve)?;
        let served = sim.start(address).await.map_err(|error| format!("{address}: {error}"))?;
        println!("microsoft {}", served.base_url());
        microsoft_running = Some(served);
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

fn microsoft(serve: &Serve) -> Result<MicrosoftSim, String> {
    let world = match &serve.world {
        None => microsoft::WorldFile::default_world(),
        Some(path) => {
            let text = std::fs::read_to_string(path);
            microsoft::WorldFile::parse(&text.map_err(|error| format!("{}: {error}", path.display()))?)
        }
    };
    let world = world.map_err(|error| error.to_string())?;
    let sim = MicrosoftSim::new(MicrosoftOptions { seed: serve.seed, ..MicrosoftOptions::default() })?;
    world.fill(&sim).map_err(|error| error.to_string())?;
    let user = world.well_known().ok_or("the world has no user")?;
    sim.accept_token(&serve.token, user);
    Ok(sim)
}

fn google(serve: &Serve) -> Result<GoogleSim, String> {
    let world = match &serve.world {
        None => WorldFile::default_world(),
        Some(path) => {
            let text = std::fs::read_to_string(path);
            WorldFile::parse(&text.map_err(|error| format!("{}: {error}", path.display()))?)
        }
    };
    let world = world.map_err(|error| error.to_string())?;
    let sim = GoogleSim::new(GoogleOptions { seed: serve.seed, ..GoogleOptions::default() })?;
    world.fill(&sim).map_err(|error| error.to_string())?;
    let user = world.well_known().ok_or("the world has no user")?;
    sim.accept_token(&serve.token, user);
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
