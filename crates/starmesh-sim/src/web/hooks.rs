//! Web hooks: requests that the service sends, with seeded faults.

mod carrier;
mod plan;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};
use starmesh_provider::env::Clock;
use tokio::sync::oneshot;
use url::Url;

pub use self::carrier::{HookCarrier, HookReply, HttpCarrier, RouterCarrier};
use self::plan::{Fate, Fates};
pub use self::plan::{HOOKS_COUNTABLE, HookPlan};
use super::clock::SimClock;
use super::ledger::{Delivery, DeliveryOutcome, Ledger};
use super::lock::hold;
use super::met::Met;

/// One web hook to be sent.
#[derive(Clone, Debug)]
pub struct HookCall {
    /// The subscription's or channel's id: calls of one watch keep their order unless the plan says else.
    pub watch: String,
    /// What is said, for the ledger.
    pub about: String,
    /// HTTP method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Body.
    pub body: Vec<u8>,
    /// How a refused call is repeated.
    pub repeat: HookRepeat,
}

/// When and how often a call is sent again.
#[derive(Clone, Copy, Debug)]
pub struct HookRepeat {
    /// Statuses after which it is sent again.
    pub statuses: &'static [u16],
    /// True when it is sent again although nobody answered.
    pub when_unreachable: bool,
    /// How often it is sent again at most.
    pub times_max: u32,
    /// The pause before the first repetition; each further one is twice as long.
    pub pause: Duration,
}

impl HookRepeat {
    /// Sent once.
    pub const NEVER: Self =
        Self { statuses: &[], when_unreachable: false, times_max: 0, pause: Duration::ZERO };
}

/// Sends web hooks and notes each attempt in the ledger. Clones share everything.
#[derive(Clone)]
pub struct Hooks(Arc<Shared>);

struct Shared {
    provider: &'static str,
    clock: SimClock,
    ledger: Ledger,
    carrier: Mutex<Arc<dyn HookCarrier>>,
    fates: Mutex<Fates>,
    /// The end of the last call of each watch, awaited by the next one.
    tails: Mutex<HashMap<String, oneshot::Receiver<()>>>,
    flying: tokio::sync::watch::Sender<usize>,
    met: Mutex<Met>,
}

impl Hooks {
    /// Hooks of `provider`, carried by `carrier`, with chance from `seed` and no faults yet.
    pub fn new(
        provider: &'static str,
        clock: SimClock,
        ledger: Ledger,
        carrier: Arc<dyn HookCarrier>,
        seed: u64,
    ) -> Self {
        Self(Arc::new(Shared {
            provider,
            clock,
            ledger,
            carrier: Mutex::new(carrier),
            fates: Mutex::new(Fates::new(seed)),
            tails: Mutex::default(),
            flying: tokio::sync::watch::Sender::new(0),
            met: Mutex::new(Met::of(HOOKS_COUNTABLE)),
        }))
    }

    /// How often each fault of a plan was met.
    pub fn met(&self) -> BTreeMap<&'static str, u64> {
        hold(&self.0.met).counts()
    }

    /// Lets another carrier take the calls from now on.
    pub fn set_carrier(&self, carrier: Arc<dyn HookCarrier>) {
        *hold(&self.0.carrier) = carrier;
    }

    /// Sends `call` with the faults of `plan`, in the background.
    pub fn send(&self, call: HookCall, plan: &HookPlan) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            self.note(&call, 1, DeliveryOutcome::NotCarried);
            return;
        };
        let fate = hold(&self.0.fates).draw(plan);
        fate.names().for_each(|name| hold(&self.0.met).meet(name));
        let (done, tail) = oneshot::channel();
        let before = hold(&self.0.tails).insert(call.watch.clone(), tail);
        self.0.flying.send_modify(|flying| *flying += 1);
        let hooks = self.clone();
        runtime.spawn(async move {
            hooks.fly(call, fate, before, done).await;
            hooks.0.flying.send_modify(|flying| *flying -= 1);
        });
    }

    /// Sends `call` once, without faults, and waits for the answer at most `limit`.
    pub async fn ask(&self, call: &HookCall, limit: Duration) -> Result<HookReply, String> {
        let carrier = Arc::clone(&hold(&self.0.carrier));
        let answer = tokio::time::timeout(limit, carrier.carry(call))
            .await
            .unwrap_or_else(|_| Err("no answer in time".to_owned()));
        self.note(call, 1, outcome(&answer));
        answer
    }

    /// Waits until no call is on its way, repetitions included.
    pub async fn settle(&self) {
        let mut flying = self.0.flying.subscribe();
        // The sender lives in `self`, so waiting cannot fail.
        drop(flying.wait_for(|flying| *flying == 0).await);
    }

    async fn fly(
        &self,
        call: HookCall,
        fate: Fate,
        before: Option<oneshot::Receiver<()>>,
        done: oneshot::Sender<()>,
    ) {
        let mut done = Some(done);
        if fate.overtaken {
            // The next call need not wait for this one.
            done.take();
        } else if let Some(before) = before {
            // An error means that the one before was given up or let itself be overtaken.
            drop(before.await);
        }
        tokio::time::sleep(fate.delay).await;
        if fate.dropped {
            self.note(&call, 1, DeliveryOutcome::Dropped);
            return;
        }
        let mut answer = self.attempt(&call, 1).await;
        if fate.doubled {
            answer = self.attempt(&call, 1).await;
        }
        drop(done);
        let mut pause = call.repeat.pause;
        for attempt in 0..call.repeat.times_max {
            let again = match &answer {
                Ok(reply) => call.repeat.statuses.contains(&reply.status.as_u16()),
                Err(_) => call.repeat.when_unreachable,
            };
            if !again {
                return;
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
            answer = self.attempt(&call, attempt + 2).await;
        }
    }

    async fn attempt(&self, call: &HookCall, attempt: u32) -> Result<HookReply, String> {
        let carrier = Arc::clone(&hold(&self.0.carrier));
        let answer = carrier.carry(call).await;
        self.note(call, attempt, outcome(&answer));
        answer
    }

    fn note(&self, call: &HookCall, attempt: u32, outcome: DeliveryOutcome) {
        self.0.ledger.delivery(Delivery {
            at: self.0.clock.now(),
            provider: self.0.provider,
            watch: call.watch.clone(),
            about: call.about.clone(),
            attempt,
            outcome,
        });
    }
}

fn outcome(answer: &Result<HookReply, String>) -> DeliveryOutcome {
    match answer {
        Ok(reply) => DeliveryOutcome::Answered(reply.status.as_u16()),
        Err(reason) => DeliveryOutcome::Unreachable(reason.clone()),
    }
}

#[cfg(test)]
mod tests;
