//! Bugs planted on purpose, to prove that the seeded world finds them. Without the feature
//! `planted-bugs`, which only the world turns on, [`planted`] is the constant `false`.

/// A bug that can be switched on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Bug {
    /// A marked event is taken as a source.
    SkipEchoFilter,
    /// The sync token is saved although the effects it covers are not.
    SaveTokenEarly,
    /// The first page of a listing is taken as the whole.
    TruncatedPageIsWhole,
    /// A listing that turned empty is believed at once.
    BelieveEmptyListing,
    /// Writes carry no precondition.
    IgnorePrecondition,
    /// The window ends a day early.
    WindowEndsEarly,
    /// A mirror is removed although its source lies beyond the far edge.
    RemoveBeyondFarEdge,
    /// A missing mirror is placed under a fresh identity without looking for the old one.
    PlaceWithoutLooking,
    /// The mirror key leaves the original start out, so occurrences of a series share one mirror.
    KeyWithoutOriginalStart,
    /// A dead sync token is answered by forgetting the calendar instead of merging.
    DeadTokenForgets,
    /// A change of time is not written.
    IgnoreMoves,
    /// A mirror that no record knows is judged by a source read before the mirror was seen.
    JudgeByOldRead,
    /// Removals are never held.
    NoBrake,
}

impl Bug {
    /// Every bug, in the order above.
    pub const ALL: [Self; 13] = [
        Self::SkipEchoFilter,
        Self::SaveTokenEarly,
        Self::TruncatedPageIsWhole,
        Self::BelieveEmptyListing,
        Self::IgnorePrecondition,
        Self::WindowEndsEarly,
        Self::RemoveBeyondFarEdge,
        Self::PlaceWithoutLooking,
        Self::KeyWithoutOriginalStart,
        Self::DeadTokenForgets,
        Self::IgnoreMoves,
        Self::JudgeByOldRead,
        Self::NoBrake,
    ];
}

#[cfg(feature = "planted-bugs")]
mod switch {
    use std::cell::Cell;

    use super::Bug;

    thread_local! {
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Plants `bug` on this thread, or none.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.set(bug);
    }

    /// True when `bug` is planted on this thread.
    pub fn planted(bug: Bug) -> bool {
        PLANTED.get() == Some(bug)
    }
}

#[cfg(feature = "planted-bugs")]
pub use switch::{plant, planted};

/// True when `bug` is planted; never, in this build.
#[cfg(not(feature = "planted-bugs"))]
#[inline]
pub const fn planted(_bug: Bug) -> bool {
    false
}
