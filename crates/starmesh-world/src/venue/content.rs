//! The text that persons write.

use crate::words;

/// What a person's events say besides when they are. Two worlds that differ in it alone must be alike in
/// everything that leaves a calendar.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Content(pub u64);

impl Content {
    /// The subject of an event.
    pub(crate) fn subject(self, uid: &str) -> String {
        let word = if words::holds(uid).keyword { words::KEYWORD } else { "" };
        format!("subject {} {word} of {uid}{}", self.0, "!".repeat(self.length()))
    }

    /// The text of an event.
    pub(crate) fn text(self, uid: &str) -> String {
        format!("text {} of {uid}{}", self.0, "?".repeat(self.length()))
    }

    /// The place of an event.
    pub(crate) fn place(self, uid: &str) -> String {
        format!("room {} of {uid}", self.0)
    }

    /// Somebody who is invited or invites.
    pub(crate) fn address(self) -> String {
        format!("guest-{}@elsewhere.example", self.0)
    }

    /// A link.
    pub(crate) fn link(self) -> String {
        format!("https://meet.example/{}", self.0)
    }

    /// Texts of different contents are of different length, too.
    fn length(self) -> usize {
        usize::try_from(self.0 % 7).unwrap_or(0)
    }
}
