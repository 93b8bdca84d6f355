//! The scenes.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use starmesh_app::dto::CalendarRef;
use starmesh_app::{AppError, Entropy, ErrorCode, NewGroup, PlanRequest, Starmesh, Watched};
use starmesh_sim::web::{HookCarrier, RoundTrip};
use tokio_util::sync::CancellationToken;

use super::cast::{Cast, Place, Provider};
use super::command::Scratch;
use super::line::{GroupShape, Line, Way};
use super::oracle::broken;
use super::person::Person;
use super::relay::Relay;
use super::stage::Stage;

/// How often the engine looks without notifications, in seconds: the shortest it can be set to.
const POLL_INTERVAL_S: &str = "5";

/// One showing.
pub(super) struct Play<'a> {
    pub(super) stage: &'a Stage<'a>,
    pub(super) cast: &'a Cast,
    pub(super) starmesh: &'a Starmesh,
    pub(super) entropy: &'a dyn Entropy,
    pub(super) scratch: &'a Scratch,
    pub(super) stop: &'a CancellationToken,
    pub(super) way: Way,
    pub(super) seed: u64,
    /// The bearer token that both providers take.
    pub(super) token: &'a str,
}

/// What is known of the calendars once the accounts are there.
pub(super) struct Known {
    pub(super) calendars: BTreeMap<Place, CalendarRef>,
    pub(super) relay: Relay,
    pub(super) watched: Vec<Watched>,
}

impl Known {
    /// Which of the four a calendar is.
    pub(super) fn place(&self, calendar: &CalendarRef) -> Option<Place> {
        self.calendars.iter().find(|(_, known)| known.id == calendar.id).map(|(place, _)| *place)
    }
}

/// The end that a person asked for.
pub(super) fn stopped() -> AppError {
    AppError::new(ErrorCode::Incomplete, "the demo was stopped; nothing of it is left")
}

impl Play<'_> {
    /// From two empty providers to two that are as they were.
    pub(super) async fn whole(
        &self,
        distance: RoundTrip,
        duration: Option<Duration>,
        keep: bool,
    ) -> Result<(), AppError> {
        let rtt_ms = u64::try_from(distance.time().as_millis()).unwrap_or(u64::MAX);
        self.stage.show(&Line::Started { seed: self.seed, rtt_ms, way: self.way })?;
        let mut person = Person::new(self.cast, self.stage.now(), self.seed)?;
        self.providers(&person)?;
        self.unless_stopped(self.sign_in()).await?;
        let mut known = self.unless_stopped(self.put_together()).await?;
        if self.way == Way::Push {
            self.unless_stopped(self.watch(&mut known)).await?;
        } else {
            self.starmesh.set("poll_interval", POLL_INTERVAL_S).await?;
        }
        self.scene("The engine runs; somebody books, moves and cancels by hand")?;
        self.run_and_act(&mut person, &known, duration).await?;
        self.unless_stopped(self.verify(&person)).await?;
        if keep {
            return self.keep(&known).await;
        }
        self.unless_stopped(self.take_back(&person, &known)).await
    }

    pub(super) fn scene(&self, title: &'static str) -> Result<(), AppError> {
        self.stage.show(&Line::Scene { title })
    }

    pub(super) async fn unless_stopped<T>(
        &self,
        work: impl Future<Output = Result<T, AppError>>,
    ) -> Result<T, AppError> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(stopped()),
            done = work => done,
        }
    }

    fn providers(&self, person: &Person<'_>) -> Result<(), AppError> {
        self.scene("Two providers, four calendars")?;
        for provider in Provider::ALL {
            let calendars = Place::ALL.into_iter().filter(|place| place.provider() == provider).collect();
            let address = self.cast.address(provider);
            self.stage.show(&Line::Provider { provider, address, calendars })?;
        }
        let blocks: usize = person.diary.iter().map(|entry| entry.spans.len()).sum();
        self.stage.show(&Line::Booked { events: person.diary.len() as u64, blocks: blocks as u64 })
    }

    /// The star and the mesh, and the first sync.
    async fn put_together(&self) -> Result<Known, AppError> {
        self.scene("A star and a mesh")?;
        let (hub, spokes) = Place::STAR;
        let star = NewGroup::Star { hub: hub.name(), spokes: spokes.map(Place::name).to_vec() };
        let mesh = NewGroup::Mesh { members: Place::MESH.map(Place::name).to_vec() };
        let star_calendars = [&[hub], &spokes[..]].concat();
        for (group, shape, calendars) in
            [(star, GroupShape::Star, star_calendars), (mesh, GroupShape::Mesh, Place::MESH.to_vec())]
        {
            let change = self.starmesh.add_group(&group).await?;
            let pairs = change.group.map_or(0, |group| group.pairs);
            self.stage.show(&Line::Grouped { shape, calendars, pairs })?;
        }
        let began = self.stage.now();
        let prepared = self.starmesh.prepare(PlanRequest::default(), &|_| {}).await?;
        let planned = prepared.dto.writes();
        let report = self.starmesh.sync(prepared, &|_| {}).await?;
        if !report.in_step {
            return Err(broken("the first sync left something to do"));
        }
        let (placed, took_ms) = (report.written.placed, self.stage.since_ms(began));
        self.stage.show(&Line::Synced { planned, placed, took_ms })?;
        let listed = self.starmesh.known_calendars().await?;
        let reference = |place: Place| {
            let (account, name) = (place.provider().account(), place.name());
            let found = listed.iter().find(|dto| {
                dto.calendar.account == account && name == format!("{account}/{}", dto.display_name)
            });
            found.map(|dto| (place, dto.calendar.clone())).ok_or_else(|| {
                AppError::new(ErrorCode::Internal, format!("{} was not listed", place.title()))
            })
        };
        let calendars = Place::ALL.into_iter().map(reference).collect::<Result<_, _>>()?;
        Ok(Known { calendars, relay: Relay::new(self.entropy), watched: Vec::new() })
    }

    /// Asks both providers to tell of changes.
    async fn watch(&self, known: &mut Known) -> Result<(), AppError> {
        let carrier: Arc<dyn HookCarrier> = Arc::new(known.relay.clone());
        self.cast.carry_hooks_by(&carrier);
        for calendar in known.calendars.values() {
            let hook = known.relay.hook(calendar)?;
            known.watched.push(self.starmesh.watch_calendar(calendar, &hook).await?);
        }
        self.stage.show(&Line::Watching { calendars: known.watched.len() as u64 })
    }
}
