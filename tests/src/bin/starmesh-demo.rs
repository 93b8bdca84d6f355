//! The main job, shown: a calendar server of its own, four calendars, a star and a mesh, and the real
//! program between them. Events are booked, moved and cancelled while it runs; each journey is printed with
//! the time of every step, and what was promised is checked at the server itself, past the program.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use clap::Parser;
use serde_json::{Value, json};
use starmesh_tests::cli::Running;
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::{Block, mirrors, originals};
use starmesh_tests::servers::{Kind, Rights};
use starmesh_tests::world::{SEEN_WITHIN, Snapshot, World, at};
use starmesh_tests::{Failure, Outcome};

/// The calendars.
const CALENDARS: [&str; 4] = ["work", "family", "club", "side"];
/// A star around work, and a mesh of the other three: family and club stand in both.
const STAR: [&str; 7] = ["group", "add", "star", "--hub", "work", "--spoke", "family"];
const MESH: [&str; 6] = ["group", "add", "mesh", "family", "club", "side"];
/// Where an event of each calendar shows as a busy block.
const REACHES: [(&str, &[&str]); 4] = [
    ("work", &["family"]),
    ("family", &["work", "club", "side"]),
    ("club", &["family", "side"]),
    ("side", &["family", "club"]),
];
/// How long the engine may take to start.
const STARTED_WITHIN: Duration = Duration::from_secs(30);
const HOUR: TimeDelta = TimeDelta::hours(1);

/// Shows the main job of Starmesh on a calendar server of its own, on this machine. Takes about half a minute.
#[derive(Parser)]
#[command(name = "cargo xtask demo")]
struct Arguments {
    /// Leave the server and the calendars up until Ctrl-C, to play with.
    #[arg(long)]
    keep: bool,
    /// One JSON object a line instead of prose.
    #[arg(long)]
    json: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let stage = Stage { json: arguments.json, colour: std::io::stdout().is_terminal() };
    match play(&stage, arguments.keep).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Where the demo is shown.
struct Stage {
    json: bool,
    colour: bool,
}

impl Stage {
    fn headline(&self, text: &str) {
        let (on, off) = if self.colour { ("\x1b[1;36m", "\x1b[0m") } else { ("", "") };
        self.show(&format!("\n{on}{text}{off}"), &json!({ "scene": text }));
    }

    fn line(&self, text: &str) {
        self.show(&format!("  {text}"), &json!({ "line": text }));
    }

    fn check(&self, text: &str) {
        let (on, off) = if self.colour { ("\x1b[32m", "\x1b[0m") } else { ("", "") };
        self.show(&format!("  {on}✓{off} {text}"), &json!({ "checked": text }));
    }

