//! Simulated Google and Microsoft, and a browser that signs in there as a person would.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use reqwest::redirect::Policy;
use serde_json::Value;
use starmesh_sim::google::{GoogleOptions, GoogleSim};
use starmesh_sim::web::Served;

use crate::cli::{Ended, Starmesh};
use crate::{Failure, Outcome};

/// How long a command may take until it says where to sign in.
const ADDRESS_WITHIN: Duration = Duration::from_secs(30);

/// The person at both providers.
pub const ADA: &str = "ada@example.test";

/// Where a simulator listens: any free port.
const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A Google that is ours, with Ada in it.
pub struct Google {
    /// The service, to look at and to change by hand.
    pub sim: GoogleSim,
    served: Served,
}

impl Google {
    /// Starts one with Ada's own calendar.
    pub async fn start() -> Outcome<Self> {
        let sim = GoogleSim::new(GoogleOptions::default()).map_err(Failure::new)?;
        sim.add_user(ADA, "Europe/Berlin").map_err(|error| Failure::new(error.to_string()))?;
        let served = sim.start(ANYWHERE).await?;
        Ok(Self { sim, served })
    }

    /// What `--endpoints` takes.
    pub fn endpoints(&self) -> String {
        let base = self.served.base_url().as_str().trim_end_matches('/').to_owned();
        format!(
            "client_id = 'starmesh-test'\nauthorize = '{base}/o/oauth2/v2/auth'\ntoken = '{base}/token'\n\
             api = '{base}/calendar/v3'\nbatch = '{base}/batch/calendar/v3'\n"
        )
    }

    /// Adds a Google account called `name`: the program prints an address, a browser goes there.
    pub async fn add_account(&self, app: &Starmesh, name: &str) -> Outcome<Ended> {
        let file = endpoints_file(app, name, &self.endpoints())?;
        let file = file.to_string_lossy();
        let args = ["account", "add", "google", "--name", name, "--endpoints", &file, "--browser", "none"];
        // Google wants a secret even from programs that cannot keep one.
        in_browser(app, &[&args[..], &["--client-secret-stdin"]].concat(), "no secret\n").await
    }
}

/// Writes a file of endpoints beside the data folder.
fn endpoints_file(app: &Starmesh, name: &str, text: &str) -> Outcome<PathBuf> {
    let file = app.folder().with_extension(format!("{name}.toml"));
    std::fs::write(&file, text)?;
    Ok(file)
}

/// Runs a command that wants a sign-in, and signs in: the simulators approve by themselves.
pub async fn in_browser(app: &Starmesh, args: &[&str], input: &str) -> Outcome<Ended> {
    let mut running = app.spawn_with_input(&[&["--json"], args].concat(), input)?;
    let line = running.line(ADDRESS_WITHIN, |line| line.starts_with("{\"sign_in\"")).await?;
    let told: Value = serde_json::from_str(&line)?;
    let address = told["sign_in"]["address"].as_str().ok_or_else(|| Failure::new("no address"))?;
    visit(address).await?;
    running.end().await
}

/// What a browser does with an address: it follows every redirect, the last to the program.
pub async fn visit(address: &str) -> Outcome<String> {
    let browser = reqwest::Client::builder().redirect(Policy::limited(5)).no_proxy().build()?;
    Ok(browser.get(address).send().await?.text().await?)
}
