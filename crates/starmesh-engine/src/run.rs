//! The daemon: one task that decides, and futures that read and write.
//!
//! All bookkeeping is here and in nobody else's hands; pulls and placements only give answers. A slow or
//! broken account keeps nobody else waiting.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use futures::FutureExt;
use starmesh_core::ids::{CalendarId, LinkId};
use starmesh_core::planted::{Bug, planted};
use starmesh_core::reconcile::LinkState;
use starmesh_provider::{ErrorKind, ProviderError};
use starmesh_store::StoreError;
use starmesh_store::state::{Calendar, Changes, Link, Settings};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::pass::Verify;
use crate::progress::EngineEvent;
use crate::pull::{PullError, Pulled};
use crate::queue::Queue;
use crate::reconcile::Scope;
use crate::schedule::{PERSON_DELAY, SUSPICION_DELAY, VERIFY_AGAIN, backoff, poll_delay, verify_delay};
use crate::signal::{Command, Origin};
use crate::standstill::Standstill;

use work::{Done, Placed, Work, place, pull};

mod work;

/// How long writes under way may take once a shutdown was asked for.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(20);

/// However long nothing is due, the wall clock is looked at this often: midnight comes without a poll, and
/// timers stand still while the computer sleeps.
const CLOCK_INTERVAL: Duration = Duration::from_mins(1);

/// A wall clock that runs ahead of the timers by more has woken from a sleep.
const WAKE_GAP: TimeDelta = TimeDelta::minutes(1);

/// A calendar that is being watched.
struct Watch {
    calendar: Calendar,
    next_poll: Instant,
    not_before: Instant,
    attempts: u32,
    pulling: bool,
    /// True while a read is under way that began before the computer slept: its answer may be as old.
    overslept: bool,
    heard: Heard,
    /// When it is to be read whole, after a sleep or a gap.
    verify_at: Option<Instant>,
    /// False until the first good pull of this process: then everything is compared once.
    compared: bool,
}

/// What a calendar said since this process began, or since the computer last slept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Heard {
    /// Nothing yet.
    Nothing,
    /// It could not be read.
    Failure,
    /// It was read.
    Answer,
}

/// A target with something to do.
struct Aim {
    scope: Option<Scope>,
    origin: Origin,
    not_before: Instant,
    attempts: u32,
    placing: bool,
    /// True while the brake holds removals here. How many are held, and whether they are few enough by now,
    /// only a plan of the whole target can tell.
    holds: bool,
    /// When the first of what rests here is to be tried again.
    rests_until: Option<DateTime<Utc>>,
}

struct Daemon {
    engine: Engine,
    queue: Queue,
    settings: Settings,
    links: BTreeMap<LinkId, Link>,
    watches: BTreeMap<CalendarId, Watch>,
    aims: BTreeMap<CalendarId, Aim>,
    /// Targets to be planned once this calendar was read again, and how much of them.
    rechecks: BTreeMap<CalendarId, BTreeMap<CalendarId, Scope>>,
    today: NaiveDate,
    /// When the next pause ends by itself.
    resumes_at: Option<DateTime<Utc>>,
    /// What timers and wall clock said when they were last looked at.
    seen: (Instant, DateTime<Utc>),
    stop: CancellationToken,
}

impl Engine {
    /// Keeps everything in step until [`Command::Shutdown`] comes or the channel closes; writes under way
    /// are finished first.
    pub async fn run(&self, mut commands: mpsc::Receiver<Command>) -> Result<(), EngineError> {
        let mut daemon = Daemon::start(self.clone()).await?;
        let mut work = Work::default();
        // Calendars are asked what is new before anything is tidied.
        daemon.start_due(&mut work);
        work.beside(daemon.trim()).await?;
        loop {
            work.beside(daemon.roll()).await?;
            daemon.start_due(&mut work);
            if work.is_empty() && daemon.is_quiet() {
                self.tell(EngineEvent::Quiet);
            }
            // In order and not at random, so that a seed of the simulated world replays.
            tokio::select! {
                biased;
                command = commands.recv() => match command {
                    Some(Command::Signal(calendar)) => daemon.signal(&calendar, &mut work),
                    Some(Command::Reload) => work.beside(daemon.reload()).await?,
                    Some(Command::Shutdown) | None => break,
                },
                Some(done) = work.next() => work.beside(daemon.take(done)).await?,
                () = sleep_until(daemon.next_due()) => {}
            }
        }
        daemon.finish(work).await
    }
}

