//! Budgets of requests.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use http::header::RETRY_AFTER;

use super::refusal::Refusal;
use super::switches::ThrottleSwitches;

/// What people have asked for lately.
#[derive(Default)]
pub(super) struct Throttle {
    spent: BTreeMap<String, VecDeque<DateTime<Utc>>>,
    paused: BTreeMap<String, DateTime<Utc>>,
}

impl Throttle {
    /// Counts a request of `user`, or refuses it.
    pub(super) fn request(
        &mut self,
        user: &str,
        now: DateTime<Utc>,
        switches: &ThrottleSwitches,
    ) -> Result<(), Refusal> {
        let Some(budget) = switches.per_minute else { return Ok(()) };
        if self.paused.get(user).is_some_and(|until| now < *until) {
            return Err(refused(now, switches));
        }
        let spent = self.spent.entry(user.to_owned()).or_default();
        while spent.front().is_some_and(|at| *at <= now - TimeDelta::minutes(1)) {
            spent.pop_front();
        }
        if spent.len() >= budget {
            self.paused.insert(user.to_owned(), now + TimeDelta::seconds(switches.pause_s));
            return Err(refused(now, switches));
        }
        spent.push_back(now);
        Ok(())
    }
}

fn refused(now: DateTime<Utc>, switches: &ThrottleSwitches) -> Refusal {
    let refusal =
        Refusal::status(StatusCode::from_u16(switches.status).unwrap_or(StatusCode::TOO_MANY_REQUESTS));
    let Some(seconds) = switches.retry_after_s else { return refusal };
    let until = now + TimeDelta::seconds(i64::try_from(seconds).unwrap_or(i64::from(u32::MAX)));
    let text = if switches.as_date {
        until.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    } else {
        seconds.to_string()
    };
    refusal.with_header(RETRY_AFTER, &text)
}
