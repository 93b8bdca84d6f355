//! What the engine tells while it works, in people's names.

use std::future::Future;
use std::pin::pin;

use starmesh_engine::EngineEvent;
use starmesh_store::state::WedgeReason;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::activity::journey_dto;
use crate::dto::RunEvent;
use crate::names::Directory;

/// Someone who wants to hear what happens while it happens.
pub type Listener<'a> = &'a (dyn Fn(&RunEvent) + Send + Sync);

/// Does `work` while the listener hears of it.
pub(crate) async fn follow<T>(
    events: &mut Receiver<EngineEvent>,
    directory: &Directory,
    listener: Listener<'_>,
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            biased;
            event = events.recv() => match event {
                Ok(event) => listener(&told(directory, event)),
                Err(RecvError::Lagged(count)) => listener(&RunEvent::Missed { count }),
                // The engine is gone, so nothing more will be told.
                Err(RecvError::Closed) => return work.await,
            },
            result = &mut work => {
                while let Ok(event) = events.try_recv() {
                    listener(&told(directory, event));
                }
                return result;
            }
        }
    }
}

/// An event in people's names.
pub(crate) fn told(directory: &Directory, event: EngineEvent) -> RunEvent {
    match event {
        EngineEvent::PullStarted { calendar } => {
            RunEvent::PullStarted { calendar: directory.reference(&calendar) }
        }
        EngineEvent::PullProgress { calendar, items } => {
            RunEvent::PullProgress { calendar: directory.reference(&calendar), items }
        }
        EngineEvent::PullWaits { calendar, wait } => {
            RunEvent::PullWaits { calendar: directory.reference(&calendar), seconds: wait.as_secs() }
        }
        EngineEvent::Pulled { calendar, changed } => {
            RunEvent::Pulled { calendar: directory.reference(&calendar), changed }
        }
        EngineEvent::PullFailed { calendar, message, needs_person } => {
            RunEvent::PullFailed { calendar: directory.reference(&calendar), message, needs_person }
        }
        EngineEvent::Planned { target, operations, held, .. } => {
            RunEvent::Planned { calendar: directory.reference(&target), operations, held }
        }
        EngineEvent::PlaceProgress { target, done, total } => {
            RunEvent::PlaceProgress { calendar: directory.reference(&target), done, total }
        }
        EngineEvent::Placed(journey) => RunEvent::Placed(Box::new(journey_dto(directory, &journey))),
        EngineEvent::Wedged { target, reason } => {
            RunEvent::Wedged { calendar: directory.reference(&target), reason: wedge_name(reason) }
        }
        EngineEvent::Quiet => RunEvent::Quiet,
    }
}

/// The stable name of a reason to stand still.
pub(crate) fn wedge_name(reason: WedgeReason) -> String {
    use starmesh_core::reconcile::StuckReason;
    match reason {
        WedgeReason::Refused => "refused",
        WedgeReason::ReadOnly => "read_only",
        WedgeReason::QuotaExceeded => "quota_exceeded",
        WedgeReason::Broken(reason) => return crate::plan::snake(&reason),
        WedgeReason::Stuck(StuckReason::HasAttendees) => "has_attendees",
        WedgeReason::Stuck(StuckReason::MarkStripped) => "mark_stripped",
    }
    .to_owned()
}

/// What a person can do about what stands still.
pub(crate) fn wedge_hint(reason: WedgeReason) -> &'static str {
    use starmesh_core::reconcile::StuckReason;
    match reason {
        WedgeReason::Refused => {
            "look at the calendar in its own program; it is tried again every hour and with each `starmesh sync`"
        }
        WedgeReason::ReadOnly => "get the right to write there, or make the pair one-way",
        WedgeReason::QuotaExceeded => {
            "make room if the mailbox is full; a limit on changes ends by itself. It is tried again every hour"
        }
        WedgeReason::Broken(_) => {
            "open the event in its own calendar and save it again, or delete it; all others are kept in step"
        }
        WedgeReason::Stuck(StuckReason::HasAttendees) => {
            "somebody was invited to the block, so it is left alone: remove the guests or delete it by hand"
        }
        WedgeReason::Stuck(StuckReason::MarkStripped) => {
            "the server took the mark from the block, so it is left alone: delete it by hand if it is not wanted"
        }
    }
}
