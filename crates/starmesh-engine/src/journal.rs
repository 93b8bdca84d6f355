//! What is kept of each write: the mirror as it stands, the journal entry with its inverse, the journey,
//! and, where it failed, why.

use chrono::{DateTime, Utc};
use starmesh_core::event::SourceItem;
use starmesh_core::mirror::{Fingerprint, Incarnation, MirrorRecord, MirrorSpec};
use starmesh_core::reconcile::{Action, Operation, StuckReason, TargetPlan, fault};
use starmesh_core::time::Window;
use starmesh_core::zone::Zone;
use starmesh_provider::{ErrorKind, ProviderError, Written};
use starmesh_store::StoreError;
use starmesh_store::state::{
    ActionKind, Calendar, Changes, JournalEntry, Journey, Steps, Wedge, WedgeReason,
};

use crate::engine::Engine;
use crate::place::{Placing, Times};
use crate::progress::EngineEvent;
use crate::pull::Touched;
use crate::schedule::{UNREADABLE_REST, WEDGE_REST};

impl Engine {
    /// Keeps a write that the provider confirmed, all of it in one commit. False when a read of the target may
    /// have seen what became of the mirror afterwards: its item is left as that read saw it, and the mirror is
    /// to be planned again.
    pub(crate) async fn keep_written(
        &self,
        target: &Calendar,
        operation: &Operation,
        (written, incarnation): (Written, Incarnation),
        times: Times,
        is_last: bool,
    ) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let keys = self.state.keys();
        let overtaken = self.is_overtaken(target, &written, times.sent).await?;
        let before = self.state.mirrors_by_key(&target.id, [&operation.key]).await?.pop();
        let mut changes = Changes::new();
        changes.delete_intent(&target.id, &operation.key);
        let after = operation.record(keys, incarnation, written.remote_id.clone(), written.version.clone());
        if let Some(record) = &after {
            changes.put_mirror(record);
            if let (false, Some(source), Some(body)) =
                (overtaken, self.state.calendar(&operation.link.source).await?, operation.body())
            {
                let names = (&target.remote.name, &source.remote.name);
                let spec = MirrorSpec::new(keys, names.0, names.1, operation.key, incarnation, body.clone());
                let item = spec.as_observed(written.remote_id, written.version);
                changes.put_item(keys, &target.id, &item, now);
            }
        } else {
            changes.delete_item(&target.id, &written.remote_id);
            if before.as_ref().is_none_or(|before| before.remote_id == written.remote_id) {
                changes.delete_mirror(&target.id, &operation.key);
            }
        }
        let after_removal = after.is_none();
        let journey = self.keep_story(operation, before, after, times, now, &mut changes);
        // A canary stands for no event that anybody would look for.
        let is_canary = operation.key == keys.canary_key(&target.remote.name);
        if !is_canary {
            changes.put_journey(&journey);
        }
        self.keep_outcome(changes, is_last).await?;
        if !is_canary {
            self.tell(EngineEvent::Placed(journey));
        }
        Ok(!overtaken || after_removal)
    }

    /// Commits an outcome: its intent is looked up should a loss of power take it back. The last of those under
    /// way makes all of them last.
    async fn keep_outcome(&self, changes: Changes, is_last: bool) -> Result<(), StoreError> {
        if is_last { self.state.commit(changes).await } else { self.state.commit_observed(changes).await }
    }

    /// True when a read that was kept since `sent` knows better than the answer to the write.
    async fn is_overtaken(
        &self,
        target: &Calendar,
        written: &Written,
        sent: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        if !self.absences.read_since(&target.id, sent) {
            return Ok(false);
        }
        let known = self.state.items_by_id(&target.id, [&written.remote_id]).await?.pop();
        Ok(match known {
            Some(known) => known.read_at > sent && known.item.version != written.version,
            None => self.absences.since(&target.id, &written.remote_id, sent),
        })
    }

    fn keep_story(
        &self,
        operation: &Operation,
        before: Option<MirrorRecord>,
        after: Option<MirrorRecord>,
        times: Times,
        now: DateTime<Utc>,
        changes: &mut Changes,
    ) -> Journey {
        let action = ActionKind::of(operation);
        let time = after.as_ref().or(before.as_ref()).map(|record| record.time);
        let counted = matches!(operation.action, Action::Remove { counted: true, .. });
        let entry = JournalEntry { at: now, link: operation.link.clone(), action, before, after, counted };
        changes.put_journal(&operation.key, &entry);
        let journey = Journey {
            link: operation.link.clone(),
            key: operation.key,
            action,
            time,
            steps: Steps {
                signalled: times.origin.signalled,
                taken: times.origin.taken,
                pulled: times.origin.pulled,
                planned: times.planned,
                placed: now,
            },
        };
        let subject = Wedge::subject_of(self.state.keys(), operation);
        changes.delete_wedge(&operation.link.target, &subject);
        // A write that got through shows that nothing stops the whole calendar any more.
        changes.delete_wedge(&operation.link.target, Wedge::WHOLE_CALENDAR);
        journey
    }

    /// Keeps that a mirror which was to be removed is gone already.
    pub(crate) async fn keep_gone(
        &self,
        target: &Calendar,
        operation: &Operation,
        is_last: bool,
    ) -> Result<(), StoreError> {
        let mut changes = Changes::new();
        changes.delete_intent(&target.id, &operation.key);
        if let Action::Remove { placed, .. } = &operation.action {
            changes.delete_item(&target.id, placed.remote_id());
            // The record of a duplicate's twin stays: that one still stands.
            for record in self.state.mirrors_by_key(&target.id, [&operation.key]).await? {
                if record.remote_id == *placed.remote_id() {
                    changes.delete_mirror(&target.id, &record.key);
                }
            }
        }
        self.keep_outcome(changes, is_last).await
    }

    /// Keeps that a person deleted a mirror, which stays away.
    pub(crate) async fn keep_dismissed(
        &self,
        target: &Calendar,
        operation: &Operation,
    ) -> Result<(), StoreError> {
        let mut changes = Changes::new();
        changes.delete_intent(&target.id, &operation.key);
        for record in self.state.mirrors_by_key(&target.id, [&operation.key]).await? {
            changes.delete_item(&target.id, &record.remote_id);
            changes.put_mirror(&MirrorRecord { dismissed: true, ..record });
        }
        self.state.commit(changes).await
    }

    /// Keeps a mirror that was found standing where one was to be placed.
    pub(crate) async fn keep_found(
        &self,
        target: &Calendar,
        operation: &Operation,
        (item, incarnation): (&SourceItem, Incarnation),
        is_last: bool,
    ) -> Result<(), StoreError> {
        let keys = self.state.keys();
        let mut changes = Changes::new();
        changes.delete_intent(&target.id, &operation.key);
        changes.put_item(keys, &target.id, item, self.clock.now());
        let (id, version) = (item.remote_id.clone(), item.version.clone());
        if let Some(mut record) = operation.record(keys, incarnation, id, version) {
            let marked = item.events.iter().find_map(|event| event.marked.as_ref());
            // What it says is compared by the next plan; until then the record must not claim it is right.
            record.fingerprint = marked
                .and_then(|found| Fingerprint::observed(keys, found, None))
                .unwrap_or(Fingerprint([0; 16]));
            record.color = None;
            changes.put_mirror(&record);
        }
        self.keep_outcome(changes, is_last).await
    }

    /// Keeps why an operation failed: for now, for this target, or for good.
    pub(crate) async fn keep_failed(
        &self,
        target: &Calendar,
        operation: &Operation,
        error: ProviderError,
        placing: &mut Placing,
    ) -> Result<(), StoreError> {
        let (reason, subject) = match error.kind {
            ErrorKind::ReadOnly => (WedgeReason::ReadOnly, Wedge::WHOLE_CALENDAR.to_owned()),
            ErrorKind::QuotaExceeded => (WedgeReason::QuotaExceeded, Wedge::WHOLE_CALENDAR.to_owned()),
            ErrorKind::Refused | ErrorKind::InvalidData | ErrorKind::IdentityTaken => {
                (WedgeReason::Refused, Wedge::subject_of(self.state.keys(), operation))
            }
            // Whether the write was done is unknown: its intent stays and is looked up before the next.
            _ => {
                placing.report.deferred += 1;
                if placing.stopped.is_none() {
                    placing.stop(target, error);
                }
                return Ok(());
            }
        };
        placing.report.wedged += 1;
        let now = self.clock.now();
        let whole = subject == Wedge::WHOLE_CALENDAR;
        let known = self.state.wedges_in(&target.id).await?;
        let since = known.iter().find(|wedge| wedge.subject == subject).map_or(now, |wedge| wedge.since);
        // A page of somebody on the way cannot be read either, and soon makes way for the provider's answer.
        let unreadable = error.kind == ErrorKind::InvalidData;
        let rest = if unreadable {
            (now - since).to_std().unwrap_or_default().clamp(UNREADABLE_REST, WEDGE_REST)
        } else {
            WEDGE_REST
        };
        let wedge = Wedge {
            calendar: target.id.clone(),
            subject,
            link: (!whole).then(|| operation.link.clone()),
            reason,
            message: Some(error.message.clone()),
            since,
            retry_at: now + rest,
            event_at: None,
        };
        let mut changes = Changes::new();
        changes.put_wedge(&wedge);
        // Who answers what cannot be read may have done the write all the same.
        if !unreadable {
            changes.delete_intent(&target.id, &operation.key);
        }
        self.state.commit(changes).await?;
        self.tell(EngineEvent::Wedged { target: target.id.clone(), reason });
        if whole && placing.stopped.is_none() {
            placing.stop(target, error);
        }
        Ok(())
    }

    /// Keeps the mirrors that ought to change and cannot, each reported once, and drops those that can
    /// again.
    pub(crate) async fn keep_stuck(
        &self,
        target: &Calendar,
        plan: &TargetPlan,
        changes: &mut Changes,
    ) -> Result<(), StoreError> {
        let known = self.state.wedges_in(&target.id).await?;
        let now = self.clock.now();
        for stuck in &plan.stuck {
            let subject = stuck.key.to_string();
            let reason = WedgeReason::Stuck(stuck.reason);
            if known.iter().any(|wedge| wedge.subject == subject && wedge.reason == reason) {
                continue;
            }
            changes.put_wedge(&Wedge {
                calendar: target.id.clone(),
                subject,
                link: Some(stuck.link.clone()),
                reason,
                message: None,
                since: now,
                retry_at: now,
                event_at: None,
            });
            self.tell(EngineEvent::Wedged { target: target.id.clone(), reason });
        }
        let settled = plan.operations.iter().map(|operation| operation.key.to_string());
        let settled = settled.chain(plan.adopt.iter().map(|record| record.key.to_string()));
        for subject in settled.chain(plan.forget.iter().map(ToString::to_string)) {
            if known.iter().any(|wedge| wedge.subject == subject && is_stuck(wedge.reason)) {
                changes.delete_wedge(&target.id, &subject);
            }
        }
        Ok(())
    }
}

