//! Step 4: what is known of a target and of the sources of its links becomes a plan.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use futures::future::try_join_all;
use futures::try_join;
use starmesh_core::ids::{CalendarId, LinkId};
use starmesh_core::mirror::{MeetingId, MirrorRecord};
use starmesh_core::policy::{Policy, Terms};
use starmesh_core::reconcile::{
    Action, BrakeBudget, CalendarView, LinkInput, LinkState, Observed, Operation, TargetInput, TargetPlan,
    reconcile,
};
use starmesh_core::time::{TimeRange, Window};
use starmesh_core::zone::Zone;
use starmesh_provider::Coverage;
use starmesh_store::StoreError;
use starmesh_store::state::{Calendar, Link, Pause, Settings, Wedge};

use crate::engine::Engine;
use crate::pass::PlanOptions;
use crate::standstill::{holding, running};

/// Which part of a target is planned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Scope {
    /// All of it.
    Whole,
    /// What belongs to these meetings.
    Meetings(BTreeSet<MeetingId>),
}

impl Scope {
    /// The union of two scopes.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Meetings(mut these), Self::Meetings(those)) => {
                these.extend(those);
                Self::Meetings(these)
            }
            _ => Self::Whole,
        }
    }
}

/// One link with everything read of its source.
struct Feed {
    link: Link,
    state: LinkState,
    source: Calendar,
    zone: Zone,
    items: Vec<Observed>,
    read_at: Option<DateTime<Utc>>,
    range: Option<TimeRange>,
    terms: Terms,
    narrowed_from: Vec<Policy>,
    brake: BrakeBudget,
}

impl Engine {
    /// Plans a target; `None` when it was never read or is gone, or a question about it is open.
    pub(crate) async fn plan_target(
        &self,
        target: &Calendar,
        scope: &Scope,
        options: &PlanOptions,
    ) -> Result<Option<TargetPlan>, StoreError> {
        let state = &self.state;
        // What does not depend on another answer is asked at once: somebody waits for the mirror.
        let (read, settings, links, wedges) = try_join!(
            state.read(&target.id),
            state.settings(),
            state.links_into(&target.id),
            state.wedges_in(&target.id),
        )?;
        let is_open = (read.foreign_marks > 0 && !read.beside_foreign)
            || self.is_one_with_another(&target.id, &read, &links).await?;
        if read.read_at.is_none() || read.gone_since.is_some() || is_open {
            return Ok(None);
        }
        let now = self.clock.now();
        let links = self.with_sources(links).await?;
        // What a source that hides marks brings hangs on all that blocks the target's time.
        let hides_marks = links.iter().any(|(_, source)| source.remote.hides_marks);
        let scope = if hides_marks { &Scope::Whole } else { scope };
        let _turn = match scope {
            Scope::Whole => Some(self.whole_plans.lock().await),
            Scope::Meetings(_) => None,
        };
        let feeds = try_join_all(links.into_iter().map(|(link, source)| {
            let pauses = [source.pause, target.pause, settings.pause];
            let around = if options.despite_pauses { [None; 3] } else { pauses };
            self.feed(link, source, scope, around, now)
        }));
        let of_target = async {
            let records = match scope {
                Scope::Whole => state.mirrors(&target.id).await?,
                Scope::Meetings(meetings) => state.mirrors_of_meetings(&target.id, meetings).await?,
            };
            let items = self.target_items(&target.id, scope, &records).await?;
            Ok((records, items))
        };
        let (mut feeds, (records, items)) = try_join!(feeds, of_target)?;
        let mut plan = plan(self, target, &items, &feeds, &records, scope, options, &settings, now);
        if self.load_brakes(&plan, &mut feeds, options, now).await? {
            plan = self::plan(self, target, &items, &feeds, &records, scope, options, &settings, now);
        }
        let rests = |operation: &mut Operation| !options.retry_wedged && self.rests(&wedges, operation, now);
        let resting: Vec<Operation> = plan.operations.extract_if(.., rests).collect();
        plan.resting = resting.len() as u64;
        plan.left_out.extend(resting.into_iter().map(|operation| operation.link));
        if let Some(links) = &options.links {
            let others = plan.operations.extract_if(.., |operation| !links.contains(&operation.link));
            plan.left_out.extend(others.map(|operation| operation.link));
            plan.held.retain(|held| links.contains(&held.link));
        }
        Ok(Some(plan))
    }

    /// True while a wedge says that this very operation has failed for good.
    fn rests(&self, wedges: &[Wedge], operation: &Operation, now: DateTime<Utc>) -> bool {
        wedges.iter().any(|wedge| wedge.retry_at > now && wedge.stops(self.state.keys(), operation))
    }

    /// The links with their sources, as far as these are known.
    async fn with_sources(&self, links: Vec<Link>) -> Result<Vec<(Link, Calendar)>, StoreError> {
        let sources = try_join_all(links.iter().map(|link| self.state.calendar(&link.id.source))).await?;
        Ok(links.into_iter().zip(sources).filter_map(|(link, source)| Some((link, source?))).collect())
    }