impl Daemon {
    async fn start(engine: Engine) -> Result<Self, StoreError> {
        let now = engine.clock.now();
        let mut daemon = Self {
            queue: Queue::load(&engine.state, now).await?,
            settings: engine.state.settings().await?,
            links: BTreeMap::new(),
            watches: BTreeMap::new(),
            aims: BTreeMap::new(),
            rechecks: BTreeMap::new(),
            today: now.date_naive(),
            resumes_at: None,
            seen: (Instant::now(), now),
            stop: CancellationToken::new(),
            engine,
        };
        daemon.reload().await?;
        Ok(daemon)
    }

    /// Takes over what a person changed.
    async fn reload(&mut self) -> Result<(), StoreError> {
        let settings = self.engine.state.settings().await?;
        let wall = self.engine.clock.now();
        let still = Standstill::load(&self.engine.state, wall).await?;
        let all = self.engine.state.links().await?;
        self.resumes_at = still.next_end(&all);
        let links: BTreeMap<LinkId, Link> =
            all.into_iter().map(|link| (link.id.clone(), still.applied(link))).collect();
        let calendars = self.engine.linked_calendars(false).await?;
        let now = Instant::now();
        self.watches.retain(|id, _| calendars.contains_key(id));
        for (id, calendar) in calendars {
            let watch = self.watches.entry(id).or_insert_with(|| Watch::new(calendar.clone(), now));
            watch.calendar = calendar;
            // A person may just have mended what was broken.
            watch.not_before = now;
        }
        self.queue.retain(|calendar| self.watches.contains_key(calendar));
        let settings_changed = settings != self.settings;
        let mut whole: BTreeSet<CalendarId> = BTreeSet::new();
        let mut retires: BTreeSet<CalendarId> = BTreeSet::new();
        for (id, link) in &links {
            let before = self.links.get(id);
            if settings_changed || before != Some(link) {
                whole.insert(id.target.clone());
            }
            let retired_before = before.is_some_and(|before| before.state == LinkState::Retiring);
            if link.state == LinkState::Retiring && !retired_before {
                retires.insert(id.target.clone());
            }
            // Words that a link asks for now are looked for at once.
            let asks_otherwise = before.is_some_and(|before| before.policy != link.policy);
            if let Some(watch) = self.watches.get_mut(&id.source).filter(|_| asks_otherwise) {
                watch.next_poll = now;
            }
        }
        self.aims.retain(|target, aim| aim.placing || links.keys().any(|link| link.target == *target));
        self.settings = settings;
        self.links = links;
        for target in whole {
            if retires.contains(&target) {
                // What a person brought back since the last read would outlive its link, and nobody could name it.
                self.recheck(&target, &target, Scope::Whole).await?;
            } else {
                self.aim(&target, Scope::Whole, Origin::at(self.engine.clock.now()));
            }
        }
        Ok(())
    }

    /// After a sleep nothing is placed until everything was asked anew: meanwhile another device may have
    /// placed the same, where the provider remembers identities for a while only.
    fn wake(&mut self) {
        let (instant, wall) = (Instant::now(), self.engine.clock.now());
        let timers = TimeDelta::from_std(instant - self.seen.0).unwrap_or(TimeDelta::MAX);
        let slept = wall - self.seen.1 - timers;
        self.seen = (instant, wall);
        if slept > WAKE_GAP {
            for watch in self.watches.values_mut() {
                // Nobody waits for a source that is in trouble anyway; a target has to answer all the same.
                let rests = watch.not_before > instant;
                watch.heard = if rests { watch.heard.min(Heard::Failure) } else { Heard::Nothing };
                watch.next_poll = instant;
                watch.overslept = watch.pulling;
            }
            let all: Vec<CalendarId> = self.watches.keys().cloned().collect();
            all.iter().for_each(|id| self.verify_soon(id));
        }
    }

    /// Has a calendar read whole in a while: services may have dropped what they meant to tell. Each has its own
    /// place in the row, so that they do not all come at once.
    fn verify_soon(&mut self, id: &CalendarId) {
        let of = self.watches.len();
        let number = self.watches.keys().position(|known| known == id).unwrap_or(of);
        if let Some(watch) = self.watches.get_mut(id) {
            watch.verify_at.get_or_insert(Instant::now() + verify_delay(number, of));
        }
    }

