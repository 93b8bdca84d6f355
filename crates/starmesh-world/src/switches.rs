//! Every switch of the simulated services: met in the seeded world, or by a test that is named here.

use std::collections::BTreeSet;

use starmesh_sim::caldav::CaldavSim;
use starmesh_sim::google::GoogleSim;
use starmesh_sim::microsoft::MicrosoftSim;

/// Every switch that can be met.
pub(crate) fn countable() -> Vec<String> {
    let named = |service: &str, names: &[&str]| {
        names.iter().map(|name| format!("{service}.{name}")).collect::<Vec<_>>()
    };
    let mut names = named("google", &GoogleSim::countable());
    names.extend(named("microsoft", &MicrosoftSim::countable()));
    names.extend(named("caldav", CaldavSim::countable()));
    names
}

/// Those that the world has to meet.
pub(crate) fn expected() -> Vec<String> {
    let elsewhere: BTreeSet<&str> = ELSEWHERE.iter().flat_map(|it| it.switches).copied().collect();
    countable().into_iter().filter(|name| !elsewhere.contains(name.as_str())).collect()
}

/// The test that meets a switch which the world cannot meet, with its file.
pub(crate) fn met_by(switch: &str) -> Option<String> {
    let it = ELSEWHERE.iter().find(|it| it.switches.contains(&switch))?;
    Some(format!("{} of {}", it.test, it.file))
}

/// Switches that the world cannot meet, and the test that does.
struct Elsewhere {
    /// The file with the test, from the root of the workspace.
    file: &'static str,
    /// The test.
    test: &'static str,
    /// The switches.
    switches: &'static [&'static str],
}

const fn met_in(file: &'static str, test: &'static str, switches: &'static [&'static str]) -> Elsewhere {
    Elsewhere { file, test, switches }
}

const AUTH: &str = "crates/starmesh-sim/src/web/auth/tests.rs";
const GOOGLE_BATCH: &str = "crates/starmesh-sim/src/google/tests/batch.rs";
const GOOGLE_EVENTS: &str = "crates/starmesh-sim/src/google/tests/events.rs";
const GOOGLE_LISTS: &str = "crates/starmesh-sim/src/google/tests/lists.rs";
const GRAPH_DELTA: &str = "crates/starmesh-sim/src/microsoft/tests/delta.rs";
const GRAPH_SHARING: &str = "crates/starmesh-sim/src/microsoft/tests/sharing.rs";
const GRAPH_SIGN_IN: &str = "crates/starmesh-sim/src/microsoft/tests/sign_in.rs";
const DAV_DISCOVERY: &str = "crates/starmesh-sim/src/caldav/tests/discovery.rs";
const DAV_QUERIES: &str = "crates/starmesh-sim/src/caldav/tests/queries.rs";
const DAV_REPORTS: &str = "crates/starmesh-sim/src/caldav/tests/change_reports.rs";
const DAV_VERSIONS: &str = "crates/starmesh-sim/src/caldav/tests/versions.rs";
const DAV_WRITES: &str = "crates/starmesh-sim/src/caldav/tests/writes.rs";

