//! Web hooks: where the services ring, and the task of a device that keeps its subscriptions alive.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Bytes;
use chrono::TimeDelta;
use http::{HeaderMap, StatusCode};
use secrecy::SecretString;
use starmesh_core::ids::{CalendarId, LastingName};
use starmesh_engine::Command;
use starmesh_provider::env::Clock as _;
use starmesh_provider::{CalendarProvider, ErrorKind, Hook, Notice, Subscription};
use starmesh_sim::dice::Dice;
use starmesh_sim::web::{HookCall, HookCarrier, HookReply};
use tokio::sync::mpsc;
use url::Url;

use crate::clock::WorldClock;

/// How often a device looks at its subscriptions.
const LOOK_INTERVAL: Duration = Duration::from_mins(2);
/// How long before its end a subscription is renewed, at the latest.
const RENEW_BEFORE: TimeDelta = TimeDelta::minutes(15);
/// Where all hooks are.
const HOOKS: &str = "https://hooks.example/";

/// Which device listens to which calendar.
type Post = (u8, usize);

/// How often the receiver of hooks is in a bad way that a call may meet, per mille.
const BAD_PER_MILLE: u32 = 250;
/// How long a receiver that is in a bad way takes at most, in milliseconds: longer than any service waits.
const SLOW_MS_MAX: u64 = 15_000;
/// Which stream of a seed the ways of the receiver draw from.
const PURPOSE: u64 = 5;

/// Where the services ring. Clones share everything.
#[derive(Clone)]
pub(crate) struct Bell(Arc<Mutex<Rung>>);

/// What a receiver of hooks does with a call before it takes it.
#[derive(Clone, Copy)]
enum Manner {
    /// Nothing.
    Good,
    /// It is down.
    Down,
    /// It takes its time.
    Slow(Duration),
}

struct Rung {
    /// How the receiver behaves.
    dice: Dice,
    /// True in a seed whose receiver is down or slow now and then.
    is_bad: bool,
    /// What may have changed, and for whom.
    changed: BTreeSet<Post>,
    /// Which subscriptions are to be renewed.
    renew: BTreeSet<Post>,
    /// Which subscriptions are gone.
    ended: BTreeSet<Post>,
    /// The subscriptions that each device knows it has.
    kept: BTreeMap<Post, Subscription>,
}

impl Bell {
    /// The receiver of a seed, in which things go wrong or do not.
    pub(crate) fn new(seed: u64, faults: bool) -> Self {
        let mut dice = Dice::new(seed, PURPOSE);
        let is_bad = faults && dice.chance(BAD_PER_MILLE);
        Self(Arc::new(Mutex::new(Rung {
            dice,
            is_bad,
            changed: BTreeSet::new(),
            renew: BTreeSet::new(),
            ended: BTreeSet::new(),
            kept: BTreeMap::new(),
        })))
    }

    /// The receiver behaves from now on.
    pub(crate) fn heal(&self) {
        self.rung().is_bad = false;
    }

    fn manner(&self) -> Manner {
        let mut rung = self.rung();
        if !rung.is_bad {
            return Manner::Good;
        }
        match rung.dice.below(4) {
            0 => Manner::Down,
            1 => Manner::Slow(Duration::from_millis(rung.dice.below(SLOW_MS_MAX))),
            _ => Manner::Good,
        }
    }

    fn rung(&self) -> MutexGuard<'_, Rung> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What rang since this was last asked.
    pub(crate) fn take_changed(&self) -> BTreeSet<Post> {
        std::mem::take(&mut self.rung().changed)
    }

    /// A device forgets its subscriptions.
    pub(crate) fn forget(&self, device: u8) {
        self.rung().kept.retain(|(of, _), _| *of != device);
    }

    fn note(&self, post: Post, notice: Notice) {
        let mut rung = self.rung();
        match notice {
            Notice::Confirmed => {}
            Notice::Changed => {
                rung.changed.insert(post);
            }
            Notice::RenewNow => {
                rung.renew.insert(post);
            }
            Notice::Ended => {
                rung.ended.insert(post);
                rung.changed.insert(post);
            }
        }
    }
}