    /// At midnight UTC the window rolls: every target is looked at.
    async fn roll(&mut self) -> Result<(), StoreError> {
        self.wake();
        if self.resumes_at.is_some_and(|at| at <= self.engine.clock.now()) {
            self.reload().await?;
        }
        let today = self.engine.clock.now().date_naive();
        if today != self.today {
            self.today = today;
            let targets: BTreeSet<_> = self.links.keys().map(|link| link.target.clone()).collect();
            for target in targets {
                self.aim(&target, Scope::Whole, Origin::at(self.engine.clock.now()));
            }
            self.trim().await?;
        }
        Ok(())
    }

    async fn trim(&self) -> Result<(), StoreError> {
        let mut changes = Changes::new();
        changes.trim_journal();
        self.engine.state.commit(changes).await?;
        self.engine.give_up_gone().await
    }

    /// Queues a signal. Made durable beside the read that follows it: what is lost with the power meanwhile is
    /// read anyway once this process is back.
    fn signal(&mut self, calendar: &CalendarId, work: &mut Work) {
        if self.watches.contains_key(calendar) {
            let note = self.queue.add(calendar, self.engine.clock.now());
            let state = self.engine.state.clone();
            work.push(async move { Done::Noted(state.commit(note).await) }.boxed());
        }
    }

    fn aim(&mut self, target: &CalendarId, scope: Scope, origin: Origin) {
        let now = Instant::now();
        let aim = self.aims.entry(target.clone()).or_insert_with(|| Aim::new(origin, now));
        if aim.scope.is_none() {
            aim.origin = origin;
        }
        aim.scope = Some(match aim.scope.take() {
            Some(before) => before.and(scope),
            None => scope,
        });
    }

    fn start_due(&mut self, work: &mut Work) {
        let now = Instant::now();
        let wall = self.engine.clock.now();
        let due: Vec<CalendarId> = self
            .watches
            .iter()
            .filter(|(id, watch)| {
                let wanted =
                    watch.next_poll <= now || self.queue.waiting_since(id).is_some() || watch.verifies(now);
                wanted && !watch.pulling && watch.not_before <= now
            })
            .map(|(id, _)| id.clone())
            .collect();
        for id in due {
            let signalled = self.queue.take(&id).unwrap_or(wall);
            if let Some(watch) = self.watches.get_mut(&id) {
                watch.pulling = true;
                let verify = if watch.verifies(now) { Verify::Now } else { Verify::Daily };
                work.push(pull(self.engine.clone(), watch.calendar.clone(), signalled, wall, verify));
            }
        }
        self.retry_rested(wall);
        let ready: Vec<CalendarId> = self
            .aims
            .iter()
            .filter(|(target, aim)| {
                aim.scope.is_some() && !aim.placing && aim.not_before <= now && self.is_informed(target)
            })
            .map(|(target, _)| target.clone())
            .collect();
        for target in ready {
            let calendar = self.watches.get(&target).map(|watch| watch.calendar.clone());
            let Some(aim) = self.aims.get_mut(&target) else { continue };
            if let (Some(scope), Some(calendar)) = (aim.scope.take(), calendar) {
                aim.placing = true;
                let scope = if aim.holds { Scope::Whole } else { scope };
                work.push(place(self.engine.clone(), calendar, scope, aim.origin, self.stop.clone()));
            }
        }
    }

    /// What has rested long enough is tried again, though nothing has changed.
    fn retry_rested(&mut self, now: DateTime<Utc>) {
        let rested = |aim: &mut Aim| aim.rests_until.take_if(|until| *until <= now).is_some();
        let targets: Vec<CalendarId> =
            self.aims.iter_mut().filter_map(|(target, aim)| rested(aim).then(|| target.clone())).collect();
        for target in targets {
            self.aim(&target, Scope::Whole, Origin::at(now));
        }
    }

    /// True once the sources of a target's links have been asked in this process, and the target has answered:
    /// without it nobody knows what another device has placed there meanwhile.
    fn is_informed(&self, target: &CalendarId) -> bool {
        let mut sources = self.links.keys().filter(|link| link.target == *target).map(|link| &link.source);
        if planted(Bug::PlaceUninformed) {
            return true;
        }
        self.watches.get(target).is_none_or(|watch| watch.heard == Heard::Answer)
            && sources.all(|source| self.watches.get(source).is_none_or(|watch| watch.heard > Heard::Nothing))
    }

