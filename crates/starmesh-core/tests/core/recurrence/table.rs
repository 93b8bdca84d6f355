//! Hand-checked rows, by theme. `row.rs` says how a row is read.

use super::row::check;

#[test]
fn rules_make_the_dates_that_the_rfc_gives_them() {
    check(include_str!("rules.txt"), 52);
}

#[test]
fn wall_clocks_keep_their_time_over_gaps_and_overlaps() {
    check(include_str!("daylight.txt"), 24);
}

#[test]
fn whole_days_and_lengths_are_read_as_written() {
    check(include_str!("lengths.txt"), 24);
}

#[test]
fn listed_dates_and_ends_match_whatever_kind_they_are_written_in() {
    check(include_str!("lists.txt"), 31);
}

#[test]
fn exceptions_replace_move_and_cancel() {
    check(include_str!("exceptions.txt"), 31);
}
