//! The words of every answer.

use chrono_tz::Tz;
use insta::assert_snapshot;
use starmesh_app::dto::samples;

const ZONE: Tz = Tz::Europe__Berlin;

#[test]
fn a_plan_says_what_would_be_written_and_why_not_more() {
    assert_snapshot!("plan", super::plan(&samples::plan()));
    assert_snapshot!("plan_in_step", super::plan(&samples::plan_in_step()));
}

#[test]
fn a_report_says_what_was_written_and_what_is_left() {
    assert_snapshot!("report", super::report(&samples::report()));
    assert_snapshot!("clean_done", super::clean_done(&samples::clean()));
    assert_snapshot!("sweep_prepared", super::sweep_prepared(&samples::sweep()));
    assert_snapshot!("sweep_done", super::sweep_done(&samples::swept()));
}

#[test]
fn the_configuration_is_told_in_peoples_names() {
    assert_snapshot!("accounts", super::accounts(&[samples::account()]));
    assert_snapshot!("account_added", super::account_added(&samples::account_added()));
    assert_snapshot!("account_removed", super::account_removed(&samples::account_removed()));
    assert_snapshot!("groups", super::groups(&[samples::group()]));
    assert_snapshot!("group_change", super::group_change(&samples::group_change()));
    assert_snapshot!("links", super::links(&samples::links()));
    assert_snapshot!("why", super::why(&samples::why(), ZONE));
    assert_snapshot!("pauses", super::pauses(&samples::pauses(), ZONE));
    assert_snapshot!("policy", super::policy(&samples::policy_effects(), true));
}

#[test]
fn the_status_says_what_needs_a_person() {
    assert_snapshot!("status", super::status(&samples::status(), ZONE));
}

#[test]
fn an_import_says_what_changes_and_who_must_sign_in() {
    assert_snapshot!("import", super::import(&samples::import()));
    assert_snapshot!("import_nothing", super::import(&starmesh_app::dto::ImportDto::default()));
}

#[test]
fn an_undo_says_what_comes_back_and_what_does_not() {
    assert_snapshot!("undo", super::undo(&samples::undo(), ZONE));
    assert_snapshot!("undo_nothing", super::undo(&starmesh_app::dto::UndoDto::nothing(false), ZONE));
    assert_snapshot!("steps", super::steps(&samples::steps(), ZONE));
    let left = starmesh_app::dto::UndoDto { left_to: Some(42), ..samples::undo() };
    assert_snapshot!("undone", super::undone(&left));
}

#[test]
fn the_doctor_says_what_is_wrong_and_what_to_do() {
    assert_snapshot!("doctor", super::doctor(&samples::doctor()));
}

#[test]
fn the_log_has_a_line_for_each_event_worth_one() {
    let log = |verbose| {
        let at = "2026-12-01T09:00:00.000Z";
        let events = samples::run_events();
        let lines = events.iter().filter_map(|event| super::run_event(event, at, ZONE, verbose));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!("log", log(false));
    assert_snapshot!("log_verbose", log(true));
}
