//! The form of every answer, so that a change of it is a visible decision (`docs/json.md`).

use insta::assert_json_snapshot;

use super::{KeyImported, SettingDto, SettingsDto, samples};

#[test]
fn accounts_and_calendars_keep_their_form() {
    assert_json_snapshot!("account", samples::account());
    assert_json_snapshot!("account_added", samples::account_added());
    assert_json_snapshot!("account_removed", samples::account_removed());
}

#[test]
fn groups_and_links_keep_their_form() {
    assert_json_snapshot!("group_change", samples::group_change());
    assert_json_snapshot!("links", samples::links());
    assert_json_snapshot!("why", samples::why());
    assert_json_snapshot!("pauses", samples::pauses());
    assert_json_snapshot!("policy_effects", samples::policy_effects());
}

#[test]
fn plans_and_reports_keep_their_form() {
    assert_json_snapshot!("report", samples::report());
    assert_json_snapshot!("clean", samples::clean());
    assert_json_snapshot!("sweep", samples::sweep());
}

#[test]
fn status_activity_and_events_keep_their_form() {
    assert_json_snapshot!("status", samples::status());
    assert_json_snapshot!("run_events", samples::run_events());
    assert_json_snapshot!("doctor", samples::doctor());
}

#[test]
fn settings_keys_and_errors_keep_their_form() {
    let setting = SettingDto {
        key: "zone".to_owned(),
        value: None,
        default: None,
        meaning: "what it means".to_owned(),
    };
    assert_json_snapshot!("settings", SettingsDto { settings: vec![setting] });
    assert_json_snapshot!("import", samples::import());
    assert_json_snapshot!("undo", samples::undo());
    assert_json_snapshot!("steps", samples::steps());
    assert_json_snapshot!("key_imported", KeyImported { changed: true, calendars_to_read: 2 });
    assert_json_snapshot!("error", samples::error());
}