    fn is_quiet(&self) -> bool {
        self.aims.values().all(|aim| aim.scope.is_none()) && self.queue.waiting().next().is_none()
    }

    /// When something is due next, unless something happens before.
    fn next_due(&self) -> Instant {
        let polls = self.watches.iter().filter(|(_, watch)| !watch.pulling).map(|(id, watch)| {
            if self.queue.waiting_since(id).is_some() {
                watch.not_before
            } else {
                watch.next_poll.min(watch.verify_at.unwrap_or(watch.next_poll)).max(watch.not_before)
            }
        });
        let aims = self
            .aims
            .iter()
            .filter(|(target, aim)| aim.scope.is_some() && !aim.placing && self.is_informed(target))
            .map(|(_, aim)| aim.not_before);
        let interval = Duration::from_secs(u64::from(self.settings.poll_interval_s));
        let resumes = self
            .resumes_at
            .map(|at| Instant::now() + (at - self.engine.clock.now()).to_std().unwrap_or_default());
        let next = polls.chain(aims).chain(resumes).min().unwrap_or_else(|| Instant::now() + interval);
        next.min(Instant::now() + CLOCK_INTERVAL)
    }

    async fn take(&mut self, done: Done) -> Result<(), EngineError> {
        match done {
            Done::Pulled { calendar, signalled, taken, answer } => {
                self.take_pulled(&calendar, signalled, taken, answer)?;
            }
            Done::Placed { target, scope, answer } => self.take_placed(&target, scope, answer?).await?,
            Done::Noted(answer) => answer?,
        }
        Ok(())
    }

    fn take_pulled(
        &mut self,
        id: &CalendarId,
        signalled: DateTime<Utc>,
        taken: DateTime<Utc>,
        answer: Result<Pulled, PullError>,
    ) -> Result<(), StoreError> {
        let now = Instant::now();
        let fraction = self.engine.entropy.fraction();
        let interval = Duration::from_secs(u64::from(self.settings.poll_interval_s));
        let Some(watch) = self.watches.get_mut(id) else { return Ok(()) };
        watch.pulling = false;
        let overslept = std::mem::take(&mut watch.overslept);
        if !overslept {
            watch.heard = watch.heard.max(if answer.is_ok() { Heard::Answer } else { Heard::Failure });
            watch.next_poll = now + poll_delay(interval, fraction);
        }
        let delay = match answer {
            Ok(pulled) => {
                watch.attempts = 0;
                if pulled.contradicted {
                    self.queue.put_back(id, signalled);
                }
                if let Some(rest) = pulled.rest {
                    watch.next_poll = watch.next_poll.max(now + rest);
                }
                if pulled.whole && !overslept {
                    watch.verify_at = None;
                } else if pulled.unverified.is_some() || watch.verifies(now) {
                    watch.verify_at = Some(now + VERIFY_AGAIN);
                }
                if pulled.doubtful {
                    watch.next_poll = watch.next_poll.min(now + SUSPICION_DELAY);
                }
                let everything = pulled.first || !watch.compared;
                watch.compared = true;
                let origin = Origin { signalled, taken, pulled: self.engine.clock.now() };
                if pulled.gap && !pulled.whole {
                    self.verify_soon(id);
                }
                self.follow_up(id, &pulled, everything, origin);
                return Ok(());
            }
            Err(PullError::Store(error)) => return Err(error),
            Err(PullError::Suspicious(_)) => SUSPICION_DELAY,
            Err(PullError::Provider(error)) if error.kind.needs_person() => PERSON_DELAY,
            Err(PullError::Provider(error)) => {
                watch.attempts = watch.attempts.saturating_add(1);
                backoff(watch.attempts, fraction, asked_delay(&error))
            }
        };
        watch.not_before = now + delay;
        self.queue.put_back(id, signalled);
        Ok(())
    }

