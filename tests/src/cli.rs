//! The real `starmesh` program, each with a data folder of its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use starmesh_sim::web::TRAFFIC_FOLDER;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::{Failure, Outcome};

/// Names a program other than the one beside the running test.
const BINARY_VARIABLE: &str = "STARMESH_BIN";

/// How long one command may take. The longest, a first sync of some hundred events on a busy machine,
/// needs seconds.
const COMMAND_WITHIN: Duration = Duration::from_mins(2);

/// How long a process may take to end after it was told to.
const END_WITHIN: Duration = Duration::from_secs(30);

/// The pause between two looks at a running process's output.
const LOOK_PAUSE: Duration = Duration::from_millis(25);

/// The passphrase of every vault.
pub const PASSPHRASE: &str = "correct horse battery staple";

/// The zone in which the program believes to be.
pub const ZONE: &str = "Europe/Berlin";

/// The program, a data folder, and all it ever printed.
#[derive(Clone)]
pub struct Starmesh {
    binary: PathBuf,
    folder: PathBuf,
    home: PathBuf,
    passphrase: String,
    printed: Arc<Mutex<String>>,
}

/// A command that has ended.
pub struct Ended {
    /// The exit code; 128 and more stand for a signal, as in a shell.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// A command that goes on; killed when dropped.
pub struct Running {
    child: Child,
    output: PathBuf,
    printed: Arc<Mutex<String>>,
}

impl Starmesh {
    /// The program with its data in `folder`, which need not exist yet, and its home beside it.
    pub fn new(folder: &Path) -> Outcome<Self> {
        let home = folder.with_extension("home");
        fs::create_dir_all(&home)?;
        let (binary, folder, passphrase) = (binary()?, folder.to_owned(), PASSPHRASE.to_owned());
        Ok(Self { binary, folder, home, passphrase, printed: Arc::default() })
    }

    /// The same program and data folder with another passphrase.
    #[must_use]
    pub fn with_passphrase(&self, passphrase: &str) -> Self {
        Self { passphrase: passphrase.to_owned(), ..self.clone() }
    }

    /// The program itself.
    pub fn binary(&self) -> &Path {
        &self.binary
    }

