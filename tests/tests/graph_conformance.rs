//! The provider's laws on the simulated Microsoft Graph, in each reading of what is disputed about it.

use starmesh_sim::microsoft::{AllDayRead, DeadToken, StaleChangeKey, Switches, TransactionScope};
use starmesh_tests::graph_harness::GraphHarness;

mod as_documented {
    async fn fresh() -> super::GraphHarness {
        super::GraphHarness::with(super::Switches::default()).await
    }

    starmesh_provider::provider_conformance!(fresh);
}

/// Every disputed truth read the other way, as far as it changes what the adapter meets.
mod otherwise {
    async fn fresh() -> super::GraphHarness {
        let switches = super::Switches {
            ids_with_slashes: true,
            immutable_ids_need_header: true,
            inner_error_lowercase: true,
            stale_change_key: super::StaleChangeKey::Conflict,
            transaction_scope: super::TransactionScope::Calendar,
            transaction_conflict_status: 409,
            all_day_read: super::AllDayRead::InstantsKept,
            occurrences_inherit_extended: false,
            delta_masters: false,
            delta_false_removals: false,
            delta_series_tombstones: true,
            delta_typed_tombstones: true,
            delta_tombstones_at_first: true,
            delta_unordered: false,
            delta_series_overflow: false,
            delta_dead_token: super::DeadToken::NotFound,
            delta_qualified_links: true,
            ..super::Switches::default()
        };
        super::GraphHarness::with(switches).await
    }

    starmesh_provider::provider_conformance!(fresh);
}

/// A service with small, empty, doubled and replayed rows and pages.
mod untidy {
    async fn fresh() -> super::GraphHarness {
        let switches = super::Switches {
            page_max: 2,
            delta_empty_pages: 3,
            delta_duplicates_per_mille: 500,
            delta_dead_token: super::DeadToken::Invalid,
            ..super::Switches::default()
        };
        super::GraphHarness::with(switches).await
    }

    starmesh_provider::provider_conformance!(fresh);
}
