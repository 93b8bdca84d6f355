//! Budgets: so many requests at once, in ten minutes and in bytes, per app and mailbox.
//!
//! Requests that are refused count too. Source: <https://learn.microsoft.com/en-us/graph/throttling-limits>.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;

use super::refusal::Refusal;
use super::switches::RetryAfter;
use super::world::{MailboxNo, World};

/// The window of the request budget.
const REQUESTS_WINDOW: TimeDelta = TimeDelta::minutes(10);
/// The window of the upload budget.
const UPLOAD_WINDOW: TimeDelta = TimeDelta::minutes(5);
/// The window of an app's budget over all mailboxes.
const GLOBAL_WINDOW: TimeDelta = TimeDelta::seconds(10);
/// What a client is told to wait, in milliseconds, when too many of its requests are under way.
const CONCURRENT_WAIT_MS: i64 = 1_000;

/// What has been used of all budgets.
#[derive(Default)]
pub(crate) struct Throttle {
    mailboxes: BTreeMap<(String, MailboxNo), Meter>,
    apps: BTreeMap<String, VecDeque<DateTime<Utc>>>,
}

#[derive(Default)]
struct Meter {
    in_flight: usize,
    /// The most that were ever in flight at once.
    peak: usize,
    requests: VecDeque<DateTime<Utc>>,
    uploads: VecDeque<(DateTime<Utc>, usize)>,
}

/// What one app has used of one mailbox's budget.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Usage {
    /// Requests in the last ten minutes.
    pub requests: usize,
    /// The most requests that were ever under way at once.
    pub concurrent_peak: usize,
}

impl World {
    /// Counts a request, and lets it in unless a budget is used up. Whoever is let in has to
    /// [`leave`](Self::leave).
    pub(crate) fn enter(&mut self, app: &str, mailbox: MailboxNo, bytes: usize) -> Result<(), Refusal> {
        let now = self.now();
        let switches = self.switches.clone();
        let global = self.throttle.apps.entry(app.into()).or_default();
        forget(global, now - GLOBAL_WINDOW, |at| *at);
        global.push_back(now);
        let first = global.front().copied();
        let crowded = global.len() > switches.throttle_global;
        let meter = self.throttle.mailboxes.entry((app.into(), mailbox)).or_default();
        forget(&mut meter.requests, now - REQUESTS_WINDOW, |at| *at);
        forget(&mut meter.uploads, now - UPLOAD_WINDOW, |(at, _)| *at);
        meter.requests.push_back(now);
        meter.uploads.push_back((now, bytes));
        let uploaded: usize = meter.uploads.iter().map(|(_, bytes)| bytes).sum();
        let until = if crowded {
            first.map(|at| ("throttle.global", at + GLOBAL_WINDOW))
        } else if meter.requests.len() > switches.throttle_requests {
            // The budget is free again when enough requests are old enough.
            meter
                .requests
                .get(meter.requests.len() - switches.throttle_requests)
                .map(|at| ("throttle.requests", *at + REQUESTS_WINDOW))
        } else if uploaded > switches.throttle_upload_bytes {
            meter.uploads.front().map(|(at, _)| ("throttle.upload_bytes", *at + UPLOAD_WINDOW))
        } else {
            None
        };
        if let Some((budget, until)) = until {
            self.meet(budget);
            self.meet(style_name(switches.retry_after));
            let wait = retry_after(switches.retry_after, now, until - now);
            return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", "Too many requests.")
                .retry_after(wait));
        }
        if meter.in_flight >= switches.throttle_concurrent {
            return Err(self.concurrent());
        }
        meter.in_flight += 1;
        meter.peak = meter.peak.max(meter.in_flight);
        Ok(())
    }

    /// A request that was let in is done.
    pub(crate) fn leave(&mut self, app: &str, mailbox: MailboxNo) {
        if let Some(meter) = self.throttle.mailboxes.get_mut(&(app.into(), mailbox)) {
            meter.in_flight = meter.in_flight.saturating_sub(1);
        }
    }

    /// What an app has used of a mailbox's budget; the fixed bearer token belongs to the app without name.
    pub fn usage(&self, app: &str, mailbox: MailboxNo) -> Usage {
        let meter = self.throttle.mailboxes.get(&(app.into(), mailbox));
        let since = self.now() - REQUESTS_WINDOW;
        Usage {
            requests: meter.map_or(0, |meter| meter.requests.iter().filter(|at| **at > since).count()),
            concurrent_peak: meter.map_or(0, |meter| meter.peak),
        }
    }

    /// The refusal of one request too many at once.
    pub(crate) fn concurrent(&self) -> Refusal {
        let status = StatusCode::from_u16(self.switches.throttle_concurrent_status);
        let is_busy = matches!(status, Ok(StatusCode::SERVICE_UNAVAILABLE));
        self.meet(if is_busy { "throttle.concurrent.503" } else { "throttle.concurrent.429" });
        self.meet(style_name(self.switches.retry_after));
        let wait = TimeDelta::milliseconds(CONCURRENT_WAIT_MS);
        Refusal::new(
            status.unwrap_or(StatusCode::TOO_MANY_REQUESTS),
            "ApplicationThrottled",
            "Application is over its MailboxConcurrency limit.",
        )
        .retry_after(retry_after(self.switches.retry_after, self.now(), wait))
    }
}

fn forget<T>(queue: &mut VecDeque<T>, since: DateTime<Utc>, at: impl Fn(&T) -> DateTime<Utc>) {
    while queue.front().is_some_and(|oldest| at(oldest) <= since) {
        queue.pop_front();
    }
}

/// The name of a style among the counts of what was met.
fn style_name(style: RetryAfter) -> &'static str {
    match style {
        RetryAfter::Seconds => "retry_after.seconds",
        RetryAfter::Fraction => "retry_after.fraction",
        RetryAfter::Date => "retry_after.date",
        RetryAfter::Missing => "retry_after.missing",
    }
}

/// `Retry-After` in the style of the day.
pub(crate) fn retry_after(style: RetryAfter, now: DateTime<Utc>, wait: TimeDelta) -> Option<String> {
    let millis = wait.num_milliseconds().max(1);
    let seconds = (millis + 999) / 1_000;
    match style {
        RetryAfter::Seconds => Some(seconds.to_string()),
        RetryAfter::Fraction => Some(format!("{}.{:03}", millis / 1_000, millis % 1_000)),
        RetryAfter::Date => {
            let until = now + TimeDelta::seconds(seconds + 1);
            Some(until.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
        }
        RetryAfter::Missing => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_comes_in_four_styles() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let wait = TimeDelta::milliseconds(2_128);
        let written = |style| retry_after(style, now, wait);
        assert_eq!(written(RetryAfter::Seconds).as_deref(), Some("3"));
        assert_eq!(written(RetryAfter::Fraction).as_deref(), Some("2.128"));
        assert_eq!(written(RetryAfter::Date).as_deref(), Some("Fri, 15 Jan 2027 08:00:04 GMT"));
        assert_eq!(written(RetryAfter::Missing), None);
    }
}
