//! The laws that every provider is held to, whichever adapter and server stand behind it.
//!
//! A test program implements [`Harness`] for a server and calls
//! [`provider_conformance!`](crate::provider_conformance) with a function that makes one; each law becomes
//! a `#[tokio::test]` of its own. A law takes a fresh harness and says in words what was broken.

mod harness;
mod mirrors;
mod reading;
mod subject;
mod writing;

pub use harness::{Broken, GUEST, Harness, Kept, PersonEvent};
pub use reading::{
    a_calendar_that_is_gone_says_so, a_dead_cursor_is_told, a_deletion_is_told, a_first_read_is_complete,
    a_missing_item_is_told_among_found_ones, a_persons_events_are_read_as_their_facts,
    a_second_read_tells_only_changes, all_calendars_are_listed, an_empty_calendar_reads_as_complete,
    pages_together_are_the_whole,
};
pub use writing::{
    a_batch_is_answered_in_order, a_create_never_overwrites, a_mirror_is_found_by_its_identity,
    a_persons_events_stay_byte_identical, a_removed_mirror_is_gone, a_stale_removal_changes_nothing,
    a_stale_update_changes_nothing, a_written_mirror_is_told_as_marked, a_written_mirror_reads_back_equal,
    an_update_changes_a_mirror_in_place, an_update_without_a_version_is_checked_first,
    what_people_are_invited_to_stays,
};

/// Makes a test of every law: `provider_conformance!(factory)`, where `factory` is an async function
/// without arguments that gives a fresh [`Harness`](crate::conformance::Harness).
#[macro_export]
macro_rules! provider_conformance {
    ($factory:path) => {
        $crate::provider_conformance! { @each $factory:
            all_calendars_are_listed,
            an_empty_calendar_reads_as_complete,
            a_first_read_is_complete,
            a_second_read_tells_only_changes,
            a_deletion_is_told,
            pages_together_are_the_whole,
            a_dead_cursor_is_told,
            a_missing_item_is_told_among_found_ones,
            a_persons_events_are_read_as_their_facts,
            a_calendar_that_is_gone_says_so,
            a_written_mirror_reads_back_equal,
            a_written_mirror_is_told_as_marked,
            a_create_never_overwrites,
            an_update_changes_a_mirror_in_place,
            an_update_without_a_version_is_checked_first,
            what_people_are_invited_to_stays,
            a_stale_update_changes_nothing,
            a_stale_removal_changes_nothing,
            a_removed_mirror_is_gone,
            a_mirror_is_found_by_its_identity,
            a_batch_is_answered_in_order,
            a_persons_events_stay_byte_identical,
        }
    };
    (@each $factory:path: $($law:ident,)+) => {
        $(
            #[tokio::test]
            async fn $law() -> ::std::result::Result<(), $crate::conformance::Broken> {
                let harness = $factory().await;
                $crate::conformance::$law(&harness).await
            }
        )+
    };
}