    fn show(&self, prose: &str, value: &Value) {
        let mut out = std::io::stdout().lock();
        let text = if self.json { value.to_string() } else { prose.to_owned() };
        // A reader that went away is no reason to leave the server behind: the end cleans up.
        drop(writeln!(out, "{text}"));
    }
}

/// The blocks that ought to be, by calendar.
type Expected = BTreeMap<&'static str, Vec<Block>>;

async fn play(stage: &Stage, keep: bool) -> Outcome<()> {
    stage.headline("A calendar server of its own, and four calendars");
    let world = World::new(Kind::Radicale(Rights::Owner), &CALENDARS).await?;
    world.app.ok(&["settings", "set", "poll_interval", "5"]).await?;
    stage.line(&format!("Radicale at {}, with the calendars {}", world.server.url(), CALENDARS.join(", ")));
    let mut booked = fill(&world).await?;
    stage.line(&format!(
        "{} events are in them already, each with a subject that nobody else may see",
        booked.len()
    ));

    stage.headline("A star and a mesh");
    world.app.ok(&STAR).await?;
    world.app.ok(&MESH).await?;
    stage.line("star: work — family            mesh: family — club — side — family");
    let plan = world.app.json(&["plan"]).await?;
    let to_place: u64 =
        plan["targets"].as_array().into_iter().flatten().filter_map(|it| it["place"].as_u64()).sum();
    stage.line(&format!("the plan: {to_place} busy blocks to place, nothing to change or remove"));
    world.sync().await?;
    let expected = expected(&booked);
    let count: usize = expected.values().map(Vec::len).sum();
    expect(&world, &expected).await?;
    stage.check(&format!("{count} busy blocks stand, exactly one for each event and calendar"));

    stage.headline("The engine runs; a person books, moves and cancels");
    let before = world.originals().await?;
    let mut running = world.app.spawn(&["--json", "run"])?;
    running.line(STARTED_WITHIN, |line| line.contains("\"started\"")).await?;
    let mut told = Told::default();
    let lunch = Event::timed("lunch", at(6, 12), HOUR).hiding("lunch with a rival");
    world.put("family", &lunch).await?;
    stage.line("booked in family: 12:00 to 13:00");
    booked.push(("family", Block::timed(at(6, 12), HOUR)));
    told.follow(stage, &mut running, &world, &self::expected(&booked)).await?;
    let lunch = Event::timed("lunch", at(6, 14), HOUR).hiding("lunch with a rival");
    world.put("family", &lunch).await?;
    stage.line("moved in family: 14:00 to 15:00");
    booked.pop();
    booked.push(("family", Block::timed(at(6, 14), HOUR)));
    told.follow(stage, &mut running, &world, &self::expected(&booked)).await?;
    world.delete("family", "lunch").await?;
    stage.line("cancelled in family");
    booked.pop();
    told.follow(stage, &mut running, &world, &self::expected(&booked)).await?;
    running.stop().await?.expect(0)?;

    stage.headline("What was promised, checked at the server");
    verify(stage, &world, &before).await?;
    if keep {
        wait(stage, &world).await?;
    }
    stage.headline("Everything taken back");
    world.app.ok(&["clean", "--all", "--yes"]).await?;
    for name in CALENDARS {
        if !mirrors(&world.list(name).await?)?.is_empty() {
            return Err(Failure::new(format!("busy blocks are left in {name}")));
        }
    }
    world.expect_originals(&before).await?;
    stage.check("no busy block is left, and every event is as its owner wrote it, byte for byte");
    stage.line("The server, its data and the program's data go with this demo.");
    Ok(())
}

/// Books a few events in each calendar; what they block.
async fn fill(world: &World) -> Outcome<Vec<(&'static str, Block)>> {
    let mut booked = Vec::new();
    for (nth, name) in (0u32..).zip(CALENDARS) {
        for day in 2..5 {
            let start = at(day, 8 + 2 * nth);
            let event = Event::timed(&format!("{name}-{day}"), start, HOUR).hiding("a secret subject");
            world.put(name, &event).await?;
            booked.push((name, Block::timed(start, HOUR)));
        }
    }
    Ok(booked)
}

/// What has to stand where.
fn expected(booked: &[(&'static str, Block)]) -> Expected {
    let mut expected: Expected = CALENDARS.into_iter().map(|name| (name, Vec::new())).collect();
    for (name, targets) in REACHES {
        for target in targets {
            let blocks = booked.iter().filter(|(source, _)| *source == name).map(|(_, block)| block.clone());
            expected.entry(target).or_default().extend(blocks);
        }
    }
    expected
}

async fn expect(world: &World, expected: &Expected) -> Outcome<()> {
    for (name, blocks) in expected {
        world.expect(name, blocks).await?;
    }
    Ok(())
}

/// Journeys that were shown already.
#[derive(Default)]
struct Told(usize);

impl Told {
    /// Waits until the change is everywhere and shows the journey to each calendar.
    async fn follow(
        &mut self,
        stage: &Stage,
        running: &mut Running,
        world: &World,
        expected: &Expected,
    ) -> Outcome<()> {
        for (name, blocks) in expected {
            world.await_blocks(name, blocks).await?;
        }
        let (_, targets) = REACHES[1];
        let wanted = self.0 + targets.len();
        let count = |text: &str| text.lines().filter(|line| is_journey(line)).count();
        let deadline = tokio::time::Instant::now() + SEEN_WITHIN;
        while count(&running.output()?) < wanted {
            if tokio::time::Instant::now() > deadline {
                return Err(Failure::new("the engine did not tell of every journey"));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let output = running.output()?;
        for line in output.lines().filter(|line| is_journey(line)).skip(self.0) {
            self.0 += 1;
            journey(stage, &serde_json::from_str(line)?)?;
        }
        Ok(())
    }
}

fn is_journey(line: &str) -> bool {
    line.contains("\"event\":\"placed\"")
}

/// One journey in one line: how long each step took.
fn journey(stage: &Stage, event: &Value) -> Outcome<()> {
    let steps = &event["steps"];
    let time = |step: &str| -> Outcome<DateTime<chrono::FixedOffset>> {
        let text = steps[step].as_str().unwrap_or_default();
        DateTime::parse_from_rfc3339(text).map_err(|error| Failure::new(format!("{step}: {text}: {error}")))
    };
    let took = |from: &str, to: &str| -> Outcome<i64> { Ok((time(to)? - time(from)?).num_milliseconds()) };
    let prose = format!(
        "    {:<34} {:<8} signal → queue {:>3} ms → pull {:>3} ms → reconcile {:>3} ms → place {:>3} ms",
        event["link"]["name"].as_str().unwrap_or_default(),
        event["action"].as_str().unwrap_or_default(),
        took("signalled", "taken")?,
        took("taken", "pulled")?,
        took("pulled", "planned")?,
        took("planned", "placed")?,
    );
    stage.show(&prose, &json!({ "journey": event }));
    Ok(())
}

/// The promises, at the server.
async fn verify(stage: &Stage, world: &World, before: &Snapshot) -> Outcome<()> {
    world.expect_originals(before).await?;
    stage.check("the events themselves are untouched, byte for byte");
    for name in CALENDARS {
        let listing = world.list(name).await?;
        let own = originals(&listing).len();
        let found = mirrors(&listing)?;
        let uids: std::collections::BTreeSet<_> = found.iter().map(|mirror| &mirror.uid).collect();
        if uids.len() != found.len() || own != 3 {
            return Err(Failure::new(format!("{name} holds duplicates, or lost an event")));
        }
    }
    stage.check("no duplicate, no mirror of a mirror, no event lost");
    world.expect_no_canary().await?;
    stage.check("no subject of anybody's event is in a busy block, in the database or in a log");
    world.expect_quiet().await?;
    stage.check("another pass writes nothing: no version on the server changes");
    Ok(())
}

/// Leaves everything up until a person has seen enough.
async fn wait(stage: &Stage, world: &World) -> Outcome<()> {
    stage.headline("Yours to play with, until Ctrl-C");
    let (server, app) = (&world.server, &world.app);
    stage.line(&format!(
        "calendars   {} (user {}, password {})",
        server.url(),
        server.user(),
        server.password()
    ));
    stage.line(&format!("passphrase  export STARMESH_PASSPHRASE='{}'", app.passphrase()));
    let program = app.binary().display();
    stage.line(&format!("program     {program} --data-dir {} status", app.folder().display()));
    tokio::signal::ctrl_c().await?;
    Ok(())
}
