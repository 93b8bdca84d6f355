//! Step 4: what is known of a target and of the sources of its links becomes a plan.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use starmesh_core::ids::CalendarId;
use starmesh_core::mirror::{MeetingId, MirrorRecord};
use starmesh_core::policy::Policy;
use starmesh_core::reconcile::{
    BrakeBudget, CalendarView, LinkInput, Observed, Operation, TargetInput, TargetPlan, reconcile,
};
use starmesh_core::time::Window;
use starmesh_core::zone::Zone;
use starmesh_store::StoreError;
use starmesh_store::state::{Calendar, Link, Settings, Wedge};

use crate::engine::Engine;
use crate::pass::PlanOptions;

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
    source: Calendar,
    zone: Zone,
    items: Vec<Observed>,
    read_at: Option<DateTime<Utc>>,
    brake: BrakeBudget,
}

impl Engine {
    /// Plans a target; `None` when it was never read, or a question about it is open.
    pub(crate) async fn plan_target(
        &self,
        target: &Calendar,
        scope: &Scope,
        options: &PlanOptions,
    ) -> Result<Option<TargetPlan>, StoreError> {
        let read = self.state.read(&target.id).await?;
        if read.read_at.is_none() || (read.foreign_marks > 0 && !read.beside_foreign) {
            return Ok(None);
        }
        let settings = self.state.settings().await?;
        let now = self.clock.now();
        let mut feeds = Vec::new();
        for link in self.state.links_into(&target.id).await? {
            feeds.extend(self.feed(link, scope, options, now).await?);
        }
        let records = match scope {
            Scope::Whole => self.state.mirrors(&target.id).await?,
            Scope::Meetings(meetings) => self.state.mirrors_of_meetings(&target.id, meetings).await?,
        };
        let items = self.target_items(&target.id, scope, &records).await?;
        let mut plan = plan(self, target, &items, &feeds, &records, scope, options, &settings, now);
        let wedges = self.state.wedges_in(&target.id).await?;
        let planned = plan.operations.len();
        plan.operations.retain(|operation| options.retry_wedged || !self.rests(&wedges, operation, now));
        plan.resting = (planned - plan.operations.len()) as u64;
        if let Some(links) = &options.links {
            plan.operations.retain(|operation| links.contains(&operation.link));
            plan.held.retain(|held| links.contains(&held.link));
        }
        Ok(Some(plan))
    }

    /// True while a wedge says that this very operation has failed for good.
    fn rests(&self, wedges: &[Wedge], operation: &Operation, now: DateTime<Utc>) -> bool {
        wedges.iter().any(|wedge| wedge.retry_at > now && wedge.stops(self.state.keys(), operation))
    }

    async fn feed(
        &self,
        link: Link,
        scope: &Scope,
        options: &PlanOptions,
        now: DateTime<Utc>,
    ) -> Result<Option<Feed>, StoreError> {
        let Some(source) = self.state.calendar(&link.id.source).await? else { return Ok(None) };
        let items = match scope {
            Scope::Whole => self.state.items(&source.id).await?,
            Scope::Meetings(meetings) => self.state.items_of_meetings(&source.id, meetings).await?,
        };
        let brake = BrakeBudget {
            mirrors: self.state.mirror_count(&link.id).await?,
            removed_lately: self.state.removed_lately(&link.id, now).await?,
            allowed: options.allow_removals,
        };
        let read = self.state.read(&source.id).await?;
        // While it is in doubt whether a source is empty, nothing of it is known to be gone.
        let read_at = read.read_at.filter(|_| read.suspicion.is_none());
        Ok(Some(Feed { zone: Zone::Named(source.zone), link, source, items, read_at, brake }))
    }

    /// The target's own items of the meetings in question, and the mirrors that records know.
    async fn target_items(
        &self,
        target: &CalendarId,
        scope: &Scope,
        records: &[MirrorRecord],
    ) -> Result<Vec<Observed>, StoreError> {
        let Scope::Meetings(meetings) = scope else { return self.state.items(target).await };
        let own = self.state.items_of_meetings(target, meetings).await?;
        let mirrors = self.state.items_by_id(target, records.iter().map(|record| &record.remote_id)).await?;
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
    let policy = Policy { label: settings.label.clone(), ..Policy::default() };
    let links: Vec<LinkInput<'_>> = feeds
        .iter()
        .map(|feed| LinkInput {
            id: &feed.link.id,
            state: feed.link.state,
            source: CalendarView {
                id: &feed.source.id,
                name: &feed.source.remote.name,
                zone: &feed.zone,
                items: &feed.items,
            },
            source_read_at: feed.read_at,
            policy: &policy,
            brake: feed.brake,
        })
        .collect();
    let zone = Zone::Named(target.zone);
    reconcile(&TargetInput {
        keys: engine.state.keys(),
        window: &Window::around(now, settings.window_days),
        target: &CalendarView { id: &target.id, name: &target.remote.name, zone: &zone, items },
        links: &links,
        records,
        whole: *scope == Scope::Whole,
        narrowing: options.narrowing,
    })
}
