//! A child process that serves on a port.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};
use url::Url;

/// How long a server may take to come up: Python imports on a busy machine are slow.
const START_DEADLINE: Duration = Duration::from_mins(1);

/// Between two looks at its port.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// How often a start is tried anew when somebody else took the port in between.
const ATTEMPTS_MAX: usize = 3;

/// A server process; killed when dropped.
pub struct ServerProcess {
    child: Child,
    address: SocketAddr,
    data: TempDir,
}

impl ServerProcess {
    /// Starts what `command` describes for a free port and an empty folder, and waits for the port.
    pub(super) async fn start(command: impl Fn(u16, &Path) -> Command) -> Self {
        let mut failure = String::new();
        for _attempt in 0..ATTEMPTS_MAX {
            match Self::attempt(&command).await {
                Ok(process) => return process,
                Err(error) => failure = error,
            }
        }
        panic!("the server does not start: {failure}");
    }

    async fn attempt(command: &impl Fn(u16, &Path) -> Command) -> Result<Self, String> {
        let data = tempfile::tempdir().map_err(|error| error.to_string())?;
        let address = free_address().map_err(|error| error.to_string())?;
        let log_path = data.path().join("server.log");
        let log = File::create(&log_path).map_err(|error| error.to_string())?;
        let stderr = log.try_clone().map_err(|error| error.to_string())?;
        let child = command(address.port(), data.path())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(stderr)
            .spawn()
            .map_err(|error| {
                format!("it cannot be run ({error}); STARMESH_VENV names the folder with bin/")
            })?;
        let mut process = Self { child, address, data };
        let deadline = Instant::now() + START_DEADLINE;
        while TcpStream::connect(address).await.is_err() {
            if let Ok(Some(status)) = process.child.try_wait() {
                let log = std::fs::read_to_string(&log_path).unwrap_or_default();
                return Err(format!("it ended with {status}: {log}"));
            }
            if Instant::now() > deadline {
                return Err(format!("it did not listen within {START_DEADLINE:?}"));
            }
            sleep(LOOK_INTERVAL).await;
        }
        match process.child.try_wait() {
            Ok(None) => Ok(process),
            ended => Err(format!("somebody else listens on its port, and it ended: {ended:?}")),
        }
    }

    /// Its address as a URL.
    pub fn url(&self) -> Url {
        Url::parse(&format!("http://{}/", self.address)).expect("an address makes a URL")
    }

    /// Its folder.
    pub fn data(&self) -> &Path {
        self.data.path()
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // Both fail only for a process that has ended by itself.
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// The program `name` of the Python environment with the servers: `.venv` of the workspace, or the one
/// that `STARMESH_VENV` names.
#[expect(clippy::disallowed_methods, reason = "this is a test program's own setting")]
pub(super) fn python_program(name: &str) -> PathBuf {
    let venv = std::env::var("STARMESH_VENV")
        .map_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../.venv"), PathBuf::from);
    venv.join("bin").join(name)
}

fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
