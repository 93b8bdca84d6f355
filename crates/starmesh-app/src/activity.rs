//! What happened: the journeys of events.

use chrono::{DateTime, SecondsFormat, Utc};
use starmesh_core::time::EventTime;
use starmesh_store::state::{ActionKind, Journey};

use crate::dto::{ActionDto, JourneyDto, StepsDto, TimeDto};
use crate::error::Result;
use crate::names::Directory;
use crate::open::Starmesh;
use crate::when::written;

impl Starmesh {
    /// The newest journeys, newest first.
    pub async fn activity(&self, limit: usize) -> Result<Vec<JourneyDto>> {
        let directory = Directory::load(&self.state).await?;
        let journeys = self.state.activity(limit).await?;
        Ok(journeys.iter().map(|journey| journey_dto(&directory, journey)).collect())
    }
}

/// A journey in people's names.
pub(crate) fn journey_dto(directory: &Directory, journey: &Journey) -> JourneyDto {
    let steps = journey.steps;
    JourneyDto {
        at: instant(steps.placed),
        link: directory.link(&journey.link),
        action: match journey.action {
            ActionKind::Place => ActionDto::Placed,
            ActionKind::Update => ActionDto::Updated,
            ActionKind::Remove => ActionDto::Removed,
        },
        time: journey.time.as_ref().map(time_dto),
        steps: StepsDto {
            signalled: instant(steps.signalled),
            taken: instant(steps.taken),
            pulled: instant(steps.pulled),
            planned: instant(steps.planned),
            placed: instant(steps.placed),
        },
    }
}

pub(crate) fn time_dto(time: &EventTime) -> TimeDto {
    match time {
        EventTime::Timed { start, end } => {
            TimeDto { start: written(*start), end: written(*end), all_day: false }
        }
        EventTime::AllDay { start, end } => {
            TimeDto { start: start.to_string(), end: end.to_string(), all_day: true }
        }
    }
}

/// RFC 3339 in UTC, to the millisecond.
pub(crate) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