    async fn feed(
        &self,
        link: Link,
        source: Calendar,
        scope: &Scope,
        around: [Option<Pause>; 3],
        now: DateTime<Utc>,
    ) -> Result<Feed, StoreError> {
        let state = &self.state;
        let id = &link.id.source;
        let items = async {
            match scope {
                Scope::Whole => state.items(id).await,
                Scope::Meetings(meetings) => state.items_of_meetings(id, meetings).await,
            }
        };
        let (items, read) = try_join!(items, state.read(id))?;
        // While it is in doubt whether a source is empty, nothing of it is known to be gone.
        let read_at = read.read_at.filter(|_| read.suspicion.is_none());
        let range = match read.coverage {
            Some(Coverage::Range(range)) => Some(range),
            Some(Coverage::Everything) | None => None,
        };
        // Nothing is known of words that nobody has looked for yet: the next read of the source will.
        let is_informed = Terms::new(link.policy.terms()).is_some_and(|asked| read.terms.cover(&asked));
        let pause = holding(&link, around, now);
        let state = match running(&link, pause) {
            LinkState::Active if !is_informed => LinkState::Paused,
            state => state,
        };
        let narrowed = link.narrowed.iter().filter(|narrowing| narrowing.holds(now));
        let narrowed_from = narrowed.map(|narrowing| narrowing.from.clone()).collect();
        Ok(Feed {
            zone: Zone::Named(source.zone),
            link,
            state,
            source,
            items,
            read_at,
            range,
            terms: read.terms,
            narrowed_from,
            brake: BrakeBudget::default(),
        })
    }

    /// Loads what the brake has to know of the links whose removals it counts; false when there are none. The
    /// mirrors of a link take long to count, and most changes remove nothing.
    async fn load_brakes(
        &self,
        plan: &TargetPlan,
        feeds: &mut [Feed],
        options: &PlanOptions,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let held = plan.held.iter().flat_map(|held| &held.operations);
        let removals = plan.operations.iter().chain(held);
        let counted: BTreeSet<&LinkId> = removals
            .filter(|operation| matches!(operation.action, Action::Remove { counted: true, .. }))
            .map(|operation| &operation.link)
            .collect();
        for feed in feeds.iter_mut().filter(|feed| counted.contains(&feed.link.id)) {
            feed.brake = BrakeBudget {
                mirrors: self.state.mirror_count(&feed.link.id).await?,
                removed_lately: self.state.removed_lately(&feed.link.id, now).await?,
                allowed: options.allow_removals,
            };
        }
        Ok(!counted.is_empty())
    }

    /// The target's own items of the meetings in question, and the mirrors that records know.
    async fn target_items(
        &self,
        target: &CalendarId,
        scope: &Scope,
        records: &[MirrorRecord],
    ) -> Result<Vec<Observed>, StoreError> {
        let Scope::Meetings(meetings) = scope else { return self.state.items(target).await };
        let placed = records.iter().map(|record| &record.remote_id);
        let (own, mirrors) = try_join!(
            self.state.items_of_meetings(target, meetings),
            self.state.items_by_id(target, placed),
        )?;
        let by_id: BTreeMap<_, _> = own
            .into_iter()
            .chain(mirrors)
            .map(|observed| (observed.item.remote_id.clone(), observed))
            .collect();
        Ok(by_id.into_values().collect())
    }
}

#[expect(clippy::too_many_arguments, reason = "each is one table of what is known; called once")]
fn plan(
    engine: &Engine,
    target: &Calendar,
    items: &[Observed],
    feeds: &[Feed],
    records: &[MirrorRecord],
    scope: &Scope,
    options: &PlanOptions,
    settings: &Settings,
    now: DateTime<Utc>,
) -> TargetPlan {
    let links: Vec<LinkInput<'_>> = feeds
        .iter()
        .map(|feed| LinkInput {
            id: &feed.link.id,
            state: feed.state,
            source: CalendarView {
                id: &feed.source.id,
                name: &feed.source.remote.name,
                zone: &feed.zone,
                items: &feed.items,
            },
            source_read_at: feed.read_at,
            source_range: feed.range,
            hides_marks: feed.source.remote.hides_marks,
            policy: &feed.link.policy,
            terms: &feed.terms,
            narrowed_from: &feed.narrowed_from,
            brake: feed.brake,
        })
        .collect();
    let zone = Zone::Named(target.zone);
    reconcile(&TargetInput {
        keys: engine.state.keys(),
        window: &Window::around(now, settings.window_days),
        target: &CalendarView { id: &target.id, name: &target.remote.name, zone: &zone, items },
        label: &settings.label,
        links: &links,
        records,
        whole: *scope == Scope::Whole,
        narrowing: options.narrowing,
    })
}
