//! The provider's laws on the simulated Google Calendar, under both readings of what is disputed.

use starmesh_sim::google::{LeftWindow, Retimed, Switches, TokenWindow, Tombstones, Undelete};
use starmesh_tests::google_harness::GoogleHarness;

/// The most likely truth.
mod plain {
    async fn fresh() -> super::GoogleHarness {
        super::GoogleHarness::with(super::Switches::default()).await
    }

    starmesh_provider::provider_conformance!(fresh);
}

/// Sync tokens keep the range of their listing, and what is gone still says what it was.
mod with_lasting_windows {
    async fn fresh() -> super::GoogleHarness {
        super::GoogleHarness::with(super::Switches {
            token_window: super::TokenWindow::Kept,
            left_window: super::LeftWindow::Whole,
            tombstones: super::Tombstones::Whole,
            retimed: super::Retimed::Silent,
            repeat_tombstones_per_mille: 300,
            ..super::Switches::default()
        })
        .await
    }

    starmesh_provider::provider_conformance!(fresh);
}

/// Deleted events cannot be brought back, batches are small and come back in disorder, and errors look as
/// newer front-ends write them.
mod with_the_other_manners {
    async fn fresh() -> super::GoogleHarness {
        super::GoogleHarness::with(super::Switches {
            undelete: super::Undelete::Refused,
            batch_max: 50,
            batch_shuffled: true,
            error_details: true,
            gone_has_reason: false,
            ..super::Switches::default()
        })
        .await
    }

    starmesh_provider::provider_conformance!(fresh);
}

/// Listings never end in a sync token, so that every read is a listing.
mod without_sync_tokens {
    async fn fresh() -> super::GoogleHarness {
        super::GoogleHarness::with(super::Switches { omit_sync_token: true, ..super::Switches::default() })
            .await
    }

    starmesh_provider::provider_conformance!(fresh);
}
