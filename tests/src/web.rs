//! Simulated Google and Microsoft, and a browser that signs in there as a person would.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use starmesh_sim::google::{GoogleOptions, GoogleSim};
use starmesh_sim::microsoft::world::MailboxKind;
use starmesh_sim::microsoft::world::{CalendarNo, MailboxNo};
use starmesh_sim::microsoft::{MicrosoftOptions, MicrosoftServed, MicrosoftSim};
use starmesh_sim::web::{Served, visit};

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

    /// Host and port at which it listens.
    pub fn authority(&self) -> String {
        self.served.base_url().authority().to_owned()
    }

    /// What `--endpoints` takes.
    pub fn endpoints(&self) -> String {
        let base = self.served.base_url().as_str().trim_end_matches('/').to_owned();
        format!(
            "client_id = 'starmesh-test'\nauthorize = '{base}/o/oauth2/v2/auth'\ntoken = '{base}/token'\n\
             revoke = '{base}/revoke'\napi = '{base}/calendar/v3'\nbatch = '{base}/batch/calendar/v3'\n"
        )
    }

    /// Adds a Google account called `name`: the program prints an address, a browser goes there.
    pub async fn add_account(&self, app: &Starmesh, name: &str) -> Outcome<Ended> {
        self.add_account_at(app, name, &self.endpoints()).await
    }

    /// The same, with other `endpoints`.
    pub async fn add_account_at(&self, app: &Starmesh, name: &str, endpoints: &str) -> Outcome<Ended> {
        let file = endpoints_file(app, name, endpoints)?;
        let file = file.to_string_lossy();
        let args = ["account", "add", "google", "--name", name, "--endpoints", &file, "--browser", "none"];
        // Google wants a secret even from programs that cannot keep one.
        in_browser(app, &[&args[..], &["--client-secret-stdin"]].concat(), "no secret\n").await
    }

    /// How many live mirrors a calendar holds; each says when and nothing else.
    pub fn mirrors(&self, calendar: &str) -> Outcome<usize> {
        let events = self.sim.stored_events(calendar).map_err(|error| Failure::new(error.to_string()))?;
        let live = events.iter().filter(|event| event["status"] != "cancelled");
        let mirrors: Vec<&Value> =
            live.filter(|event| event["id"].as_str().is_some_and(|id| id.starts_with("sfb"))).collect();
        for mirror in &mirrors {
            let text = mirror.to_string();
            assert!(!text.contains("Secret") && mirror["attendees"].is_null(), "{text}");
            assert_eq!(mirror["summary"], "Busy", "{text}");
            assert_eq!(mirror["visibility"], "private", "{text}");
        }
        Ok(mirrors.len())
    }
}

/// A Microsoft that is ours, with Ada in it.
pub struct Microsoft {
    /// The service, to look at and to change by hand.
    pub sim: MicrosoftSim,
    /// Ada's mailbox.
    pub ada: MailboxNo,
    served: MicrosoftServed,
}

impl Microsoft {
    /// Starts one with Ada's mailbox in it.
    pub async fn start(kind: MailboxKind) -> Outcome<Self> {
        let sim = MicrosoftSim::new(MicrosoftOptions::default()).map_err(Failure::new)?;
        let ada = sim.add_user(kind, ADA, "Ada");
        let served = sim.start(ANYWHERE).await?;
        Ok(Self { sim, ada, served })
    }

    /// Host and port at which it listens.
    pub fn authority(&self) -> String {
        self.served.base_url().authority().to_owned()
    }

    /// What `--endpoints` takes.
    pub fn endpoints(&self) -> String {
        let base = self.served.base_url().as_str().trim_end_matches('/').to_owned();
        let at = |path: &str| format!("{base}/common/oauth2/v2.0/{path}");
        format!(
            "client_id = 'starmesh-test'\nauthorize = '{}'\ntoken = '{}'\ndevice = '{}'\napi = '{base}/v1.0'\n",
            at("authorize"),
            at("token"),
            at("devicecode")
        )
    }

    /// Adds a Microsoft account called `name`, with further words for the command.
    pub async fn add_account(&self, app: &Starmesh, name: &str, words: &[&str]) -> Outcome<Ended> {
        let file = endpoints_file(app, name, &self.endpoints())?;
        let file = file.to_string_lossy();
        let args = ["account", "add", "microsoft", "--name", name, "--endpoints", &file, "--browser", "none"];
        in_browser(app, &[&args[..], words].concat(), "").await
    }

    /// How many mirrors a calendar holds; each says when and nothing else.
    pub fn mirrors(&self, calendar: CalendarNo) -> usize {
        self.sim.with(|world| {
            let mirrors: Vec<_> = world
                .events(calendar)
                .filter(|item| item.transaction.as_ref().is_some_and(|id| id.starts_with("sfb")))
                .collect();
            for mirror in &mirrors {
                let text = format!("{:?}", mirror.main.props);
                assert!(!text.contains("Secret"), "{text}");
                assert_eq!(mirror.main.props["subject"], "Busy", "{text}");
                assert_eq!(mirror.main.props["sensitivity"], "private", "{text}");
            }
            mirrors.len()
        })
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
    visit(address).await.map_err(Failure::new)?;
    running.end().await
}

/// Sends JSON as a program of somebody else's would, with `token`; the status of the answer.
pub async fn post(address: &str, token: &str, body: &Value) -> Outcome<u16> {
    // Another part of the test may have chosen a provider before: then that one stays.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder().no_proxy().build()?;
    let request = client.post(address).bearer_auth(token).header("content-type", "application/json");
    Ok(request.body(body.to_string()).send().await?.status().as_u16())
}
