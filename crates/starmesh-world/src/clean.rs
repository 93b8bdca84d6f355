//! Everything is taken back: no mirror is left at any provider.

use std::time::Duration;

use starmesh_engine::PlanOptions;
use tokio::time::sleep;

use crate::span::Span;
use crate::state::{Broken, World};

/// How many passes take everything back at most. A mirror that its service touched meanwhile is read again before
/// it goes.
const PASSES_MAX: u32 = 6;
/// The time between two of them, so that a calendar that seems empty gets its second look.
const BETWEEN_PASSES: Duration = Duration::from_secs(61);

impl World {
    /// A person gives up all groups on every device; afterwards nothing of ours stands anywhere, except what
    /// others were invited to and what no device can name any more.
    pub(crate) async fn take_back(&mut self) -> Result<(), Broken> {
        self.tell("everything is taken back".to_owned());
        self.wishes.iter_mut().for_each(|wishes| {
            wishes.groups.clear();
            wishes.paused.clear();
        });
        for device in 0..self.devices.len() {
            self.configure(device).await?;
        }
        let options = PlanOptions { retry_wedged: true, ..PlanOptions::default() };
        for _ in 0..PASSES_MAX {
            let mut planned = 0;
            for device in 0..self.devices.len() {
                let plan = self.devices[device].pass(&options, None).await?;
                planned += plan.map_or(0, |plan| plan.operations());
            }
            self.check_violations()?;
            if planned == 0 {
                break;
            }
            sleep(BETWEEN_PASSES).await;
        }
        self.watcher.oracle().note("everything was taken back");
        let left = self.left_behind();
        if let Some(first) = left.first() {
            return Err(format!("{} mirrors are left when all is taken back: {first}", left.len()));
        }
        let wrong = self.check_persons();
        if let Some(wrong) = wrong.into_iter().next() {
            return Err(format!("when all is taken back: {wrong}"));
        }
        self.sweep_all().await
    }

    fn left_behind(&self) -> Vec<String> {
        let mut left = Vec::new();
        let oracle = self.watcher.oracle();
        for place in 0..self.swarm.places.len() {
            for (_, mirror) in self.mirrors(place) {
                if oracle.is_canary(place, mirror.key) {
                    continue;
                }
                let cause = mirror.key.and_then(|key| oracle.causes.get(&key));
                let forgotten =
                    cause.is_some_and(|cause| self.excuses.forgotten.contains(&(cause.source, place)));
                // Without a record, nobody reads what lies outside the window.
                let unseen = self.excuses.unrecorded && !oracle.reach().meets(&Span::of(&mirror.time));
                if !mirror.has_attendees && !forgotten && !unseen {
                    let cause = cause.map(|cause| (cause.source, &cause.event, &cause.original));
                    left.push(format!("calendar {place}: {cause:?} at {:?}", mirror.time));
                }
            }
        }
        left
    }
}
