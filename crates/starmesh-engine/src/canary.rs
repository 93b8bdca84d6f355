//! The canary: before the first mirror is placed in a calendar, one that stands for nothing is written, read back in
//! every way that there is, and removed. What survives is what can be relied on there; where it is refused nothing
//! else is written, and where it turns up in a second calendar too, the two are one and cannot be paired.
//!
//! It is written, journalled and removed like any mirror, so that a crash in the middle leaves what the next whole
//! plan finds by its mark and takes away.
//!
//! It costs, for each target and once: a create, a fetch, a listing of its own day, the changes since the last
//! read, a look into each calendar that feeds the target, and a removal.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use starmesh_core::event::SourceItem;
use starmesh_core::ids::{CalendarId, EventId, ICalUid, LinkId, RemoteId};
use starmesh_core::mirror::{Incarnation, MirrorAvailability, MirrorBody, MirrorRecord, MirrorSpec};
use starmesh_core::reconcile::{Action, EventRef, LinkState, Operation, RemoveCause, TargetPlan};
use starmesh_core::recurrence::OriginalStart;
use starmesh_core::time::{EventTime, TimeRange, Window};
use starmesh_provider::{CalendarProvider, Cursor, ErrorKind, Fetched, ProviderError};
use starmesh_store::StoreError;
use starmesh_store::state::{Calendar, Canary, Changes, Link, Read, Wedge, WedgeReason};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::error::{EngineError, Trouble};
use crate::pass::{CALENDARS_AT_ONCE, Plan, Question};
use crate::pull::PullError;
use crate::schedule::WEDGE_REST;
use crate::signal::Origin;

/// Raised when an adapter comes to write or to read mirrors otherwise: then every calendar is tried again.
pub(crate) const CANARY_VERSION: u32 = 1;
/// How often the changes are looked at for the canary: services tell some of them a moment later.
const CANARY_LOOKS_MAX: u32 = 3;
/// The time between two such looks.
const CANARY_LOOK_PAUSE: Duration = Duration::from_secs(2);
/// How often its removal is tried before it is left to the next plan: a service may touch what was just written.
const CANARY_REMOVALS_MAX: u32 = 3;
/// So long before the far edge of the window it stands, at night and for as short as anything that can be seen: it
/// disturbs nobody for the second that it is there.
const CANARY_BEFORE_EDGE: TimeDelta = TimeDelta::days(2);
const CANARY_AT: TimeDelta = TimeDelta::hours(3);
const CANARY_LENGTH: TimeDelta = TimeDelta::minutes(15);

/// What the canaries of a plan showed.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct CanaryReport {
    /// How many calendars were tried.
    pub tried: u64,
    /// Calendars into which nothing may be written now.
    pub stopped: BTreeSet<CalendarId>,
    /// Why.
    pub troubles: Vec<Trouble>,
    /// What they brought up that only a person can answer.
    pub questions: Vec<Question>,
}

/// What one canary showed.
enum Showed {
    /// It came back.
    Result(Canary),
    /// The calendar does not let itself be written.
    Refused(ProviderError),
    /// Something was in the way; it is tried again the next time.
    Nothing(Option<ProviderError>),
}

impl Engine {
    /// Tries every target in which a plan would place something and which was not tried yet. What it showed is
    /// kept; whatever is in the report's `stopped` has to be left out of the plan.
    pub async fn try_canaries(&self, plan: &Plan) -> Result<CanaryReport, EngineError> {
        let mut due: Vec<Calendar> = Vec::new();
        for target in &plan.targets {
            let places = target.operations.iter().any(|operation| operation.body().is_some());
            let tried = self.state.read(&target.target).await?.canary;
            if places && tried.is_none_or(|canary| canary.version != CANARY_VERSION) {
                due.extend(self.state.calendar(&target.target).await?);
            }
        }
        let trials: Vec<BoxFuture<'_, _>> = due
            .iter()
            .map(|calendar| async move { (calendar, self.try_canary(calendar).await) }.boxed())
            .collect();
        let mut answers = stream::iter(trials).buffer_unordered(CALENDARS_AT_ONCE);
        let mut report = CanaryReport::default();
        while let Some((calendar, showed)) = answers.next().await {
            report.tried += 1;
            self.keep_canary(calendar, showed?, &mut report).await?;
        }
        report.troubles.sort_by(|a, b| a.calendar.cmp(&b.calendar));
        Ok(report)
    }

    /// The calendar that is the same as this one, as long as any link joins the two.
    pub(crate) async fn same_calendar(
        &self,
        calendar: &CalendarId,
        read: &Read,
    ) -> Result<Option<CalendarId>, StoreError> {
        let Some(other) = read.canary.as_ref().and_then(|canary| canary.same_as.clone()) else {
            return Ok(None);
        };
        let joins =
            [LinkId::new(calendar.clone(), other.clone()), LinkId::new(other.clone(), calendar.clone())];
        for link in &joins {
            if self.state.link(link).await?.is_some_and(|link| link.state != LinkState::Retiring) {
                return Ok(Some(other));
            }
        }
        Ok(None)
    }

