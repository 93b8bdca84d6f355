//! The two programs, each with an account on the server and a target of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use starmesh_tests::cli::Starmesh;
use starmesh_tests::servers::{ALICE, Server, User};
use starmesh_tests::{Failure, Outcome, footprint};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::{Instant, interval};

/// The pause between two looks at a running program's memory.
const LOOK_PAUSE: Duration = Duration::from_millis(5);

/// How much of a program's own words a failure repeats, in characters: some say the same for every event.
const SHOWN_CHARS_MAX: usize = 1_000;

/// What one run of a program took.
#[derive(Clone, Copy)]
pub(super) struct Taken {
    pub(super) wall: Duration,
    pub(super) processor: Duration,
    pub(super) memory_kib: u64,
}

/// Whoever syncs.
pub(super) trait Side {
    /// The command that does it.
    fn command(&self) -> Command;

    /// Runs it, and it has to succeed.
    async fn sync(&self) -> Outcome<Taken> {
        let mut command = self.command();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let unknown = || Failure::new("this system has no /proc");
        let before = footprint::processor_of_children().ok_or_else(unknown)?;
        let began = Instant::now();
        let child = command.spawn()?;
        let pid = child.id().ok_or_else(|| Failure::new("it has ended"))?;
        let mut ended = std::pin::pin!(child.wait_with_output());
        let (mut looks, mut memory_kib) = (interval(LOOK_PAUSE), 0);
        let output = loop {
            tokio::select! {
                output = &mut ended => break output?,
                _ = looks.tick() => {
                    memory_kib = footprint::memory_peak_kib(pid).unwrap_or(0).max(memory_kib);
                }
            }
        };
        let wall = began.elapsed();
        if !output.status.success() {
            let words: String =
                String::from_utf8_lossy(&output.stderr).chars().take(SHOWN_CHARS_MAX).collect();
            return Err(Failure::new(format!("{command:?}: {words}")));
        }
        let processor = footprint::processor_of_children().ok_or_else(unknown)?.saturating_sub(before);
        Ok(Taken { wall, processor, memory_kib })
    }
}

/// Our program.
pub(super) struct Ours {
    app: Starmesh,
    _folder: TempDir,
}

impl Ours {
    /// With a link from one calendar to another, by the names that people see.
    pub(super) async fn new(server: &Server, source: &str, target: &str) -> Outcome<Self> {
        let folder = tempfile::Builder::new().prefix("starmesh-bench-").tempdir()?;
        let app = Starmesh::new(&folder.path().join("data"))?;
        let url = server.url();
        app.add_account("home", url.as_str(), ALICE.name, ALICE.password).await?.expect(0)?;
        let (source, target) = (format!("home/{source}"), format!("home/{target}"));
        app.ok(&["group", "add", "pair", &source, &target, "--one-way"]).await?;
        Ok(Self { app, _folder: folder })
    }
}

impl Side for Ours {
    fn command(&self) -> Command {
        self.app.command(&["--json", "sync", "--yes"])
    }
}

/// vdirsyncer.
pub(super) struct Vdirsyncer {
    program: PathBuf,
    config: PathBuf,
    _folder: TempDir,
}

impl Vdirsyncer {
    /// With a pair of two calendars, by their addresses.
    pub(super) async fn new(
        program: &Path,
        server: &Server,
        source: &str,
        (other, target): (User, &str),
    ) -> Outcome<Self> {
        let folder = tempfile::Builder::new().prefix("starmesh-bench-").tempdir()?;
        let (config, status) = (folder.path().join("config"), folder.path().join("status"));
        let storage = |name: &str, user: User| -> Outcome<String> {
            let url = server.url().join(&server.home_of(user))?;
            Ok(format!(
                "[storage {name}]\ntype = \"caldav\"\nurl = \"{url}\"\nusername = \"{}\"\npassword = \"{}\"\n",
                user.name, user.password
            ))
        };
        let text = format!(
            "[general]\nstatus_path = \"{}\"\n[pair bench]\na = \"one\"\nb = \"other\"\n\
             collections = [[\"bench\", \"{source}\", \"{target}\"]]\nconflict_resolution = \"a wins\"\n{}{}",
            status.display(),
            storage("one", ALICE)?,
            storage("other", other)?
        );
        fs::write(&config, text)?;
        let side = Self { program: program.to_owned(), config, _folder: folder };
        let found = side.words("discover").output().await?;
        if !found.status.success() {
            let words = String::from_utf8_lossy(&found.stderr).into_owned();
            return Err(Failure::new(format!("vdirsyncer does not find the calendars: {words}")));
        }
        Ok(side)
    }

    fn words(&self, what: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("-c").arg(&self.config).arg(what).kill_on_drop(true);
        command
    }
}

impl Side for Vdirsyncer {
    fn command(&self) -> Command {
        self.words("sync")
    }
}
