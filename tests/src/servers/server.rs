//! A running server and its life.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::Instant;
use url::Url;

use super::radicale::{self, Rights};
use super::users::{ALICE, User};
use super::{cyrus, sabre, xandikos};
use crate::{Failure, Outcome};

/// How long a server may take until it answers. All need about a second on an idle machine.
const READY_WITHIN: Duration = Duration::from_mins(1);

/// How long one look at the port may take.
const PROBE_WITHIN: Duration = Duration::from_secs(2);

/// The pause between two looks at the port.
const PROBE_PAUSE: Duration = Duration::from_millis(20);

/// How many ports are tried: another process may take one between the choice and its use.
const PORTS_MAX: u32 = 5;

/// The most of a server's own words that a failure repeats, in bytes.
const LOG_TAIL_BYTES: usize = 2_000;

/// Which server, and how it is set up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Radicale with these rights.
    Radicale(Rights),
    /// Radicale, [`Rights::Owner`], over TLS with a certificate that nobody trusts.
    RadicaleSelfSigned,
    /// Xandikos, which asks nobody to sign in and serves Alice only.
    Xandikos,
    /// Cyrus, where everybody signs in.
    Cyrus,
    /// sabre/dav, where everybody signs in by Digest.
    Sabre,
}

/// A server on loopback; it ends when this is dropped, and its data goes with it.
pub struct Server {
    kind: Kind,
    port: u16,
    process: Option<Child>,
    folder: TempDir,
}

impl Server {
    /// Starts a server and waits until it answers.
    pub fn start(kind: Kind) -> Outcome<Self> {
        let folder = tempfile::Builder::new().prefix("starmesh-server-").tempdir()?;
        fs::create_dir(folder.path().join("data"))?;
        fs::create_dir(folder.path().join("state"))?;
        match kind {
            Kind::Cyrus => cyrus::prepare(folder.path())?,
            Kind::Sabre => sabre::prepare(folder.path())?,
            Kind::Radicale(_) | Kind::RadicaleSelfSigned | Kind::Xandikos => {}
        }
        let mut server = Self { kind, port: 0, process: None, folder };
        let mut last = Failure::new("no port was tried");
        for _ in 0..PORTS_MAX {
            server.port = free_port()?;
            match server.launch() {
                Ok(()) => return Ok(server),
                Err(failure) => last = failure,
            }
        }
        Err(last)
    }

    /// Radicale with passwords.
    pub fn radicale() -> Outcome<Self> {
        Self::start(Kind::Radicale(Rights::Owner))
    }

    /// Xandikos.
    pub fn xandikos() -> Outcome<Self> {
        Self::start(Kind::Xandikos)
    }

    /// Cyrus.
    pub fn cyrus() -> Outcome<Self> {
        Self::start(Kind::Cyrus)
    }

    /// sabre/dav.
    pub fn sabre() -> Outcome<Self> {
        Self::start(Kind::Sabre)
    }

    /// Which server it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Where it is reached, with a slash at the end.
    pub fn url(&self) -> Url {
        let scheme = if self.kind == Kind::RadicaleSelfSigned { "https" } else { "http" };
        let mut url = Url::parse("http://127.0.0.1/").unwrap_or_else(|_| unreachable!("a constant URL"));
        let changed = url.set_port(Some(self.port)).and_then(|()| url.set_scheme(scheme));
        debug_assert!(changed.is_ok(), "a URL with a host takes a port and a scheme");
        url
    }

    /// The path of the usual owner's calendar home, with slashes at both ends.
    pub fn home(&self) -> String {
        self.home_of(ALICE)
    }

    /// The path of somebody's calendar home. Xandikos has one person only, whoever asks.
    pub fn home_of(&self, user: User) -> String {
        match self.kind {
            Kind::Radicale(_) | Kind::RadicaleSelfSigned => format!("/{}/", user.name),
            Kind::Xandikos => "/alice/calendars/".to_owned(),
            Kind::Cyrus => format!("/dav/calendars/user/{}/", user.name),
            Kind::Sabre => format!("/calendars/{}/", user.name),
        }
    }

