//! What can be asked for, and the frame of the demo.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use data_encoding::BASE32HEX_NOPAD;
use secrecy::SecretString;
use starmesh_app::{
    Access, AppError, ErrorCode, HttpOptions, OpenOptions, PassphraseCost, PassphrasePurpose, Passphrases,
    Proxy, Starmesh, VaultKind, World,
};
use starmesh_sim::web::RoundTrip;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::cast::Cast;
use super::line::{Line, Promise, Way};
use super::oracle::check_sealed;
use super::play::Play;
use super::stage::Stage;
use crate::context::Context;
use crate::duration::parse_duration;
use crate::stop::StopSignals;

const EXAMPLES: &str = "\
Examples:
  starmesh demo                          the whole story, in a few seconds
  starmesh demo --rtt 80ms --duration 30s   as far away as a real provider, with figures
  starmesh demo --poll                   without notifications: looking every few seconds
  starmesh demo --keep                   leave it up, to play with
  starmesh demo --json | jq .            one object a line

Two simulated providers listen on this machine while it runs, and nothing leaves it. No account, no
keychain and no network is needed; your own data folder is not touched.";

/// The longest `--duration`.
const DURATION_MAX: Duration = Duration::from_hours(24);

/// The bearer token that both providers take besides those of the sign-in, unless told otherwise.
const TOKEN_DEFAULT: &str = "starmesh-demo";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DemoArgs {
    /// Leave everything up until Ctrl-C, and say how to play with it
    #[arg(long)]
    keep: bool,
    /// Go on booking, moving and cancelling at random for so long: 30s, 5min, 1h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    duration: Option<Duration>,
    /// How far away the providers are, there and back: 80ms
    #[arg(long, value_name = "TIME", value_parser = round_trip, default_value = "0ms")]
    rtt: RoundTrip,
    /// Let the engine look every few seconds, in place of notifications
    #[arg(long)]
    poll: bool,
    /// What everything random is drawn from
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// The bearer token that both providers take from you
    #[arg(long, value_name = "T", default_value = TOKEN_DEFAULT)]
    token: String,
}

fn duration(text: &str) -> Result<Duration, String> {
    let time = parse_duration(text)?;
    if time > DURATION_MAX { Err("at most 24h".to_owned()) } else { Ok(time) }
}

fn round_trip(text: &str) -> Result<RoundTrip, String> {
    let time = parse_duration(text)?;
    RoundTrip::new(time).ok_or_else(|| format!("at most {}s", RoundTrip::LONGEST.as_secs()))
}

/// Shows the demo. Whatever happens, nothing of it stays behind.
pub(crate) async fn demo(context: &Context, args: &DemoArgs) -> Result<(), AppError> {
    check_alone(context)?;
    let stop = stopped_by_signals()?;
    let stage = Stage::new(&context.out, &context.world);
    let scratch = Scratch::new(&context.world)?;
    // It holds a whole first sync.
    let shown = Box::pin(show(&stage, args, &scratch, &context.world, &stop)).await;
    let removed = scratch.remove();
    shown?;
    removed?;
    stage.show(&Line::Ended { took_ms: stage.age_ms() })
}

/// The demo's own folder and vault are the point of it, so others are refused and not left unused.
fn check_alone(context: &Context) -> Result<(), AppError> {
    let given = match (context.data_dir_given, context.vault) {
        (true, _) => "--data-dir",
        (false, Some(_)) => "--vault",
        (false, None) => return Ok(()),
    };
    Err(AppError::new(ErrorCode::InvalidValue, format!("the demo does not take {given}"))
        .hint("it works in a folder of its own, with a vault of its own, and removes both in the end"))
}

fn stopped_by_signals() -> Result<CancellationToken, AppError> {
    let (mut signals, stop) = (StopSignals::listen()?, CancellationToken::new());
    let told = stop.clone();
    tokio::spawn(async move {
        signals.wait().await;
        told.cancel();
    });
    Ok(stop)
}

/// Everything between an empty scratch folder and one that can go.
async fn show(
    stage: &Stage<'_>,
    args: &DemoArgs,
    scratch: &Scratch,
    world: &World,
    stop: &CancellationToken,
) -> Result<(), AppError> {
    let cast = Cast::start(args.seed, args.rtt, &args.token).await?;
    let opened = Starmesh::open(OpenOptions {
        data_dir: scratch.data(),
        vault: Some(VaultKind::Passphrase),
        access: Access::Write,
        world: scratch.world(world),
    })
    .await;
    let shown = match opened {
        Ok(starmesh) => {
            let way = if args.poll { Way::Poll } else { Way::Push };
            let play = Play {
                stage,
                cast: &cast,
                starmesh: &starmesh,
                entropy: &*world.entropy,
                scratch,
                stop,
                way,
                seed: args.seed,
                token: &args.token,
            };
            let played = Box::pin(play.whole(args.rtt, args.duration, args.keep)).await;
            starmesh.close().await;
            played.and_then(|()| sealed(stage, scratch))
        }
        Err(error) => Err(error),
    };
    cast.leave().await;
    shown
}

/// The last promise, which can only be looked into once the database is closed.
fn sealed(stage: &Stage<'_>, scratch: &Scratch) -> Result<(), AppError> {
    let count = check_sealed(scratch.path())? as u64;
    stage.show(&Line::Checked { promise: Promise::Sealed, count })
}

/// A folder that is removed in the end, and the passphrase of the vault in it.
pub(super) struct Scratch {
    folder: TempDir,
    passphrase: String,
}

impl Scratch {
    fn new(world: &World) -> Result<Self, AppError> {
        let folder = tempfile::Builder::new().prefix("starmesh-demo-").tempdir().map_err(|error| {
            AppError::new(ErrorCode::FileFailed, format!("could not make a scratch folder: {error}"))
        })?;
        let mut bytes = [0; 10];
        world.entropy.fill(&mut bytes);
        Ok(Self { folder, passphrase: BASE32HEX_NOPAD.encode(&bytes).to_lowercase() })
    }

    /// The data folder.
    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Everything.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// It protects nothing, so it may be shown.
    pub(super) fn passphrase(&self) -> &str {
        &self.passphrase
    }

    /// The world around the demo: nobody is asked for a passphrase, and no proxy is between it and the
    /// simulators on this machine.
    fn world(&self, world: &World) -> World {
        World {
            passphrases: std::sync::Arc::new(ThrownAway(SecretString::from(&*self.passphrase))),
            http: HttpOptions { proxy: Proxy::Direct, ..world.http.clone() },
            passphrase_cost: PassphraseCost::THROW_AWAY,
            ..world.clone()
        }
    }

    fn remove(self) -> Result<(), AppError> {
        let path = self.folder.path().to_owned();
        self.folder.close().map_err(|error| {
            AppError::new(ErrorCode::FileFailed, format!("could not remove {}: {error}", path.display()))
        })
    }
}

/// The passphrase that was drawn for this demo.
struct ThrownAway(SecretString);

impl Passphrases for ThrownAway {
    fn passphrase(&self, _purpose: PassphrasePurpose) -> Result<SecretString, AppError> {
        Ok(self.0.clone())
    }
}