impl Engine {
    /// Keeps which of the items that changed are broken, each reported once, and drops those that are
    /// whole again or gone; `known` is what stands still in the calendar so far.
    pub(crate) fn keep_broken(
        &self,
        calendar: &Calendar,
        known: &[Wedge],
        touched: &[Touched<'_>],
        window: &Window,
        changes: &mut Changes,
    ) {
        let zone = Zone::Named(calendar.zone);
        let now = self.clock.now();
        for (before, after) in touched {
            let Some(item) = after.as_ref().or(*before) else { continue };
            let subject = item.remote_id.to_string();
            let found = after.as_ref().and_then(|item| fault(item, window, &zone));
            let wedge = known.iter().find(|wedge| wedge.subject == subject);
            let Some((skip, event_at)) = found else {
                if wedge.is_some() {
                    changes.delete_wedge(&calendar.id, &subject);
                }
                continue;
            };
            let reason = WedgeReason::Broken(skip);
            if wedge.is_some_and(|wedge| wedge.reason == reason && wedge.event_at == event_at) {
                continue;
            }
            changes.put_wedge(&Wedge {
                calendar: calendar.id.clone(),
                subject,
                link: None,
                reason,
                message: None,
                since: now,
                retry_at: now,
                event_at,
            });
            self.tell(EngineEvent::Wedged { target: calendar.id.clone(), reason });
        }
    }
}

fn is_stuck(reason: WedgeReason) -> bool {
    matches!(reason, WedgeReason::Stuck(StuckReason::HasAttendees | StuckReason::MarkStripped))
}