    /// The path of the usual owner's calendar `name`, with slashes at both ends.
    pub fn calendar(&self, name: &str) -> String {
        format!("{}{name}/", self.home())
    }

    /// The folder in which the server keeps its data.
    pub fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// True while it runs.
    pub fn is_running(&self) -> bool {
        self.process.is_some()
    }

    /// Ends it; its data and its port stay reserved for [`Server::restart`].
    pub fn stop(&mut self) -> Outcome<()> {
        if let Some(mut process) = self.process.take() {
            match self.kind {
                Kind::Cyrus => cyrus::stop(&mut process)?,
                _ => process.kill()?,
            }
            process.wait()?;
        }
        Ok(())
    }

    /// Ends it if it runs and starts it again, on the same port with the same data.
    pub fn restart(&mut self) -> Outcome<()> {
        self.stop()?;
        self.launch()
    }

    /// Gives somebody another password, as they might on the server's own page. For Radicale with passwords,
    /// which reads them anew at each sign-in.
    pub fn set_password(&self, user: User, password: &str) -> Outcome<()> {
        radicale::write_password(self.folder.path(), user, password)
    }

    /// What it printed, the end of it.
    pub fn log_tail(&self) -> String {
        let log = fs::read(self.log_file()).unwrap_or_default();
        String::from_utf8_lossy(&log[log.len().saturating_sub(LOG_TAIL_BYTES)..]).into_owned()
    }

    fn log_file(&self) -> std::path::PathBuf {
        self.folder.path().join("log")
    }

    fn command(&self, folder: &Path) -> Outcome<Command> {
        match self.kind {
            Kind::Radicale(rights) => radicale::command(folder, self.port, rights, false),
            Kind::RadicaleSelfSigned => radicale::command(folder, self.port, Rights::Owner, true),
            Kind::Xandikos => xandikos::command(folder, self.port),
            Kind::Cyrus => cyrus::command(folder, self.port),
            Kind::Sabre => Ok(sabre::command(folder, self.port)),
        }
    }

    fn launch(&mut self) -> Outcome<()> {
        let mut command = self.command(self.folder.path())?;
        let log = File::options().create(true).append(true).open(self.log_file())?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        // A server must not find its owner's settings, nor a proxy for its own address.
        command.env("HOME", self.folder.path()).env_remove("RADICALE_CONFIG");
        self.process =
            Some(command.spawn().map_err(|error| Failure::from(error).during("starting a server"))?);
        let outcome = self.wait_until_ready().and_then(|()| match self.kind {
            Kind::Cyrus => cyrus::make_people(self.folder.path()),
            _ => Ok(()),
        });
        if outcome.is_err() {
            self.stop()?;
        }
        outcome
    }

    fn wait_until_ready(&mut self) -> Outcome<()> {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            let answers = self.probe();
            if let Some(status) = self.process.as_mut().and_then(|process| process.try_wait().transpose()) {
                let words = format!("{:?} ended ({:?}): {}", self.kind, status?, self.log_tail());
                return Err(Failure::new(words));
            }
            if answers {
                return Ok(());
            }
            if Instant::now() > deadline {
                let words =
                    format!("{:?} is not ready after {READY_WITHIN:?}: {}", self.kind, self.log_tail());
                return Err(Failure::new(words));
            }
            std::thread::sleep(PROBE_PAUSE);
        }
    }

    /// True when something on the port speaks: HTTP, or TLS, where a connection has to do.
    fn probe(&self) -> bool {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let Ok(mut stream) = TcpStream::connect_timeout(&address, PROBE_WITHIN) else { return false };
        if self.kind == Kind::RadicaleSelfSigned {
            return true;
        }
        let request = b"GET /.well-known/caldav HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n";
        let mut start = [0; 5];
        stream.set_read_timeout(Some(PROBE_WITHIN)).is_ok()
            && stream.write_all(request).is_ok()
            && stream.read_exact(&mut start).is_ok()
            && start == *b"HTTP/"
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nobody is left to hear of a failure, and a process that is already gone is what was wanted.
        drop(self.stop());
    }
}

/// A port that nobody uses at this moment.
fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