    /// The passphrase of its vault.
    pub fn passphrase(&self) -> &str {
        &self.passphrase
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Everything it and its copies printed so far, both streams.
    pub fn printed(&self) -> String {
        self.printed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Runs a command without a terminal and waits for its end, whatever that is.
    pub async fn run(&self, args: &[&str]) -> Outcome<Ended> {
        self.run_with_input(args, "").await
    }

    /// The same with `input` on standard input.
    pub async fn run_with_input(&self, args: &[&str], input: &str) -> Outcome<Ended> {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        self.finish(command, args, input).await
    }

    /// Runs a command that must succeed; its standard output.
    pub async fn ok(&self, args: &[&str]) -> Outcome<String> {
        Ok(self.code(args, 0).await?.stdout)
    }

    /// Runs a command that must end with `code`.
    pub async fn code(&self, args: &[&str], code: i32) -> Outcome<Ended> {
        self.run(args).await?.expect(code).map_err(|failure| failure.during(words(args)))
    }

    /// Runs a command with `--json` that must succeed; its answer.
    pub async fn json(&self, args: &[&str]) -> Outcome<Value> {
        let text = self.ok(&[&["--json"], args].concat()).await?;
        serde_json::from_str(&text).map_err(|error| Failure::from(error).during(words(args)))
    }

    /// Runs a command with `--json` that must end with `code` and one error; the error.
    pub async fn error(&self, args: &[&str], code: i32) -> Outcome<Value> {
        let ended = self.code(&[&["--json"], args].concat(), code).await?;
        ended.error().map_err(|failure| failure.during(words(args)))
    }

    /// Adds a CalDAV account called `name`.
    pub async fn add_account(&self, name: &str, url: &str, user: &str, password: &str) -> Outcome<Ended> {
        let args = ["account", "add", "caldav", "--name", name, "--url", url, "--user", user];
        self.run_with_input(&[&args[..], &["--password-stdin"]].concat(), &format!("{password}\n")).await
    }

    /// Starts a command and leaves it running; its output goes to a file beside the data folder.
    pub fn spawn(&self, args: &[&str]) -> Outcome<Running> {
        self.spawn_with_input(args, "")
    }

    /// The same with `input` on standard input.
    pub fn spawn_with_input(&self, args: &[&str], input: &str) -> Outcome<Running> {
        self.launch(self.command(args), args, input)
    }

    /// Starts a prepared command, as [`Starmesh::spawn_with_input`] does.
    pub fn launch(&self, mut command: Command, args: &[&str], input: &str) -> Outcome<Running> {
        let (output, file_of_input) = (self.home.join("output"), self.home.join("input"));
        fs::write(&file_of_input, input)?;
        let file = File::create(&output)?;
        command.stdin(File::open(&file_of_input)?).stdout(file.try_clone()?).stderr(file);
        let child = command.spawn().map_err(|error| Failure::from(error).during(words(args)))?;
        Ok(Running { child, output, printed: Arc::clone(&self.printed) })
    }

    /// A command with these words in the program's usual surroundings: nothing of the caller's environment
    /// but the search path.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        self.surround(&mut command);
        command.args(["--vault", "passphrase", "--data-dir"]).arg(&self.folder).args(args);
        command
    }

    /// Runs a command with `--json` that must succeed, on a computer whose clock is ahead by `offset`, as
    /// faketime(1) writes one; its answer. What goes on measuring time goes on measuring it.
    pub async fn json_later(&self, offset: &str, args: &[&str]) -> Outcome<Value> {
        let mut command = Command::new("faketime");
        self.surround(&mut command);
        command.args(["--exclude-monotonic", "-f", offset]).arg(&self.binary);
        command.args(["--json", "--vault", "passphrase", "--data-dir"]).arg(&self.folder).args(args);
        let during = |failure: Failure| failure.during(format!("{} at {offset}", words(args)));
        let ended = self.finish(command, args, "").await?.expect(0).map_err(during)?;
        serde_json::from_str(&ended.stdout).map_err(|error| during(Failure::from(error)))
    }

    /// Gives `command` the program's usual surroundings. What simulators in it are asked is recorded as what
    /// those in this process are.
    pub fn surround(&self, command: &mut Command) {
        command.kill_on_drop(true).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", &self.home).env("TZ", ZONE).env("LANG", "C.UTF-8");
        command.env("STARMESH_PASSPHRASE", &self.passphrase);
        command.envs(std::env::var_os(TRAFFIC_FOLDER).map(|folder| (TRAFFIC_FOLDER, folder)));
    }

    /// Runs a prepared command to its end, as [`Starmesh::run`] does.
    pub async fn finish(&self, mut command: Command, args: &[&str], input: &str) -> Outcome<Ended> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| Failure::from(error).during(words(args)))?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command that reads nothing may have ended by now; then there is nobody to write to.
            drop(stdin.write_all(input.as_bytes()).await);
        }
        let output = timeout(COMMAND_WITHIN, child.wait_with_output());
        let output = output
            .await
            .map_err(|_| Failure::new(format!("{} takes longer than {COMMAND_WITHIN:?}", words(args))))??;
        let ended = Ended {
            code: code_of(output.status),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        keep(&self.printed, &ended.stdout);
        keep(&self.printed, &ended.stderr);
        Ok(ended)
    }
}

impl Ended {
    /// This, when the code is as expected; what was printed is in the failure.
    pub fn expect(self, code: i32) -> Outcome<Self> {
        if self.code == code {
            return Ok(self);
        }
        let Self { code: found, stdout, stderr } = self;
        Err(Failure::new(format!("exit code {found} instead of {code}\n{stdout}\n{stderr}")))
    }

    /// The one error that a command with `--json` printed.
    pub fn error(&self) -> Outcome<Value> {
        let mut lines = self.stderr.lines().filter(|line| line.starts_with("{\"error\""));
        let line = lines.next().ok_or_else(|| Failure::new(format!("no error: {}", self.stderr)))?;
        if lines.next().is_some() {
            return Err(Failure::new(format!("more than one error: {}", self.stderr)));
        }
        let mut value: Value = serde_json::from_str(line)?;
        Ok(value["error"].take())
    }
}