/// All of them.
const ELSEWHERE: &[Elsewhere] = &[
    // Only a person at a browser, or with a device code, meets these.
    met_in(AUTH, "a_code_expires", &["google.auth.code_life", "microsoft.auth.code_life"]),
    met_in(
        AUTH,
        "the_person_may_refuse_and_the_state_may_be_forged",
        &[
            "google.auth.consent.refused",
            "google.auth.consent.state_forged",
            "microsoft.auth.consent.refused",
            "microsoft.auth.consent.state_forged",
        ],
    ),
    met_in(
        AUTH,
        "a_device_code_is_pending_until_decided_and_fast_polls_are_slowed_down",
        &[
            "google.auth.device.by_hand",
            "google.auth.device_interval",
            "microsoft.auth.device.by_hand",
            "microsoft.auth.device_interval",
        ],
    ),
    met_in(
        AUTH,
        "a_device_code_can_be_declined_and_expires",
        &[
            "google.auth.device.at_once",
            "google.auth.device.declined",
            "google.auth.device_life",
            "microsoft.auth.device.at_once",
            "microsoft.auth.device.declined",
            "microsoft.auth.device_life",
        ],
    ),
    met_in(
        AUTH,
        "consent_withdrawn_ends_every_token_of_that_person_alone",
        &["google.auth.signs_in", "microsoft.auth.signs_in"],
    ),
    met_in(
        GRAPH_SIGN_IN,
        "organisations_may_demand_an_administrator",
        &["microsoft.admin_consent.needed", "microsoft.admin_consent.needed_by_policy"],
    ),
    met_in(
        GRAPH_SIGN_IN,
        "redirects_are_loopback_with_any_port_and_the_registered_path",
        &["microsoft.redirect_path"],
    ),
    met_in(GRAPH_SIGN_IN, "tenants_decide_who_may_sign_in", &["microsoft.single_tenant_app"]),
    // The adapters never send what would meet these: two writes to one event in one batch, batches of more than
    // fifty, properties too long, ordered or filtered listings, deleted events asked for, imports, parameters that
    // nobody knows, options of delta, ids without their header, `reauthorize` (they renew), a principal in depth,
    // limits, stars, names and ends that some server does not take. And no mirror is a series, has guests, or
    // shares its UID, its transaction or its file's name with another.
    met_in(GOOGLE_BATCH, "two_writes_to_one_event_may_clash", &["google.batch_conflicts"]),
    met_in(GOOGLE_BATCH, "a_batch_has_a_largest_size_and_a_form", &["google.batch_max"]),
    met_in(
        GOOGLE_EVENTS,
        "long_properties_are_trimmed_silently_or_refused",
        &["google.long_properties.refused", "google.long_properties.trimmed"],
    ),
    met_in(
        GOOGLE_EVENTS,
        "import_upserts_by_uid_or_refuses_as_the_switch_says",
        &["google.reimport.refuses", "google.reimport.upserts"],
    ),
    met_in(
        GOOGLE_LISTS,
        "ordering_by_start_needs_instances_and_brings_no_sync_token",
        &["google.no_token_when_ordered"],
    ),
    met_in(
        GOOGLE_LISTS,
        "a_deleted_event_is_shown_to_who_asks_until_it_is_forgotten",
        &["google.tombstone_life"],
    ),
    met_in(
        GOOGLE_LISTS,
        "several_property_constraints_are_and_or_or_as_the_switch_says",
        &["google.properties.all", "google.properties.any"],
    ),
    met_in(
        GOOGLE_LISTS,
        "updated_min_brings_deletions_and_cannot_lie_far_back",
        &["google.updated_min_reach"],
    ),
    met_in(
        "crates/starmesh-sim/src/google/tests/mod.rs",
        "unknown_paths_and_parameters_are_refused",
        &["google.strict_query"],
    ),
    met_in(
        "crates/starmesh-sim/src/google/tests/quota.rs",
        "use_limits_can_be_exceeded_by_hand_and_calendars_are_limited_too",
        &["google.quota.calendars_created"],
    ),
    met_in(
        "crates/starmesh-sim/src/google/tests/roles.rs",
        "a_writer_without_private_access_may_or_may_not_change_private_events",
        &["google.private_writes_without_access.allowed", "google.private_writes_without_access.refused"],
    ),
    met_in(
        "crates/starmesh-sim/src/microsoft/tests/batch.rs",
        "malformed_batches_are_refused_whole",
        &["microsoft.batch_absolute_urls.refused", "microsoft.batch_absolute_urls.taken"],
    ),
    met_in(
        GRAPH_DELTA,
        "options_are_refused_crash_or_are_ignored",
        &[
            "microsoft.delta_options.crash",
            "microsoft.delta_options.ignored",
            "microsoft.delta_options.refused",
        ],
    ),
    met_in(
        GRAPH_DELTA,
        "events_delta_is_there_only_behind_its_switch",
        &["microsoft.events_delta.offered", "microsoft.events_delta.refused"],
    ),
    met_in(
        "crates/starmesh-sim/src/microsoft/tests/lists.rs",
        "a_list_filters_and_orders",
        &["microsoft.filter_by_transaction_id.refused", "microsoft.filter_by_transaction_id.understood"],
    ),
    met_in(
        "crates/starmesh-sim/src/microsoft/tests/lists.rs",
        "a_view_has_a_widest_range",
        &["microsoft.view_range_days_max"],
    ),
    met_in(
        "crates/starmesh-sim/src/microsoft/tests/identity.rs",
        "an_immutable_id_may_need_its_header",
        &["microsoft.immutable_ids_need_header"],
    ),
    met_in(
        "crates/starmesh-sim/src/microsoft/tests/identity.rs",
        "transactions_are_remembered_by_mailbox_or_by_calendar",
        &["microsoft.transaction_scope.calendar", "microsoft.transaction_scope.mailbox"],
    ),
    met_in(
        "crates/starmesh-sim/src/microsoft/tests/push.rs",
        "a_reauthorisation_is_answered_202_or_200",
        &["microsoft.reauthorize_status"],
    ),
    met_in(
        "crates/starmesh-sim/src/microsoft/tests/series.rs",
        "whether_dates_show_the_marker_of_their_series_is_a_switch",
        &["microsoft.occurrences_inherit_extended.no", "microsoft.occurrences_inherit_extended.yes"],
    ),
    met_in(
        DAV_DISCOVERY,
        "the_way_leads_from_the_well_known_place_over_the_principal_to_the_home",
        &["caldav.discovery.strict_depth"],
    ),
    met_in(
        DAV_DISCOVERY,
        "calendars_are_made_here_or_elsewhere_or_not_at_all",
        &["caldav.discovery.mkcalendar_refused", "caldav.discovery.relocates_calendars"],
    ),
    met_in(
        DAV_QUERIES,
        "a_filter_is_obeyed_refused_where_it_cannot_stand_or_ignored",
        &["caldav.queries.components.refused"],
    ),
    met_in(
        DAV_QUERIES,
        "a_range_finds_what_happens_in_it_series_included",
        &["caldav.queries.first_date_only"],
    ),
    met_in(
        DAV_REPORTS,
        "a_limit_is_honoured_cut_silently_or_ignored",
        &["caldav.sync.limit.cut_silently", "caldav.sync.limit.honoured", "caldav.sync.limit.ignored"],
    ),
    met_in(
        DAV_REPORTS,
        "a_report_may_tell_more_than_changed_and_refuse_a_depth",
        &["caldav.sync.strict_depth"],
    ),
    met_in(
        "crates/starmesh-sim/src/caldav/tests/scheduling.rs",
        "an_agent_is_obeyed_or_not_and_some_servers_send_nothing",
        &["caldav.scheduling.agent_disobeyed", "caldav.scheduling.tag_only"],
    ),
    met_in(
        DAV_VERSIONS,
        "a_star_means_something_else_everywhere",
        &["caldav.writes.if_match_star.ignored", "caldav.writes.if_match_star.inverted"],
    ),
    met_in(
        DAV_WRITES,
        "limits_of_names_sizes_numbers_and_ends_are_told",
        &["caldav.writes.end_required", "caldav.writes.strict_names"],
    ),
    met_in(
        DAV_WRITES,
        "a_uid_is_taken_once_in_a_calendar_and_servers_say_so_in_five_ways_or_not",
        &["caldav.writes.second_uid.stored"],
    ),
    met_in(
        DAV_WRITES,
        "a_uid_of_another_calendar_is_free_refused_or_moves",
        &["caldav.writes.across_calendars.moved", "caldav.writes.across_calendars.refused"],
    ),
    // The world has no calendars through the mailbox of somebody else, and none whose private events it must
    // not see: what then is to be mirrored is no matter of chance.
    met_in(
        GRAPH_SHARING,
        "delta_on_anothers_mailbox_fails_from_its_second_page_on",
        &["microsoft.delta_delegated_forbidden"],
    ),
    met_in(
        GRAPH_SHARING,
        "a_private_event_is_bare_hidden_or_breaks_the_list_and_cannot_be_fetched",
        &[
            "microsoft.private_create_by_delegate.allowed",
            "microsoft.private_create_by_delegate.refused",
            "microsoft.private_in_list.bare",
            "microsoft.private_in_list.fails",
            "microsoft.private_in_list.hidden",
        ],
    ),
    // What a complete listing leaves out is gone by all that any client can tell.
    met_in(
        "crates/starmesh-sim/src/microsoft/tests/errors.rs",
        "a_page_may_be_cut_short_in_three_ways",
        &["microsoft.fault.missing_rows"],
    ),
    // The world knows mirrors by their marks, which such a server drops.
    met_in(
        DAV_WRITES,
        "text_is_kept_put_in_order_or_stamped_and_unknown_properties_may_go",
        &["caldav.writes.unknown_dropped"],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_met_elsewhere_can_be_met_and_its_test_is_there() {
        let countable: BTreeSet<String> = countable().into_iter().collect();
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../");
        let mut named = BTreeSet::new();
        for it in ELSEWHERE {
            for switch in it.switches {
                assert!(countable.contains(*switch), "{switch} is no switch");
                assert!(named.insert(switch), "{switch} is named twice");
            }
            let text = std::fs::read_to_string(format!("{root}{}", it.file)).unwrap();
            assert!(text.contains(&format!("fn {}(", it.test)), "{} has no test {}", it.file, it.test);
        }
    }

    #[test]
    fn what_the_world_has_to_meet_is_all_the_rest() {
        let named: usize = ELSEWHERE.iter().map(|it| it.switches.len()).sum();
        assert_eq!(expected().len() + named, countable().len());
        let test = format!("tenants_decide_who_may_sign_in of {GRAPH_SIGN_IN}");
        assert_eq!(met_by("microsoft.single_tenant_app"), Some(test));
        assert_eq!(met_by("google.push.silent"), None);
    }
}
