//! Where the demo is shown.

use chrono::{DateTime, Utc};
use starmesh_app::{AppError, Clock, ErrorCode, World};

use super::line::Line;
use super::prose::Prose;
use crate::output::Output;

/// Shows each line, as a program reads it or as a person does.
pub(super) struct Stage<'a> {
    out: &'a Output,
    clock: &'a dyn Clock,
    began: DateTime<Utc>,
}

impl<'a> Stage<'a> {
    pub(super) fn new(out: &'a Output, world: &'a World) -> Self {
        Self { out, clock: &*world.clock, began: world.clock.now() }
    }

    pub(super) fn show(&self, line: &Line) -> Result<(), AppError> {
        if !self.out.json {
            return self.out.line(&Prose { colour: self.out.colour, zone: self.out.zone }.of(line));
        }
        let json = serde_json::to_string(line)
            .map_err(|error| AppError::new(ErrorCode::Internal, format!("cannot answer in JSON: {error}")))?;
        self.out.line(&json)
    }

    /// Says something beside the story.
    pub(super) fn note(&self, text: &str) {
        self.out.note(text);
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// How long it has been going on, in milliseconds.
    pub(super) fn age_ms(&self) -> i64 {
        (self.now() - self.began).num_milliseconds()
    }

    /// How long ago `time` was, in milliseconds.
    pub(super) fn since_ms(&self, time: DateTime<Utc>) -> i64 {
        (self.now() - time).num_milliseconds()
    }
}