    /// True when a target is the same calendar as one that feeds it, whichever of the two showed that.
    pub(crate) async fn is_one_with_another(
        &self,
        target: &CalendarId,
        read: &Read,
        links: &[Link],
    ) -> Result<bool, StoreError> {
        if self.same_calendar(target, read).await?.is_some() {
            return Ok(true);
        }
        for link in links.iter().filter(|link| link.state != LinkState::Retiring) {
            let source = self.state.read(&link.id.source).await?;
            if source.canary.is_some_and(|canary| canary.same_as.as_ref() == Some(target)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn keep_canary(
        &self,
        calendar: &Calendar,
        showed: Showed,
        report: &mut CanaryReport,
    ) -> Result<(), StoreError> {
        let mut changes = Changes::new();
        match showed {
            Showed::Result(canary) => {
                if let Some(other) = canary.same_as.clone() {
                    report.stopped.extend([calendar.id.clone(), other.clone()]);
                    report.questions.push(Question::SameCalendar { calendar: calendar.id.clone(), other });
                }
                let mut read = self.state.read(&calendar.id).await?;
                read.canary = Some(canary);
                changes.put_read(&calendar.id, &read);
            }
            Showed::Refused(error) => {
                let now = self.clock.now();
                changes.put_wedge(&Wedge {
                    calendar: calendar.id.clone(),
                    subject: Wedge::WHOLE_CALENDAR.to_owned(),
                    link: None,
                    reason: match error.kind {
                        ErrorKind::ReadOnly => WedgeReason::ReadOnly,
                        ErrorKind::QuotaExceeded => WedgeReason::QuotaExceeded,
                        _ => WedgeReason::Refused,
                    },
                    message: Some(error.message.clone()),
                    since: now,
                    retry_at: now + WEDGE_REST,
                    event_at: None,
                });
                report.stopped.insert(calendar.id.clone());
                report.troubles.push(Trouble::new(calendar, error));
            }
            Showed::Nothing(Some(error)) => {
                report.stopped.insert(calendar.id.clone());
                report.troubles.push(Trouble::new(calendar, error));
            }
            Showed::Nothing(None) => {}
        }
        self.state.commit(changes).await
    }

    async fn try_canary(&self, target: &Calendar) -> Result<Showed, EngineError> {
        let read = self.state.read(&target.id).await?;
        let settings = self.state.settings().await?;
        let window = Window::around(self.clock.now(), settings.window_days);
        let key = self.state.keys().canary_key(&target.remote.name);
        let time = canary_time(&window);
        let availability = MirrorAvailability::Busy;
        let body = MirrorBody { time, availability, label: settings.label.clone(), color: None };
        let placed = self.place_canary(
            target,
            Operation {
                link: LinkId::none_into(target.id.clone()),
                key,
                event: Some(stands_for_nothing(self)),
                incarnation: Incarnation::default(),
                action: Action::Place { body: body.clone(), previous: None, respected: false },
            },
        );
        let record = match placed.await? {
            Ok(record) => record,
            Err(showed) => return Ok(showed),
        };
        let name = &target.remote.name;
        let spec = MirrorSpec::new(self.state.keys(), name, name, key, record.incarnation, body);
        let looked = self.look_at_canary(target, &spec, &record, read.cursor.as_ref(), &window).await;
        let (seen, showed) = match looked {
            Ok((item, canary)) => (Some(item), canary.map_or(Showed::Nothing(None), Showed::Result)),
            Err(PullError::Store(error)) => return Err(error.into()),
            Err(PullError::Provider(error) | PullError::Suspicious(error)) => {
                tracing::info!(error = %error.message, "a canary could not be looked at");
                (None, Showed::Nothing(None))
            }
        };
        self.remove_canary(target, record, seen).await?;
        Ok(showed)
    }

    /// Places the canary by the way of every mirror, and gives what is remembered of it.
    async fn place_canary(
        &self,
        target: &Calendar,
        operation: Operation,
    ) -> Result<Result<MirrorRecord, Showed>, EngineError> {
        let key = operation.key;
        let plan = TargetPlan::of(target.id.clone(), vec![operation]);
        let stop = CancellationToken::new();
        let placing = self.place_target(target, &plan, Origin::at(self.clock.now()), &stop).await?;
        if let Some(record) = self.state.mirrors_by_key(&target.id, [&key]).await?.pop() {
            return Ok(Ok(record));
        }
        if let Some(error) = placing.stopped {
            let refused = matches!(error.kind, ErrorKind::ReadOnly | ErrorKind::QuotaExceeded);
            return Ok(Err(if refused { Showed::Refused(error) } else { Showed::Nothing(Some(error)) }));
        }
        // What is refused for this one mirror is refused for the calendar: it holds nothing that another does not.
        let wedges = self.state.wedges_in(&target.id).await?;
        let Some(wedge) = wedges.into_iter().find(|wedge| wedge.link.as_ref().is_some_and(LinkId::is_none))
        else {
            return Ok(Err(Showed::Nothing(None)));
        };
        let mut changes = Changes::new();
        changes.delete_wedge(&target.id, &wedge.subject);
        self.state.commit(changes).await?;
        let message = wedge.message.unwrap_or_default();
        Ok(Err(Showed::Refused(ProviderError::new(ErrorKind::Refused, message))))
    }

    /// Reads the canary back in every way; none when somebody has removed it meanwhile.
    async fn look_at_canary(
        &self,
        target: &Calendar,
        spec: &MirrorSpec,
        record: &MirrorRecord,
        cursor: Option<&Cursor>,
        window: &Window,
    ) -> Result<(SourceItem, Option<Canary>), PullError> {
        let provider = self.providers.provider(&target.account).await?;
        let id = &record.remote_id;
        let fetched = provider.fetch(&target.remote.name, std::slice::from_ref(id)).await?;
        let item = fetched.into_iter().find_map(|fetched| match fetched {
            Fetched::Found(item) => Some(item),
            Fetched::Missing(_) => None,
        });
        let Some(item) = item else {
            return Ok((spec.as_observed(id.clone(), record.version.clone()), None));
        };
        let day = Window { range: around(&spec.body().time) };
        let listing = self.list(&*provider, target, None, &day).await?;
        let told = match cursor {
            Some(cursor) => Some(self.is_told(&*provider, target, id, cursor, window).await?),
            None => None,
        };
        let marked = item.events.iter().find_map(|event| event.marked.as_ref());
        let canary = Canary {
            version: CANARY_VERSION,
            at: self.clock.now(),
            listed: listing.ids().contains(id),
            told,
            mark_kept: marked.is_some_and(|marked| marked.mark == spec.mark().to_string()),
            altered: marked.is_some() && !spec.is_shown_by(&item),
            same_as: self.seen_elsewhere(target, spec).await?,
        };
        Ok((item, Some(canary)))
    }

    /// True once the changes since `cursor` tell of the canary.
    async fn is_told(
        &self,
        provider: &dyn CalendarProvider,
        target: &Calendar,
        id: &RemoteId,
        cursor: &Cursor,
        window: &Window,
    ) -> Result<bool, PullError> {
        for look in 1..=CANARY_LOOKS_MAX {
            if self.list(provider, target, Some(cursor), window).await?.ids().contains(id) {
                return Ok(true);
            }
            if look < CANARY_LOOKS_MAX {
                sleep(CANARY_LOOK_PAUSE).await;
            }
        }
        Ok(false)
    }

    /// The calendar that feeds the target and holds the canary too: then the two are one.
    async fn seen_elsewhere(
        &self,
        target: &Calendar,
        spec: &MirrorSpec,
    ) -> Result<Option<CalendarId>, PullError> {
        for link in self.state.links_into(&target.id).await? {
            let Some(source) = self.state.calendar(&link.id.source).await? else { continue };
            // What hides marks also shows events under names of its own.
            if source.remote.hides_marks {
                continue;
            }
            let provider = self.providers.provider(&source.account).await?;
            if provider.find_mirror(&source.remote.name, spec.provider_id()).await?.is_some() {
                return Ok(Some(source.id));
            }
        }
        Ok(None)
    }

    /// Removes the canary as it was last `seen`; one to which a person invited others is theirs and stays.
    async fn remove_canary(
        &self,
        target: &Calendar,
        mut record: MirrorRecord,
        mut seen: Option<SourceItem>,
    ) -> Result<(), EngineError> {
        let stop = CancellationToken::new();
        for _ in 0..CANARY_REMOVALS_MAX {
            if let Some(item) = seen {
                if item.has_attendees() {
                    break;
                }
                record.version = item.version;
            }
            let operation = Operation {
                link: record.link.clone(),
                key: record.key,
                event: None,
                incarnation: record.incarnation,
                action: Action::Remove {
                    placed: record.placed(),
                    time: Some(record.time),
                    cause: RemoveCause::Cleaned,
                    twin: None,
                    counted: false,
                },
            };
            let plan = TargetPlan::of(target.id.clone(), vec![operation]);
            let placing = self.place_target(target, &plan, Origin::at(self.clock.now()), &stop).await?;
            if placing.report.removed > 0 || placing.stopped.is_some() {
                break;
            }
            // It was touched: what stands there now is what the look after the refusal kept.
            let Some(known) = self.state.items_by_id(&target.id, [&record.remote_id]).await?.pop() else {
                break;
            };
            seen = Some(known.item);
        }
        // One that could not be removed is found by the next whole plan.
        Ok(())
    }
}

fn stands_for_nothing(engine: &Engine) -> EventRef {
    let event = EventId::new("canary");
    let meeting = engine.state.keys().meeting(&ICalUid::new("canary"));
    EventRef { event, original_start: OriginalStart(String::new()), meeting }
}

fn canary_time(window: &Window) -> EventTime {
    let start: DateTime<Utc> = window.range.hi - CANARY_BEFORE_EDGE + CANARY_AT;
    EventTime::Timed { start, end: start + CANARY_LENGTH }
}

/// The days around a time: enough of the calendar to hold it, whatever zone its provider counts days in.
fn around(time: &EventTime) -> TimeRange {
    TimeRange { lo: time.start() - TimeDelta::days(1), hi: time.end() + TimeDelta::days(1) }
}
