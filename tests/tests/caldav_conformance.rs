//! The provider's laws on real CalDAV servers.

#![expect(clippy::expect_used, reason = "a scene that cannot be set leaves nothing to test")]

use starmesh_tests::caldav_harness::CaldavHarness;
use starmesh_tests::servers::{Kind, Rights};

mod radicale {
    async fn fresh() -> super::CaldavHarness {
        super::CaldavHarness::on(super::Kind::Radicale(super::Rights::Open)).await
    }

    starmesh_provider::provider_conformance!(fresh);
}

mod xandikos {
    async fn fresh() -> super::CaldavHarness {
        super::CaldavHarness::on(super::Kind::Xandikos).await
    }

    starmesh_provider::provider_conformance!(fresh);
}

mod cyrus {
    async fn fresh() -> super::CaldavHarness {
        super::CaldavHarness::on(super::Kind::Cyrus).await
    }

    starmesh_provider::provider_conformance!(fresh);
}

/// Signed in to by Digest, and read by ctags and etags: it has no reports of changes.
mod sabre {
    async fn fresh() -> super::CaldavHarness {
        super::CaldavHarness::on(super::Kind::Sabre).await
    }

    starmesh_provider::provider_conformance!(fresh);
}

/// Radicale behind a proxy that cuts every report of changes into pages of two.
mod in_pages {
    async fn fresh() -> super::CaldavHarness {
        let harness = super::CaldavHarness::behind_proxy(super::Kind::Radicale(super::Rights::Open)).await;
        harness.proxy.as_ref().expect("there is a proxy").cut_pages(2);
        harness
    }

    starmesh_provider::provider_conformance!(fresh);
}