    /// What a calendar's changes mean for targets: those it feeds, and itself.
    fn follow_up(&mut self, id: &CalendarId, pulled: &Pulled, everything: bool, origin: Origin) {
        let scope = |whole: bool| {
            if whole { Scope::Whole } else { Scope::Meetings(pulled.meetings.clone()) }
        };
        let touched = everything || !pulled.meetings.is_empty();
        let feeds: Vec<CalendarId> =
            self.links.keys().filter(|link| link.source == *id).map(|link| link.target.clone()).collect();
        let is_target = self.links.keys().any(|link| link.target == *id);
        if touched {
            for target in feeds {
                self.aim(&target, scope(everything), origin);
            }
        }
        if is_target && (touched || pulled.unrecorded) {
            self.aim(id, scope(everything || pulled.unrecorded), origin);
        }
        for (target, scope) in self.rechecks.remove(id).unwrap_or_default() {
            self.aim(&target, scope, origin);
        }
    }

    async fn take_placed(
        &mut self,
        target: &CalendarId,
        scope: Scope,
        placed: Option<Placed>,
    ) -> Result<(), StoreError> {
        let fraction = self.engine.entropy.fraction();
        let Some(aim) = self.aims.get_mut(target) else { return Ok(()) };
        aim.placing = false;
        // A target never read, or with an open question, is planned once that has changed.
        let Some(Placed { placing, recheck, holds, rests_until }) = placed else { return Ok(()) };
        let origin = aim.origin;
        let newly_holds = holds && !aim.holds && scope != Scope::Whole;
        aim.holds = holds;
        aim.rests_until = rests_until.or(aim.rests_until);
        if let Some(error) = &placing.stopped {
            aim.attempts = aim.attempts.saturating_add(1);
            let delay = if error.kind.needs_person() {
                PERSON_DELAY
            } else {
                backoff(aim.attempts, fraction, placing.asked_delay())
            };
            aim.not_before = Instant::now() + delay;
            self.aim(target, scope, origin);
        } else {
            aim.attempts = 0;
        }
        let again =
            if placing.replan_whole || newly_holds { Scope::Whole } else { Scope::Meetings(placing.replan) };
        if placing.reread {
            // With what is known now the same write would be refused again.
            self.recheck(target, target, again).await?;
        } else if again != Scope::Meetings(BTreeSet::new()) {
            self.aim(target, again, origin);
        }
        for source in recheck {
            self.recheck(&source, target, Scope::Whole).await?;
        }
        Ok(())
    }

    /// Has a calendar read, and plans a target after that.
    async fn recheck(
        &mut self,
        calendar: &CalendarId,
        target: &CalendarId,
        scope: Scope,
    ) -> Result<(), StoreError> {
        let targets = self.rechecks.entry(calendar.clone()).or_default();
        let scope = match targets.remove(target) {
            Some(before) => before.and(scope),
            None => scope,
        };
        targets.insert(target.clone(), scope);
        if self.watches.contains_key(calendar) {
            let note = self.queue.add(calendar, self.engine.clock.now());
            self.engine.state.commit(note).await?;
        }
        Ok(())
    }

    /// Lets writes under way finish, within bounds; reads are dropped.
    async fn finish(mut self, mut work: Work) -> Result<(), EngineError> {
        self.stop.cancel();
        let deadline = Instant::now() + SHUTDOWN_GRACE;
        while self.aims.values().any(|aim| aim.placing) {
            tokio::select! {
                biased;
                Some(done) = work.next() => work.beside(self.take(done)).await?,
                () = sleep_until(deadline) => break,
            }
        }
        Ok(())
    }
}

impl Watch {
    fn new(calendar: Calendar, now: Instant) -> Self {
        Self {
            calendar,
            next_poll: now,
            not_before: now,
            attempts: 0,
            pulling: false,
            overslept: false,
            heard: Heard::Nothing,
            verify_at: None,
            compared: false,
        }
    }

    /// True when its whole read is due.
    fn verifies(&self, now: Instant) -> bool {
        self.verify_at.is_some_and(|at| at <= now)
    }
}

impl Aim {
    fn new(origin: Origin, now: Instant) -> Self {
        Self {
            scope: None,
            origin,
            not_before: now,
            attempts: 0,
            placing: false,
            holds: false,
            rests_until: None,
        }
    }
}

fn asked_delay(error: &ProviderError) -> Option<Duration> {
    match error.kind {
        ErrorKind::Throttled { retry_after } => retry_after,
        _ => None,
    }
}
