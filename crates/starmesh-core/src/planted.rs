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
    /// What links leave out is mirrored all the same.
    IgnoreRules,
    /// Removals are never held.
    NoBrake,
    /// A target is written although it was not read since the computer slept.
    PlaceUninformed,
    /// Google: writes carry no precondition.
    GoogleForgetsIfMatch,
    /// Google: of a listing only the first page is read.
    GoogleFollowsNoPage,
    /// Google: a listing is never made anew, however far the window has moved.
    GoogleNeverListsAnew,
    /// Google: a date that goes takes its series along.
    GoogleTakesDateForSeries,
    /// Google: marks are not read.
    GoogleReadsNoMarks,
    /// Google: whole days are written as midnights of one zone.
    GoogleZonesWholeDays,
    /// Google: mirrors are as visible as any event.
    GoogleShowsMirrors,
    /// Google: a dead sync token is taken for no change.
    GoogleSwallowsGone,
    /// Microsoft: writes carry no precondition.
    GraphForgetsIfMatch,
    /// Microsoft: what is said to be removed is believed unseen.
    GraphBelievesRemovals,
    /// Microsoft: a series of which a stub was told is not read.
    GraphIgnoresStubs,
    /// Microsoft: a range is never read anew, however far the window has moved.
    GraphNeverReadsAnew,
    /// Microsoft: mirrors are as visible as any event.
    GraphShowsMirrors,
    /// Microsoft: marks are not read.
    GraphReadsNoMarks,
    /// CalDAV: changes and removals carry no precondition.
    CaldavForgetsIfMatch,
    /// CalDAV: a listing that was cut short is taken as whole.
    CaldavCutIsWhole,
    /// CalDAV: mirrors are as visible as any event.
    CaldavShowsMirrors,
    /// CalDAV: dates that were taken out of a series are not.
    CaldavForgetsExdates,
}

impl Bug {
    /// Every bug, in the order above.
    pub const ALL: [Self; 33] = [
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
        Self::IgnoreRules,
        Self::NoBrake,
        Self::PlaceUninformed,
        Self::GoogleForgetsIfMatch,
        Self::GoogleFollowsNoPage,
        Self::GoogleNeverListsAnew,
        Self::GoogleTakesDateForSeries,
        Self::GoogleReadsNoMarks,
        Self::GoogleZonesWholeDays,
        Self::GoogleShowsMirrors,
        Self::GoogleSwallowsGone,
        Self::GraphForgetsIfMatch,
        Self::GraphBelievesRemovals,
        Self::GraphIgnoresStubs,
        Self::GraphNeverReadsAnew,
        Self::GraphShowsMirrors,
        Self::GraphReadsNoMarks,
        Self::CaldavForgetsIfMatch,
        Self::CaldavCutIsWhole,
        Self::CaldavShowsMirrors,
        Self::CaldavForgetsExdates,
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
