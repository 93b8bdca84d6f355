//! The official client libraries of Google and Microsoft, in Python and JavaScript, against the simulators: what
//! does not suit them would not suit the services. They are unchanged but for the address.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use starmesh_sim::google::{self, GoogleOptions, GoogleSim};
use starmesh_sim::microsoft::{self, MicrosoftOptions, MicrosoftSim};
use starmesh_sim::web::Ledger;
use starmesh_tests::{Failure, Outcome};
use tokio::process::Command;

/// The token of the well-known user.
const TOKEN: &str = "token-of-the-tests";

/// How long a client may take. Most of it is Python reading Microsoft's library for the first time.
const ENDS_WITHIN: Duration = Duration::from_secs(150);

/// Where a simulator listens: any free port.
const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The folder of the scripts; the libraries for JavaScript are in it too.
fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients")
}

/// The Python that has the libraries.
fn python() -> Outcome<Command> {
    let program = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.official/python").join(program);
    installed(&python)?;
    Ok(Command::new(python))
}

/// Node, where the libraries are.
fn node() -> Outcome<Command> {
    installed(&scripts().join("node_modules"))?;
    Ok(Command::new("node"))
}

fn installed(what: &Path) -> Outcome<()> {
    if what.exists() {
        return Ok(());
    }
    Err(Failure::new(format!("{} is not there: `cargo xtask setup` installs it", what.display())))
}

/// Runs a script to its end, and tells what it said when that is no good one.
async fn run(mut command: Command, script: &str, words: &[&str]) -> Outcome<()> {
    command.arg(scripts().join(script)).args(words).stdin(Stdio::null()).kill_on_drop(true);
    let ended = tokio::time::timeout(ENDS_WITHIN, command.output())
        .await
        .map_err(|_| Failure::new(format!("{script} took longer than {ENDS_WITHIN:?}")))??;
    if ended.status.success() {
        return Ok(());
    }
    let (said, complained) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    Err(Failure::new(format!("{script}: {}\n{said}{complained}", ended.status)))
}

/// What the service saw: the script did write, and nobody was told of it.
fn check(ledger: &Ledger) {
    assert!(!ledger.writes().is_empty());
    assert_eq!(ledger.notifications(), []);
}

fn google() -> Outcome<GoogleSim> {
    let sim = GoogleSim::new(GoogleOptions::default()).map_err(Failure::new)?;
    let world = google::WorldFile::default_world()?;
    world.fill(&sim)?;
    sim.accept_token(TOKEN, world.well_known().ok_or_else(|| Failure::new("nobody lives there"))?);
    Ok(sim)
}

fn microsoft() -> Outcome<MicrosoftSim> {
    let sim = MicrosoftSim::new(MicrosoftOptions::default()).map_err(Failure::new)?;
    let world = microsoft::WorldFile::default_world()?;
    world.fill(&sim)?;
    sim.accept_token(TOKEN, world.well_known().ok_or_else(|| Failure::new("nobody lives there"))?);
    Ok(sim)
}

#[tokio::test]
async fn googles_python_library_finds_a_google() -> Outcome<()> {
    let sim = google()?;
    let served = sim.start(ANYWHERE).await?;
    run(python()?, "google_client.py", &[served.base_url().as_str(), TOKEN]).await?;
    check(sim.ledger());
    Ok(())
}

#[tokio::test]
async fn googles_javascript_library_finds_a_google() -> Outcome<()> {
    let sim = google()?;
    let served = sim.start(ANYWHERE).await?;
    run(node()?, "google_client.mjs", &[served.base_url().as_str(), TOKEN]).await?;
    check(sim.ledger());
    Ok(())
}

#[tokio::test]
async fn microsofts_python_library_finds_a_graph() -> Outcome<()> {
    let sim = microsoft()?;
    let served = sim.start(ANYWHERE).await?;
    // The library sends its token over plain http to this name alone.
    let base = format!("http://localhost:{}", served.address().port());
    run(python()?, "microsoft_client.py", &[&base, TOKEN]).await?;
    check(sim.ledger());
    Ok(())
}

#[tokio::test]
async fn microsofts_javascript_library_finds_a_graph() -> Outcome<()> {
    let sim = microsoft()?;
    let served = sim.start(ANYWHERE).await?;
    let folder = tempfile::tempdir()?;
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(vec!["localhost".to_owned()])?;
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    fs::write(&certificate, cert.pem())?;
    fs::write(&key, signing_key.serialize_pem())?;
    let mut node = node()?;
    node.env("NODE_EXTRA_CA_CERTS", &certificate);
    let (certificate, key) = (certificate.to_string_lossy(), key.to_string_lossy());
    run(node, "microsoft_client.mjs", &[served.base_url().as_str(), TOKEN, &certificate, &key]).await?;
    check(sim.ledger());
    Ok(())
}
