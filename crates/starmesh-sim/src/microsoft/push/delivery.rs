//! Parcels on their way to a web hook.
//!
//! A web hook that answers well gets what is due at once; one that is slow gets it later, one that is very
//! slow loses it; one that fails gets it again and again for four hours.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use http::{HeaderValue, Method, header};
use serde_json::json;

use super::outbox::Parcel;
use super::subscription::Lifecycle;
use crate::microsoft::world::World;
use crate::web::{HookCall, HookRepeat, Hooks, hold};

/// How long a web hook may take before its answer counts as none.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);
/// The pause before a parcel is sent again the first time; each further one is twice as long.
const REPEAT_PAUSE: TimeDelta = TimeDelta::seconds(10);
/// How long a parcel is sent again before it is given up.
const REPEAT_FOR: TimeDelta = TimeDelta::hours(4);
/// How far back the answers of a web hook count.
const JUDGED_OVER: TimeDelta = TimeDelta::minutes(10);
/// How many answers it takes to judge a web hook.
const JUDGED_FROM: usize = 10;
/// A web hook with more late answers in a hundred is slow.
const SLOW_PERCENT: usize = 10;
/// A web hook with more answers in a hundred that came too late is dropped.
const DROP_PERCENT: usize = 15;
/// How much later a slow web hook gets what is new.
const SLOW_DELAY: TimeDelta = TimeDelta::seconds(10);

/// How a web hook has been answering.
#[derive(Default)]
pub(super) struct Endpoint {
    answers: VecDeque<(DateTime<Utc>, Duration)>,
}

/// What the service thinks of a web hook.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    Good,
    Slow,
    Drop,
}

impl Endpoint {
    fn note(&mut self, now: DateTime<Utc>, took: Duration) {
        self.answers.push_back((now, took));
    }

    fn standing(&mut self, now: DateTime<Utc>, slow: Duration) -> Standing {
        while self.answers.front().is_some_and(|(at, _)| *at <= now - JUDGED_OVER) {
            self.answers.pop_front();
        }
        let all = self.answers.len();
        let longer = |limit: Duration| self.answers.iter().filter(|(_, took)| *took >= limit).count() * 100;
        if all < JUDGED_FROM {
            Standing::Good
        } else if longer(ANSWER_TIME_MAX) > all * DROP_PERCENT {
            Standing::Drop
        } else if longer(slow) > all * SLOW_PERCENT {
            Standing::Slow
        } else {
            Standing::Good
        }
    }
}

/// Sends everything that is due by now, and gives how many requests that took. Each web hook gets one
/// request after the other, and none waits for another. Parcels that become due by their repetition wait for
/// the next time.
pub(crate) async fn deliver_due(world: &Mutex<World>, hooks: &Hooks) -> usize {
    let batches = hold(world).take_due();
    let sent = batches.len();
    let mut by_hook: BTreeMap<String, Vec<Vec<Parcel>>> = BTreeMap::new();
    for batch in batches {
        let hook = batch.first().map(|parcel| parcel.url.to_string()).unwrap_or_default();
        by_hook.entry(hook).or_default().push(batch);
    }
    join_all(by_hook.into_values().map(async |batches| {
        for batch in batches {
            deliver(world, hooks, batch).await;
        }
    }))
    .await;
    sent
}

async fn deliver(world: &Mutex<World>, hooks: &Hooks, batch: Vec<Parcel>) {
    let Some(call) = call_of(&batch) else { return };
    let began = tokio::time::Instant::now();
    let answer = hooks.ask(&call, ANSWER_TIME_MAX).await;
    let taken = answer.is_ok_and(|reply| reply.status.is_success());
    hold(world).settle(batch, taken, began.elapsed());
}

