//! What crosses a link: time and availability. What is configured goes along: a constant label and a colour. Nothing
//! else has a field.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::color::Color;
use super::key::{IdentityKey, lower_base32};
use crate::event::{Availability, LabelDigest, MarkedEvent};
use crate::time::EventTime;

/// The constant label of the mirrors in a target. A copy shares its text: a plan holds it very often.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
#[serde(try_from = "String", into = "String")]
pub struct Label(Arc<str>);

impl Label {
    /// The longest label, in characters.
    pub const LEN_MAX: usize = 64;

    /// A label typed by the user: one line, not empty, at most [`Self::LEN_MAX`] characters.
    pub fn new(text: &str) -> Result<Self, LabelProblem> {
        let text = text.trim();
        if text.is_empty() {
            return Err(LabelProblem::Empty);
        }
        if text.chars().count() > Self::LEN_MAX {
            return Err(LabelProblem::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(LabelProblem::ControlCharacter);
        }
        Ok(Self(text.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Label {
    fn default() -> Self {
        Self("Busy".into())
    }
}

impl TryFrom<String> for Label {
    type Error = LabelProblem;

    fn try_from(text: String) -> Result<Self, LabelProblem> {
        Self::new(&text)
    }
}

impl From<Label> for String {
    fn from(label: Label) -> Self {
        label.0.as_ref().to_owned()
    }
}

/// Why a text cannot be a label.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LabelProblem {
    /// Nothing but white space.
    #[error("a label cannot be empty")]
    Empty,
    /// Too long.
    #[error("a label has at most {} characters", Label::LEN_MAX)]
    TooLong,
    /// A line break or its like.
    #[error("a label is one line without control characters")]
    ControlCharacter,
}

/// The availability a mirror shows. A mirror always blocks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum MirrorAvailability {
    /// Perhaps busy.
    Tentative,
    /// Busy.
    Busy,
    /// Away.
    OutOfOffice,
}

impl From<MirrorAvailability> for Availability {
    fn from(availability: MirrorAvailability) -> Self {
        match availability {
            MirrorAvailability::Tentative => Self::Tentative,
            MirrorAvailability::Busy => Self::Busy,
            MirrorAvailability::OutOfOffice => Self::OutOfOffice,
        }
    }
}

/// Everything a mirror says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct MirrorBody {
    /// The occurrence's whole time, never clipped.
    pub time: EventTime,
    /// What it shows.
    pub availability: MirrorAvailability,
    /// The constant label.
    pub label: Label,
    /// The colour, where the link has one.
    pub color: Option<Color>,
}

/// Keyed hash of everything a mirror says: equal fingerprints mean nothing to do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
pub struct Fingerprint(pub [u8; 16]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&lower_base32(&self.0))
    }
}

impl MirrorBody {
    /// The fingerprint of this body.
    pub fn fingerprint(&self, keys: &IdentityKey) -> Fingerprint {
        fingerprint(keys, &self.time, self.availability, LabelDigest::of(self.label.as_str()), self.color)
    }
}

impl Fingerprint {
    /// The fingerprint of a mirror as found, whose colour is taken for `color`; `None` when it says more than a
    /// mirror does, so that it equals nothing.
    pub fn observed(keys: &IdentityKey, found: &MarkedEvent, color: Option<Color>) -> Option<Self> {
        let availability = match found.availability {
            Availability::Free => return None,
            Availability::Tentative => MirrorAvailability::Tentative,
            Availability::Busy => MirrorAvailability::Busy,
            Availability::OutOfOffice => MirrorAvailability::OutOfOffice,
        };
        let time = found.time.as_ref().filter(|_| found.plain)?;
        Some(fingerprint(keys, time, availability, found.label, color))
    }
}

fn fingerprint(
    keys: &IdentityKey,
    time: &EventTime,
    availability: MirrorAvailability,
    label: LabelDigest,
    color: Option<Color>,
) -> Fingerprint {
    let kind = [u8::from(time.is_all_day()), availability as u8];
    let start = time.start().timestamp().to_be_bytes();
    let end = time.end().timestamp().to_be_bytes();
    let said: [&[u8]; 4] = [&kind, &start, &end, &label.0];
    // Without a colour it is what it was before there were any: nothing is rewritten for their sake.
    Fingerprint(match color {
        None => keys.derive("fingerprint", &said),
        Some(color) => {
            let [kind, start, end, label] = said;
            keys.derive("fingerprint", &[kind, start, end, label, color.name().as_bytes()])
        }
    })
}
