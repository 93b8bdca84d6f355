//! What the daemon has under way: reads and placements, and their answers.

use std::collections::{BTreeSet, VecDeque};
use std::future::Future;
use std::pin::pin;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use starmesh_core::ids::CalendarId;
use starmesh_store::StoreError;
use starmesh_store::state::Calendar;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::pass::{PlanOptions, Verify};
use crate::place::Placing;
use crate::pull::{PullError, Pulled};
use crate::reconcile::Scope;
use crate::signal::Origin;

pub(super) enum Done {
    Pulled {
        calendar: CalendarId,
        signalled: DateTime<Utc>,
        taken: DateTime<Utc>,
        answer: Result<Pulled, PullError>,
    },
    Placed {
        target: CalendarId,
        scope: Scope,
        answer: Result<Option<Placed>, EngineError>,
    },
    /// A signal is durable, or could not be made so.
    Noted(Result<(), StoreError>),
}

pub(super) struct Placed {
    pub placing: Placing,
    pub recheck: BTreeSet<CalendarId>,
    pub holds: bool,
    pub rests_until: Option<DateTime<Utc>>,
}

/// What is under way, and what of it has ended and waits to be taken.
#[derive(Default)]
pub(super) struct Work {
    running: FuturesUnordered<BoxFuture<'static, Done>>,
    ended: VecDeque<Done>,
}

impl Work {
    pub(super) fn push(&mut self, work: BoxFuture<'static, Done>) {
        self.running.push(work);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty() && self.ended.is_empty()
    }

    /// The next that has ended; `None` when nothing is under way.
    pub(super) async fn next(&mut self) -> Option<Done> {
        match self.ended.pop_front() {
            Some(done) => Some(done),
            None => self.running.next().await,
        }
    }

    /// Does `step` while the work goes on. Work that is not polled may hold the very connection to the
    /// database that the step waits for, and then neither would ever end.
    pub(super) async fn beside<T>(&mut self, step: impl Future<Output = T>) -> T {
        let mut step = pin!(step);
        loop {
            tokio::select! {
                biased;
                value = &mut step => return value,
                Some(done) = self.running.next() => self.ended.push_back(done),
            }
        }
    }
}

pub(super) fn pull(
    engine: Engine,
    calendar: Calendar,
    signalled: DateTime<Utc>,
    taken: DateTime<Utc>,
    verify: Verify,
) -> BoxFuture<'static, Done> {
    async move {
        let answer = engine.pull_due(&calendar, verify).await;
        Done::Pulled { calendar: calendar.id, signalled, taken, answer }
    }
    .boxed()
}

pub(super) fn place(
    engine: Engine,
    target: Calendar,
    scope: Scope,
    origin: Origin,
    stop: CancellationToken,
) -> BoxFuture<'static, Done> {
    async move {
        let answer = plan_and_place(&engine, &target, &scope, origin, &stop).await;
        Done::Placed { target: target.id, scope, answer }
    }
    .boxed()
}

async fn plan_and_place(
    engine: &Engine,
    target: &Calendar,
    scope: &Scope,
    origin: Origin,
    stop: &CancellationToken,
) -> Result<Option<Placed>, EngineError> {
    let Some(plan) = engine.plan_target(target, scope, &PlanOptions::default()).await? else {
        return Ok(None);
    };
    engine.tell_planned(&plan);
    let placing = engine.place_target(target, &plan, origin, stop).await?;
    let rests_until = if plan.resting + placing.report.wedged > 0 {
        let now = engine.clock.now();
        let wedges = engine.state.wedges_in(&target.id).await?;
        wedges.into_iter().map(|wedge| wedge.retry_at).filter(|at| *at > now).min()
    } else {
        None
    };
    Ok(Some(Placed { placing, holds: !plan.held.is_empty(), recheck: plan.recheck, rests_until }))
}