impl Running {
    /// Its process.
    pub fn pid(&self) -> Outcome<u32> {
        self.child.id().ok_or_else(|| Failure::new("it has ended"))
    }

    /// True until it ends.
    pub fn is_running(&mut self) -> Outcome<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// What it printed so far.
    pub fn output(&self) -> Outcome<String> {
        Ok(fs::read_to_string(&self.output)?)
    }

    /// Waits until it printed a line that `wanted` likes; the line.
    pub async fn line(&mut self, within: Duration, wanted: impl Fn(&str) -> bool) -> Outcome<String> {
        let deadline = Instant::now() + within;
        loop {
            let output = self.output()?;
            if let Some(line) = output.lines().find(|line| wanted(line)) {
                return Ok(line.to_owned());
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(Failure::new(format!("it ended ({status}): {output}")));
            }
            if Instant::now() > deadline {
                return Err(Failure::new(format!("no such line within {within:?}: {output}")));
            }
            sleep(LOOK_PAUSE).await;
        }
    }

    /// Waits for its end; both streams are in `stdout`.
    pub async fn end(mut self) -> Outcome<Ended> {
        let status = timeout(COMMAND_WITHIN, self.child.wait());
        let status = status
            .await
            .map_err(|_| Failure::new(format!("it does not end within {COMMAND_WITHIN:?}")))??;
        let stdout = self.output()?;
        keep(&self.printed, &stdout);
        Ok(Ended { code: code_of(status), stdout, stderr: String::new() })
    }

    /// Asks it to stop (SIGTERM) and waits for its end.
    pub async fn stop(self) -> Outcome<Ended> {
        self.ended_by(Signal::TERM).await
    }

    /// Interrupts it as Ctrl-C does (SIGINT) and waits for its end.
    pub async fn interrupt(self) -> Outcome<Ended> {
        self.ended_by(Signal::INT).await
    }

    async fn ended_by(mut self, signal: Signal) -> Outcome<Ended> {
        self.signal(signal)?;
        let status = timeout(END_WITHIN, self.child.wait());
        let status =
            status.await.map_err(|_| Failure::new(format!("it does not stop within {END_WITHIN:?}")))??;
        let stdout = self.output()?;
        keep(&self.printed, &stdout);
        Ok(Ended { code: code_of(status), stdout, stderr: String::new() })
    }

    /// Ends it as a crash would (SIGKILL). True when it was still running.
    pub async fn kill(mut self) -> Outcome<bool> {
        let running = self.is_running()?;
        self.child.kill().await?;
        keep(&self.printed, &self.output()?);
        Ok(running)
    }

    fn signal(&self, signal: Signal) -> Outcome<()> {
        let pid = i32::try_from(self.pid()?)?;
        let pid = Pid::from_raw(pid).ok_or_else(|| Failure::new("no process"))?;
        Ok(kill_process(pid, signal)?)
    }
}

fn keep(printed: &Mutex<String>, text: &str) {
    printed.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
}

fn words(args: &[&str]) -> String {
    format!("`starmesh {}`", args.join(" "))
}

fn code_of(status: ExitStatus) -> i32 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return 128 + signal;
    }
    status.code().unwrap_or(-1)
}

/// The program beside the running one: Cargo puts tests in `deps`, programs one folder above.
fn binary() -> Outcome<PathBuf> {
    let name = format!("starmesh{}", std::env::consts::EXE_SUFFIX);
    let found = if let Some(path) = std::env::var_os(BINARY_VARIABLE) {
        PathBuf::from(path)
    } else {
        let own = std::env::current_exe()?;
        let folders = own.ancestors().skip(1).take(2).map(|folder| folder.join(&name));
        let own_folder = own.parent().unwrap_or(&own).join(&name);
        folders.into_iter().find(|path| path.is_file()).unwrap_or(own_folder)
    };
    if found.is_file() {
        return Ok(found);
    }
    let hint = "`cargo build -p starmesh-cli` builds it";
    Err(Failure::new(format!("{} is not there: {hint}", found.display())))
}

/// How many writes stand still for this reason, by what `status --json` says.
pub fn wedged(status: &Value, reason: &str) -> usize {
    let wedges = status["wedges"].as_array().into_iter().flatten();
    wedges.filter(|wedge| wedge["reason"] == reason).count()
}
