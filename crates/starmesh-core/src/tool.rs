//! Other programs that mirror calendars, known by the traces they leave. Only which program it is, is kept; what it
//! wrote is content.

use serde::{Deserialize, Serialize};

use crate::event::SourceEvent;

/// A program that places events of its own in calendars.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Tool {
    /// Keeper.sh: its events have a UID that ends in its name.
    Keeper,
    /// Outlook Google Calendar Sync: at Google it keeps Outlook's id with an event.
    OutlookGoogleCalendarSync,
    /// Reclaim.ai: at Google it notes from which event it copied.
    Reclaim,
}

/// How the UIDs of Keeper.sh end.
const KEEPER_UID: &str = "@keeper.sh";

impl Tool {
    /// The program whose trace an event bears; `None` for a person's own, and for a program that leaves no trace we
    /// know.
    pub fn of(event: &SourceEvent) -> Option<Self> {
        event.tool.or_else(|| Self::of_uid(event))
    }

    fn of_uid(event: &SourceEvent) -> Option<Self> {
        // At the very end: a longer address only resembles it.
        let uid = event.uid.as_str();
        let end = uid.len().checked_sub(KEEPER_UID.len())?;
        uid.get(end..)?.eq_ignore_ascii_case(KEEPER_UID).then_some(Self::Keeper)
    }

    /// Its name as people know it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keeper => "Keeper.sh",
            Self::OutlookGoogleCalendarSync => "Outlook Google Calendar Sync",
            Self::Reclaim => "Reclaim.ai",
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::event::{CalendarTime, Facts, Instance, Length, Recurrence};
    use crate::ids::{EventId, ICalUid};

    fn event(uid: &str) -> SourceEvent {
        SourceEvent {
            id: EventId::new(uid),
            uid: ICalUid::new(uid),
            recurrence: Recurrence::Single(Instance {
                start: CalendarTime::utc(DateTime::UNIX_EPOCH),
                length: Length::Unstated,
                facts: Facts::BUSY,
            }),
            marked: None,
            tool: None,
        }
    }

    #[test]
    fn a_tool_is_known_by_the_end_of_its_uids() {
        assert_eq!(Tool::of(&event("5f0c-1@keeper.sh")), Some(Tool::Keeper));
        assert_eq!(Tool::of(&event("5F0C-1@Keeper.SH")), Some(Tool::Keeper));
        for uid in ["5f0c-1@keeper.sh.example.org", "keeper.sh", "", "ä@x"] {
            assert_eq!(Tool::of(&event(uid)), None, "{uid}");
        }
        let traced = SourceEvent { tool: Some(Tool::Reclaim), ..event("own") };
        assert_eq!(Tool::of(&traced), Some(Tool::Reclaim));
    }
}
