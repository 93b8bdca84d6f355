//! What links mirror.

use serde::Serialize;
use starmesh_core::mirror::Color;
use starmesh_core::policy::{AllDay, Choice, Deleted, Policy, Undecided};

use super::LinkRef;

/// The policy of a link.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct PolicyDto {
    /// False when nothing is mirrored.
    pub on: bool,
    /// What busy blocks are called; `None` when as the setting says.
    pub label: Option<String>,
    /// The colour of busy blocks; `None` for whatever their calendar gives them.
    pub color: Option<Color>,
    /// What becomes of tentative events.
    pub tentative: Undecided,
    /// What becomes of invitations without an answer.
    pub unanswered: Undecided,
    /// What becomes of whole days.
    pub all_day: AllDay,
    /// The working hours outside which nothing is mirrored.
    pub hours: Option<String>,
    /// What is shorter is not mirrored.
    pub min_minutes: u32,
    /// Which subjects count.
    pub keywords: ChoiceDto,
    /// Which categories count.
    pub categories: ChoiceDto,
    /// What becomes of busy blocks that a person deletes.
    pub deleted: Deleted,
}

/// Which words count.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct ChoiceDto {
    /// One of these has to be there, where there are some.
    pub only: Vec<String>,
    /// None of these may be there.
    pub never: Vec<String>,
}

impl From<&Policy> for PolicyDto {
    fn from(policy: &Policy) -> Self {
        Self {
            on: !policy.off,
            label: policy.label.as_ref().map(|label| label.as_str().to_owned()),
            color: policy.color,
            tentative: policy.tentative,
            unanswered: policy.unanswered,
            all_day: policy.all_day,
            hours: policy.hours.as_ref().map(ToString::to_string),
            min_minutes: policy.min_minutes,
            keywords: ChoiceDto::from(&policy.keywords),
            categories: ChoiceDto::from(&policy.categories),
            deleted: policy.deleted,
        }
    }
}

impl From<&Choice> for ChoiceDto {
    fn from(choice: &Choice) -> Self {
        Self {
            only: choice.only.iter().map(ToString::to_string).collect(),
            never: choice.never.iter().map(ToString::to_string).collect(),
        }
    }
}

/// What another policy does to the busy blocks of a link.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct PolicyEffect {
    /// Which link.
    #[serde(flatten)]
    pub link: LinkRef,
    /// Its policy from now on.
    pub policy: PolicyDto,
    /// How many busy blocks are placed.
    pub place: u64,
    /// How many change.
    pub change: u64,
    /// How many go.
    pub remove: u64,
}
