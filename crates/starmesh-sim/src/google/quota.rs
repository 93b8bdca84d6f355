//! Budgets: two sliding minutes, an operational limit per calendar, and the use limits of an account.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use super::problem::Problem;
use super::switches::{QuotaRefusal, QuotaSwitches};
use crate::web::Met;

/// The length of the sliding windows.
const MINUTE: TimeDelta = TimeDelta::minutes(1);

/// What has been spent.
#[derive(Default)]
pub(super) struct Quota {
    users: BTreeMap<(String, String), VecDeque<DateTime<Utc>>>,
    projects: BTreeMap<String, VecDeque<DateTime<Utc>>>,
    calendars: BTreeMap<String, VecDeque<DateTime<Utc>>>,
    events_created: BTreeMap<String, VecDeque<DateTime<Utc>>>,
    calendars_created: BTreeMap<String, VecDeque<DateTime<Utc>>>,
    /// Until when a user's writes are refused.
    paused: BTreeMap<String, DateTime<Utc>>,
    refused: u64,
}

impl Quota {
    /// One request of `user` in `project`. Refused requests cost nothing.
    pub(super) fn request(
        &mut self,
        project: &str,
        user: &str,
        now: DateTime<Utc>,
        (switches, met): (&QuotaSwitches, &Met),
    ) -> Result<(), Problem> {
        let of_user = self.users.entry((project.to_owned(), user.to_owned())).or_default();
        if count(of_user, now, MINUTE) >= switches.user_per_minute {
            self.refused += 1;
            met.meet("quota.user");
            return Err(refusal(switches, met, Problem::user_rate()));
        }
        let of_project = self.projects.entry(project.to_owned()).or_default();
        if count(of_project, now, MINUTE) >= switches.project_per_minute {
            self.refused += 1;
            met.meet("quota.project");
            return Err(refusal(switches, met, Problem::rate()));
        }
        of_user.push_back(now);
        of_project.push_back(now);
        Ok(())
    }

    /// One write on `calendar` by `user`.
    pub(super) fn write(
        &mut self,
        user: &str,
        calendar: &str,
        now: DateTime<Utc>,
        (switches, met): (&QuotaSwitches, &Met),
    ) -> Result<(), Problem> {
        if self.paused.get(user).is_some_and(|until| *until > now) {
            met.meet("quota.paused");
            return Err(Problem::quota());
        }
        let Some(max) = switches.calendar_writes_per_minute else { return Ok(()) };
        let of_calendar = self.calendars.entry(calendar.to_owned()).or_default();
        if count(of_calendar, now, MINUTE) >= max {
            self.refused += 1;
            met.meet("quota.calendar_writes");
            return Err(refusal(switches, met, Problem::rate()));
        }
        of_calendar.push_back(now);
        Ok(())
    }

    /// One new event of `user`.
    pub(super) fn event_created(
        &mut self,
        user: &str,
        now: DateTime<Utc>,
        (switches, met): (&QuotaSwitches, &Met),
    ) -> Result<(), Problem> {
        let created = self.events_created.entry(user.to_owned()).or_default();
        let full =
            count(created, now, TimeDelta::seconds(switches.use_window_s)) >= switches.events_created_max;
        if full {
            met.meet("quota.events_created");
            self.pause(user, now + TimeDelta::seconds(switches.use_pause_s));
            return Err(Problem::quota());
        }
        created.push_back(now);
        Ok(())
    }

    /// One new calendar of `user`.
    pub(super) fn calendar_created(
        &mut self,
        user: &str,
        now: DateTime<Utc>,
        (switches, met): (&QuotaSwitches, &Met),
    ) -> Result<(), Problem> {
        let created = self.calendars_created.entry(user.to_owned()).or_default();
        let window = TimeDelta::seconds(switches.use_window_s);
        if count(created, now, window) >= switches.calendars_created_max {
            met.meet("quota.calendars_created");
            return Err(Problem::quota());
        }
        created.push_back(now);
        Ok(())
    }

    /// Refuses the writes of `user` until then.
    pub(super) fn pause(&mut self, user: &str, until: DateTime<Utc>) {
        self.paused.insert(user.to_owned(), until);
    }

    /// How many requests were refused for a spent budget.
    pub(super) fn refused(&self) -> u64 {
        self.refused
    }
}

fn count(spent: &mut VecDeque<DateTime<Utc>>, now: DateTime<Utc>, window: TimeDelta) -> usize {
    while spent.front().is_some_and(|at| now - *at >= window) {
        spent.pop_front();
    }
    spent.len()
}

fn refusal(switches: &QuotaSwitches, met: &Met, forbidden: Problem) -> Problem {
    let problem = match switches.refusal {
        QuotaRefusal::Forbidden => {
            met.meet("quota.refusal.forbidden");
            forbidden
        }
        QuotaRefusal::TooManyRequests => {
            met.meet("quota.refusal.too_many_requests");
            Problem::too_many()
        }
    };
    if switches.retry_after_s.is_some() {
        met.meet("quota.retry_after");
    }
    problem.retry_after(switches.retry_after_s)
}