#[async_trait]
impl HookCarrier for Bell {
    async fn carry(&self, call: &HookCall) -> Result<HookReply, String> {
        let reply = |status, body: String| HookReply {
            status,
            content_type: Some("text/plain".to_owned()),
            body: Bytes::from(body),
        };
        let post = post_of(&call.url).ok_or("a hook that nobody asked for")?;
        match self.manner() {
            Manner::Good => {}
            Manner::Down => return Ok(reply(StatusCode::SERVICE_UNAVAILABLE, String::new())),
            Manner::Slow(time) => tokio::time::sleep(time).await,
        }
        if let Some((_, token)) = call.url.query_pairs().find(|(name, _)| name == "validationToken") {
            return Ok(reply(StatusCode::OK, token.into_owned()));
        }
        let secret = secret_of(post);
        let headers: HeaderMap = call.headers.iter().cloned().collect();
        if headers.contains_key("x-goog-channel-id") {
            let notification = starmesh_google::read_notification(&headers, &secret);
            self.note(post, notification.map_err(|problem| problem.to_string())?.notice);
        } else {
            let told = starmesh_graph::notices(&call.body, &secret).map_err(|problem| problem.to_string())?;
            told.into_iter().for_each(|notification| self.note(post, notification.notice));
        }
        Ok(reply(StatusCode::ACCEPTED, String::new()))
    }
}

fn post_of(url: &Url) -> Option<Post> {
    let mut parts = url.path_segments()?;
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn secret_of((device, place): Post) -> SecretString {
    SecretString::from(format!("secret-{device}-{place}"))
}

/// One calendar that a device listens to.
pub(crate) struct Listened {
    /// Its number in the world.
    pub(crate) place: usize,
    /// What the device calls it.
    pub(crate) id: CalendarId,
    /// What its service calls it.
    pub(crate) name: LastingName,
    /// The account.
    pub(crate) provider: Arc<dyn CalendarProvider>,
}

/// Keeps the subscriptions of one life of a device.
pub(crate) struct Listener {
    /// Which device.
    pub(crate) device: u8,
    /// What it listens to.
    pub(crate) calendars: Vec<Listened>,
    /// Where the services ring.
    pub(crate) bell: Bell,
    /// The time.
    pub(crate) clock: Arc<WorldClock>,
    /// The daemon.
    pub(crate) commands: mpsc::Sender<Command>,
}

impl Listener {
    /// Listens until it is dropped.
    pub(crate) async fn listen(mut self) {
        let mut never: BTreeSet<usize> = BTreeSet::new();
        let calendars = std::mem::take(&mut self.calendars);
        loop {
            for calendar in &calendars {
                if !never.contains(&calendar.place) && self.tend(calendar).await == Err(ErrorKind::Refused) {
                    never.insert(calendar.place);
                }
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    /// Subscribes or renews where it is time to.
    async fn tend(&self, calendar: &Listened) -> Result<(), ErrorKind> {
        let Some(push) = calendar.provider.push() else { return Err(ErrorKind::Refused) };
        let post = (self.device, calendar.place);
        let Ok(url) = Url::parse(&format!("{HOOKS}{}/{}", post.0, post.1)) else {
            return Err(ErrorKind::Refused);
        };
        let hook = Hook { url, secret: secret_of(post) };
        let (kept, due) = {
            let mut rung = self.bell.rung();
            if rung.ended.remove(&post) {
                rung.kept.remove(&post);
            }
            let kept = rung.kept.get(&post).cloned();
            let late = kept.as_ref().is_some_and(|kept| kept.expires - self.clock.now() < RENEW_BEFORE);
            (kept, rung.renew.remove(&post) || late)
        };
        let granted = match kept {
            None => push.subscribe(&calendar.name, &hook).await,
            Some(kept) if due => push.renew(&calendar.name, &kept, &hook).await,
            Some(_) => return Ok(()),
        };
        let subscription = granted.map_err(|error| error.kind)?;
        self.bell.rung().kept.insert(post, subscription);
        // What changed while nobody listened is not told.
        drop(self.commands.try_send(Command::Signal(calendar.id.clone())));
        Ok(())
    }
}
