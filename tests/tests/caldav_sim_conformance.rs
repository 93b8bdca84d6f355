//! The provider's laws on the simulated CalDAV server, in the manners of several real ones.

use starmesh_sim::caldav::{
    AcrossCalendars, AfterPut, Challenge, DeadToken, DiscoverySwitches, EtagSource, EtagSwitches,
    HrefSwitches, IfMatchStar, MissingParent, Privileges, Rewrite, SchedulingSwitches, SecondUid, Spelling,
    Switches, SyncRefusal, SyncSwitches, WriteSwitches,
};
use starmesh_tests::caldav_sim_harness::CaldavSimHarness;

/// A plain, strict server.
mod plain {
    async fn fresh() -> super::CaldavSimHarness {
        super::CaldavSimHarness::with(super::Switches::default()).await
    }

    starmesh_provider::provider_conformance!(fresh);
}

/// Properties come back in another order, and rights are one word.
mod in_the_manner_of_radicale {
    async fn fresh() -> super::CaldavSimHarness {
        super::CaldavSimHarness::with(super::Switches {
            discovery: super::DiscoverySwitches {
                privileges: super::Privileges::Write,
                well_known: Some(308),
                ..super::DiscoverySwitches::default()
            },
            writes: super::WriteSwitches {
                rewrite: super::Rewrite::Ordered,
                ..super::WriteSwitches::default()
            },
            scheduling: super::SchedulingSwitches {
                automatic: false,
                ..super::SchedulingSwitches::default()
            },
            ..super::Switches::default()
        })
        .await
    }

    starmesh_provider::provider_conformance!(fresh);
}

/// 412 stands for dead tokens and for taken UIDs, and rights are `all`.
mod in_the_manner_of_xandikos {
    async fn fresh() -> super::CaldavSimHarness {
        super::CaldavSimHarness::with(super::Switches {
            hrefs: super::HrefSwitches {
                spelling: super::Spelling::Numbered,
                ..super::HrefSwitches::default()
            },
            discovery: super::DiscoverySwitches {
                privileges: super::Privileges::All,
                ..super::DiscoverySwitches::default()
            },
            sync: super::SyncSwitches {
                dead_token: super::DeadToken::PreconditionFailed,
                ..super::SyncSwitches::default()
            },
            writes: super::WriteSwitches {
                rewrite: super::Rewrite::Ordered,
                second_uid: super::SecondUid::PreconditionFailed,
                ..super::WriteSwitches::default()
            },
            ..super::Switches::default()
        })
        .await
    }

    starmesh_provider::provider_conformance!(fresh);
}

/// What is created gets a name of the server's own choice.
mod in_the_manner_of_a_server_that_names_what_is_stored {
    async fn fresh() -> super::CaldavSimHarness {
        super::CaldavSimHarness::with(super::Switches {
            writes: super::WriteSwitches { relocates: true, ..super::WriteSwitches::default() },
            ..super::Switches::default()
        })
        .await
    }

    starmesh_provider::provider_conformance!(fresh);
}

/// UIDs are unique for a person, ends are required, texts stand in CDATA.
mod in_the_manner_of_cyrus {
    async fn fresh() -> super::CaldavSimHarness {
        super::CaldavSimHarness::with(super::Switches {
            hrefs: super::HrefSwitches {
                cdata: true,
                spelling: super::Spelling::DefaultNamespace,
                ..super::HrefSwitches::default()
            },
            discovery: super::DiscoverySwitches {
                other_collections: true,
                ..super::DiscoverySwitches::default()
            },
            writes: super::WriteSwitches {
                second_uid: super::SecondUid::UniqueSchedulingObject,
                across_calendars: super::AcrossCalendars::Refused,
                end_required: true,
                ..super::WriteSwitches::default()
            },
            scheduling: super::SchedulingSwitches { tag_only: true, ..super::SchedulingSwitches::default() },
            ..super::Switches::default()
        })
        .await
    }

    starmesh_provider::provider_conformance!(fresh);
}