/// One POST for a batch; `None` for an empty one.
fn call_of(batch: &[Parcel]) -> Option<HookCall> {
    let first = batch.first()?;
    let items: Vec<_> = batch.iter().map(|parcel| &parcel.item).collect();
    let about: Vec<_> = batch.iter().map(|parcel| parcel.about).collect();
    Some(HookCall {
        watch: first.subscription.clone(),
        about: about.join(","),
        method: Method::POST,
        url: first.url.clone(),
        headers: vec![(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"))],
        body: json!({"value": items}).to_string().into_bytes(),
        repeat: HookRepeat::NEVER,
    })
}

impl World {
    /// Takes what is due, several parcels for one address together.
    fn take_due(&mut self) -> Vec<Vec<Parcel>> {
        self.sort_post();
        let now = self.now();
        let slow = Duration::from_secs(u64::from(self.switches.notification_slow_s));
        let parcels = std::mem::take(&mut self.push.parcels);
        let mut due = Vec::new();
        for mut parcel in parcels {
            let endpoint = self.push.endpoints.entry(parcel.url.origin().ascii_serialization()).or_default();
            let standing = endpoint.standing(now, slow);
            let paused = self.is_paused(&parcel);
            if paused && parcel.due <= now {
                self.meet("subscription.paused");
            }
            if parcel.due > now || (paused && now - parcel.born < REPEAT_FOR) {
                self.push.parcels.push(parcel);
                continue;
            }
            match standing {
                Standing::Drop => self.meet("notification.hook_dropped"),
                Standing::Slow if parcel.attempt == 1 && parcel.due == parcel.born => {
                    self.meet("notification.hook_slow");
                    parcel.due = parcel.born + SLOW_DELAY;
                    if parcel.due > now { self.push.parcels.push(parcel) } else { due.push(parcel) }
                }
                Standing::Good | Standing::Slow => due.push(parcel),
            }
        }
        if self.switches.notification_unordered {
            if due.len() > 1 {
                self.meet("notification.unordered");
            }
            self.dice.shuffle(&mut due);
        } else {
            due.sort_by_key(|parcel| parcel.due);
        }
        let most = self.switches.notification_batch_max.max(1);
        let mut batches: Vec<Vec<Parcel>> = Vec::new();
        for parcel in due {
            let suits = |batch: &Vec<Parcel>| {
                batch.iter().all(|other| other.url == parcel.url && other.lifecycle == parcel.lifecycle)
            };
            if let Some(batch) = batches.iter_mut().find(|batch| batch.len() < most && suits(batch)) {
                batch.push(parcel);
                continue;
            }
            if batches.iter().any(suits) {
                self.meet("notification.batch_full");
            }
            batches.push(vec![parcel]);
        }
        batches
    }

    /// Deliveries pause when a subscription's token has run out, if they do.
    fn is_paused(&self, parcel: &Parcel) -> bool {
        let subscription = self.push.subscriptions.get(&parcel.subscription);
        self.switches.subscription_needs_reauthorization
            && !parcel.lifecycle
            && subscription.is_some_and(|it| it.authorized_until <= self.now())
    }

    /// Notes how a batch was taken; what was not comes again later, or is given up.
    fn settle(&mut self, batch: Vec<Parcel>, taken: bool, took: Duration) {
        let now = self.now();
        if let Some(parcel) = batch.first() {
            let origin = parcel.url.origin().ascii_serialization();
            self.push.endpoints.entry(origin).or_default().note(now, took);
        }
        if taken {
            return;
        }
        self.meet("notification.repeated");
        for mut parcel in batch {
            let doublings = parcel.attempt.saturating_sub(1).min(20);
            parcel.due = now + REPEAT_PAUSE * 2_i32.saturating_pow(doublings);
            parcel.attempt += 1;
            if parcel.due - parcel.born <= REPEAT_FOR {
                self.push.parcels.push(parcel);
            } else if !parcel.lifecycle {
                let owned_up = self.switches.notification_missed_per_mille;
                if self.dice.chance(owned_up) {
                    self.lifecycle(&parcel.subscription, Lifecycle::Missed);
                }
            }
        }
    }

    /// How many parcels are on their way.
    pub fn parcels(&mut self) -> usize {
        self.sort_post();
        self.push.parcels.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(answers: &[u64]) -> Standing {
        let now = DateTime::UNIX_EPOCH;
        let mut endpoint = Endpoint::default();
        for seconds in answers {
            endpoint.note(now, Duration::from_secs(*seconds));
        }
        endpoint.standing(now + TimeDelta::minutes(1), Duration::from_secs(3))
    }

    #[test]
    fn a_web_hook_is_judged_by_how_many_of_its_answers_are_late() {
        assert_eq!(standing(&[20; 9]), Standing::Good, "too few to judge");
        assert_eq!(standing(&[0; 20]), Standing::Good);
        assert_eq!(standing(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 5]), Standing::Good);
        assert_eq!(standing(&[0, 0, 0, 0, 0, 0, 0, 0, 5, 5]), Standing::Slow);
        assert_eq!(standing(&[0, 0, 0, 0, 0, 0, 0, 0, 10, 10]), Standing::Drop);
    }

    #[test]
    fn what_was_ten_minutes_ago_is_forgiven() {
        let mut endpoint = Endpoint::default();
        for _ in 0..20 {
            endpoint.note(DateTime::UNIX_EPOCH, ANSWER_TIME_MAX);
        }
        let later = DateTime::UNIX_EPOCH + TimeDelta::minutes(10);
        assert_eq!(endpoint.standing(later, ANSWER_TIME_MAX), Standing::Good);
    }
}
