//! Why an occurrence is not mirrored.

use serde::{Deserialize, Serialize};

/// Why an occurrence is not mirrored. The words of each stand in the façade.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// It is a mirror itself, or carries a mark of another installation.
    Mirror,
    /// Cancelled.
    Cancelled,
    /// The owner declined.
    Declined,
    /// Shown as free.
    Free,
    /// Only says where the person works.
    WorkingLocation,
    /// A birthday.
    Birthday,
    /// Tentative, and the link leaves such events out.
    Tentative,
    /// Not answered, and the link leaves such events out.
    Unanswered,
    /// A whole day, and the link leaves such events out.
    AllDay,
    /// It ends before it starts.
    EndsBeforeStart,
    /// It takes no time.
    TakesNoTime,
    /// It lasts longer than [`LENGTH_DAYS_MAX`](super::LENGTH_DAYS_MAX).
    TooLong,
    /// The link is switched off.
    LinkOff,
    /// It lies wholly outside the link's working hours.
    OutsideHours,
    /// It is shorter than the link's least length.
    TooShort,
    /// A keyword of the link leaves it out, or none that the link asks for is in it.
    Keyword,
    /// The same of a category.
    Category,
    /// A person deleted its mirror, and the link respects that.
    DeletedByHand,
    /// The target holds the same meeting itself.
    SameMeeting,
    /// Another source brings the same meeting to this target.
    OtherSource,
    /// The target blocks exactly this time already, and its source cannot show whether that is the same.
    AlreadyBlocked,
    /// The item cannot be read.
    Unreadable,
    /// Its rule cannot be understood.
    MalformedRule,
    /// Its rule makes more occurrences than a calendar can hold.
    TooManyOccurrences,
    /// It has no occurrence in the window.
    OutsideWindow,
}

impl SkipReason {
    /// True when the event is broken and a person should hear of it.
    pub fn is_fault(self) -> bool {
        matches!(
            self,
            Self::EndsBeforeStart
                | Self::TooLong
                | Self::Unreadable
                | Self::MalformedRule
                | Self::TooManyOccurrences
        )
    }
}
