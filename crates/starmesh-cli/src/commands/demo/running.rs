//! The scene in which the engine runs, and somebody keeps it busy.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use chrono::{SecondsFormat, TimeDelta};
use starmesh_app::dto::{ActionDto, JourneyDto, RunEvent};
use starmesh_app::{AppError, Bell, ErrorCode, Signals};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout_at};

use super::cast::{Place, Provider};
use super::journey::{Expected, Steps, instant};
use super::line::{Deed, Kept, Line, Way};
use super::oracle::{blocks, broken};
use super::person::{Done, Person};
use super::play::{Known, Play, stopped};
use super::statistics::Figures;

/// How long a change may take to be everywhere, and the engine to come to rest: several polls and retries.
const ARRIVES_WITHIN: Duration = Duration::from_secs(60);

/// The engine's events while it runs.
pub(super) type Events = mpsc::UnboundedReceiver<RunEvent>;

/// Counts of what happened while the engine ran.
#[derive(Default)]
struct Tally {
    deeds: Vec<Deed>,
    journeys: Vec<Steps>,
}

impl Tally {
    fn count(&self, deed: Deed) -> u64 {
        self.deeds.iter().filter(|done| **done == deed).count() as u64
    }
}

impl Play<'_> {
    /// Runs the engine while the person acts, first by the story, then at random for `duration`.
    pub(super) async fn run_and_act(
        &self,
        person: &mut Person<'_>,
        known: &Known,
        duration: Option<Duration>,
    ) -> Result<(), AppError> {
        let (told, events) = mpsc::unbounded_channel();
        self.with_engine(known, told, self.act(person, known, duration, events)).await
    }

    /// Runs the engine for as long as `acting` takes. Its events go to `told`.
    pub(super) async fn with_engine(
        &self,
        known: &Known,
        told: mpsc::UnboundedSender<RunEvent>,
        acting: impl Future<Output = Result<(), AppError>>,
    ) -> Result<(), AppError> {
        let signals = match self.way {
            Way::Push => {
                let (bell, signals) = Bell::new();
                known.relay.connect(bell);
                signals
            }
            Way::Poll => Signals::none(),
        };
        let (end, ended) = oneshot::channel::<()>();
        let shutdown = async move { drop(ended.await) };
        // Whoever listens has heard enough once it is gone.
        let listener = |event: &RunEvent| drop(told.send(event.clone()));
        let mut running = pin!(self.starmesh.run(shutdown, signals, &listener));
        let acting = self.unless_stopped(acting);
        let acted = tokio::select! {
            ran = &mut running => {
                return Err(ran.err().unwrap_or_else(|| broken("the engine stopped by itself")));
            }
            acted = acting => acted,
        };
        // Also after trouble: writes under way are finished.
        drop(end);
        running.await?;
        acted
    }

    async fn act(
        &self,
        person: &mut Person<'_>,
        known: &Known,
        duration: Option<Duration>,
        mut events: Events,
    ) -> Result<(), AppError> {
        let links = self.at_rest(&mut events).await?;
        self.stage.show(&Line::Running { links })?;
        let mut tally = Tally::default();
        let began = self.stage.now();
        for act in [
            |person: &mut Person<'_>| person.book(Place::Home, 6, 10),
            |person: &mut Person<'_>| person.move_last(6, 13),
            |person: &mut Person<'_>| person.book(Place::Work, 7, 9),
            |person: &mut Person<'_>| person.book(Place::Project, 8, 15),
            |person: &mut Person<'_>| person.move_last(9, 8),
            |person: &mut Person<'_>| person.cancel_last(),
        ] {
            sleep(Duration::from_millis(person.pause_ms())).await;
            let done = act(person)?;
            self.follow(person, known, done, &mut events, &mut tally).await?;
        }
        if let Some(duration) = duration {
            let until = Instant::now() + duration;
            while Instant::now() < until {
                sleep(Duration::from_millis(person.pause_ms())).await;
                let done = person.anything()?;
                self.follow(person, known, done, &mut events, &mut tally).await?;
            }
        }
        self.stage.show(&Line::Totals {
            changes: tally.deeds.len() as u64,
            journeys: tally.journeys.len() as u64,
            booked: tally.count(Deed::Booked),
            moved: tally.count(Deed::Moved),
            cancelled: tally.count(Deed::Cancelled),
            took_ms: self.stage.since_ms(began),
            ms: Figures::of(&tally.journeys),
        })
    }

    /// Waits until the engine has looked at everything; how many links it runs.
    async fn at_rest(&self, events: &mut Events) -> Result<u64, AppError> {
        let deadline = Instant::now() + ARRIVES_WITHIN;
        let mut running = 0;
        loop {
            match self.next(events, deadline).await? {
                RunEvent::Started { links, .. } => running = links,
                RunEvent::Quiet => return Ok(running),
                _ => {}
            }
        }
    }

    /// Shows what was done, and each of its journeys as it ends.
    async fn follow(
        &self,
        person: &Person<'_>,
        known: &Known,
        done: Done,
        events: &mut Events,
        tally: &mut Tally,
    ) -> Result<(), AppError> {
        let rfc3339 = |time: chrono::DateTime<chrono::Utc>, format| time.to_rfc3339_opts(format, true);
        let number = tally.deeds.len() as u64 + 1;
        tally.deeds.push(done.deed);
        self.stage.show(&Line::Change {
            number,
            change: done.deed,
            calendar: done.place,
            start: rfc3339(done.span.start, SecondsFormat::Secs),
            end: rfc3339(done.span.end, SecondsFormat::Secs),
            at: rfc3339(done.at, SecondsFormat::Millis),
        })?;
        let mut expected = Expected::of(done);
        let deadline = Instant::now() + ARRIVES_WITHIN;
        while !expected.missing.is_empty() {
            let RunEvent::Placed(journey) = self.next(events, deadline).await? else { continue };
            let (source, target) = (known.place(&journey.link.source), known.place(&journey.link.target));
            let (Some(source), Some(target)) = (source, target) else { continue };
            if !expected.take(source, target, &journey) {
                return Err(broken("something was written that nobody asked for"));
            }
            self.check_there(person, done, target, &journey)?;
            let ms = Steps::since(done.at, &journey.steps)?;
            tally.journeys.push(ms);
            self.stage.show(&Line::Journey {
                number: Some(number),
                source,
                target,
                at: journey.at.clone(),
                ms,
            })?;
        }
        Ok(())
    }

    /// What a journey says stands at the provider does.
    fn check_there(
        &self,
        person: &Person<'_>,
        done: Done,
        target: Place,
        journey: &JourneyDto,
    ) -> Result<(), AppError> {
        let stands = blocks(self.cast, person, target)?.contains(&done.span);
        if stands == (journey.action != ActionDto::Removed) {
            return Ok(());
        }
        Err(broken(&format!("a journey ended in {}, and its store says otherwise", target.title())))
    }

    /// The engine's next event; trouble is said aside.
    async fn next(&self, events: &mut Events, deadline: Instant) -> Result<RunEvent, AppError> {
        let event = timeout_at(deadline, events.recv()).await.map_err(|_| {
            AppError::new(
                ErrorCode::Incomplete,
                format!("a change was not everywhere within {} s", ARRIVES_WITHIN.as_secs()),
            )
            .hint("`starmesh demo --verbose` says what happens inside")
        })?;
        let event = event.ok_or_else(stopped)?;
        self.say_trouble(&event);
        Ok(event)
    }

    fn say_trouble(&self, event: &RunEvent) {
        match event {
            RunEvent::PullFailed { calendar, message, .. } => {
                self.stage.note(&format!("{}: not reached: {message}", calendar.name));
            }
            RunEvent::Wedged { calendar, reason } => {
                self.stage.note(&format!("{}: a write stands still: {reason}", calendar.name));
            }
            RunEvent::Missed { count } => self.stage.note(&format!("{count} events were not shown")),
            _ => {}
        }
    }

    /// Leaves everything up, the engine running, until a person has seen enough.
    pub(super) async fn keep(&self, known: &Known) -> Result<(), AppError> {
        self.scene("Yours to play with")?;
        let program = std::env::current_exe().map(|path| path.display().to_string());
        self.stage.show(&Line::Kept(Box::new(Kept {
            google: self.cast.address(Provider::Google),
            microsoft: self.cast.address(Provider::Microsoft),
            data_dir: self.scratch.data().display().to_string(),
            passphrase: self.scratch.passphrase().to_owned(),
            token: self.token.to_owned(),
            program: program.unwrap_or_else(|_| "starmesh".to_owned()),
            day: (self.stage.now() + TimeDelta::days(1)).date_naive().to_string(),
        })))?;
        let (told, mut events) = mpsc::unbounded_channel();
        let watching = async {
            let links = self.at_rest(&mut events).await?;
            self.stage.show(&Line::Running { links })?;
            while let Some(event) = events.recv().await {
                self.say_trouble(&event);
                let RunEvent::Placed(journey) = event else { continue };
                let (source, target) = (known.place(&journey.link.source), known.place(&journey.link.target));
                let (Some(source), Some(target)) = (source, target) else { continue };
                let ms = Steps::since(instant(&journey.steps.signalled)?, &journey.steps)?;
                let at = journey.at.clone();
                self.stage.show(&Line::Journey { number: None, source, target, at, ms })?;
            }
            Ok(())
        };
        match self.with_engine(known, told, watching).await {
            // This is how it ends.
            Err(_) if self.stop.is_cancelled() => Ok(()),
            ended => ended,
        }
    }
}
