//! Names of things. One type each, so that an event id can never be passed where a calendar is meant.
//!
//! A copy of a name shares its text: a plan names the same link and the same event very often.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps the text as it is.
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

text_id! {
    /// Our own, random name of an account.
    AccountId
}
text_id! {
    /// Our own, random name of a calendar. Only local: identities of mirrors use the [`LastingName`].
    CalendarId
}
text_id! {
    /// Our own, random name of a group.
    GroupId
}
text_id! {
    /// The name of a calendar that outlives our database and is the same on every device: for CalDAV the
    /// collection URL as first stored.
    LastingName
}
text_id! {
    /// The provider's own id of a stored item; for CalDAV its href. Opaque.
    RemoteId
}
text_id! {
    /// The version of a stored item, used as precondition; for CalDAV its etag with quotes.
    Version
}
text_id! {
    /// The identity of an event or a series inside its calendar; for CalDAV the UID.
    EventId
}
text_id! {
    /// The iCalendar UID, the identity that two servers share when they hold the same meeting.
    ICalUid
}

/// A link is named by its two ends.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
pub struct LinkId {
    /// Where events are read.
    pub source: CalendarId,
    /// Where busy blocks are placed.
    pub target: CalendarId,
}

impl LinkId {
    /// The link from `source` to `target`.
    pub fn new(source: CalendarId, target: CalendarId) -> Self {
        Self { source, target }
    }

    /// Stands for the link of a mirror whose link is not known here. No calendar is ever linked with itself.
    pub fn none_into(target: CalendarId) -> Self {
        Self { source: target.clone(), target }
    }

    /// True when this stands for a link that is not known here.
    pub fn is_none(&self) -> bool {
        self.source == self.target
    }
}