/// No tokens, etags made of the text, and seconds are stored.
mod in_the_manner_of_an_old_sabre {
    async fn fresh() -> super::CaldavSimHarness {
        super::CaldavSimHarness::with(super::Switches {
            sync: super::SyncSwitches { offered: false, ..super::SyncSwitches::default() },
            etags: super::EtagSwitches {
                source: super::EtagSource::Text,
                after_put: super::AfterPut::Absent,
                ..super::EtagSwitches::default()
            },
            writes: super::WriteSwitches {
                rewrite: super::Rewrite::Stamped,
                second_uid: super::SecondUid::Stored,
                ..super::WriteSwitches::default()
            },
            ..super::Switches::default()
        })
        .await
    }

    starmesh_provider::provider_conformance!(fresh);
}

/// Whole URLs with encoded signs, itself among its members, strict names and an inverted star.
mod in_the_manner_of_icloud {
    async fn fresh() -> super::CaldavSimHarness {
        super::CaldavSimHarness::with(super::Switches {
            hrefs: super::HrefSwitches {
                absolute: true,
                at_encoded: true,
                lower_escapes: true,
                slash_redirect: true,
                ..super::HrefSwitches::default()
            },
            discovery: super::DiscoverySwitches {
                strict_depth: true,
                components_told: false,
                challenge: super::Challenge::Several,
                mkcalendar: false,
                ..super::DiscoverySwitches::default()
            },
            sync: super::SyncSwitches {
                lists_itself: true,
                extra_rows_per_mille: 0,
                strict_depth: true,
                ..super::SyncSwitches::default()
            },
            writes: super::WriteSwitches {
                strict_names: true,
                end_required: true,
                across_calendars: super::AcrossCalendars::Refused,
                if_match_star: super::IfMatchStar::Inverted,
                missing_parent: super::MissingParent::NotFound,
                ..super::WriteSwitches::default()
            },
            ..super::Switches::default()
        })
        .await
    }

    starmesh_provider::provider_conformance!(fresh);
}

/// Neither principals, nor tokens, nor ctags; etags are weak where they are told at once.
mod of_a_server_with_little {
    async fn fresh() -> super::CaldavSimHarness {
        super::CaldavSimHarness::with(super::Switches {
            discovery: super::DiscoverySwitches {
                privileges: super::Privileges::Untold,
                challenge: super::Challenge::Missing,
                ..super::DiscoverySwitches::default()
            },
            sync: super::SyncSwitches {
                offered: false,
                refusal: super::SyncRefusal::BadRequest,
                ctag: false,
                ..super::SyncSwitches::default()
            },
            etags: super::EtagSwitches { after_put: super::AfterPut::Weak, ..super::EtagSwitches::default() },
            ..super::Switches::default()
        })
        .await
    }

    starmesh_provider::provider_conformance!(fresh);
}

/// Deleted UIDs stay taken in a trash bin, taken ones are told in words, and homes hold all kinds of things.
mod in_the_manner_of_nextcloud {
    async fn fresh() -> super::CaldavSimHarness {
        super::CaldavSimHarness::with(super::Switches {
            discovery: super::DiscoverySwitches {
                other_collections: true,
                well_known: Some(302),
                ..super::DiscoverySwitches::default()
            },
            etags: super::EtagSwitches { source: super::EtagSource::Text, ..super::EtagSwitches::default() },
            writes: super::WriteSwitches {
                second_uid: super::SecondUid::BadRequest,
                trash: true,
                ..super::WriteSwitches::default()
            },
            scheduling: super::SchedulingSwitches {
                obeys_agent: false,
                ..super::SchedulingSwitches::default()
            },
            ..super::Switches::default()
        })
        .await
    }

    starmesh_provider::provider_conformance!(fresh);
}

/// Etags are weak everywhere, so that nothing can be a precondition but `If-None-Match`.
mod with_weak_etags {
    async fn fresh() -> super::CaldavSimHarness {
        super::CaldavSimHarness::with(super::Switches {
            etags: super::EtagSwitches { weak: true, ..super::EtagSwitches::default() },
            sync: super::SyncSwitches {
                dead_token: super::DeadToken::ServerError,
                ..super::SyncSwitches::default()
            },
            ..super::Switches::default()
        })
        .await
    }

    starmesh_provider::provider_conformance!(fresh);
}
