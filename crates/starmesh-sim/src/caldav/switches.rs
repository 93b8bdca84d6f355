//! What a test changes about the simulated server while it runs. The defaults are a plain, strict server and
//! no trouble; each habit in which real servers differ is a switch, with a server that has it.

mod faults;
mod habits;

use serde::{Deserialize, Serialize};

pub use faults::{Fault, FaultPlan, Scripted, ThrottleSwitches};
pub use habits::{
    AcrossCalendars, AfterPut, Challenge, ComponentFilter, DavLimit, DeadToken, EtagSource, IfMatchStar,
    MissingParent, Privileges, ReadOnlyRefusal, Rewrite, SecondUid, Spelling, SyncRefusal, TokenGrain,
};

/// All switches; also at `GET` and `POST /__switches`.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// How paths and XML are spelled.
    pub hrefs: HrefSwitches,
    /// How a client finds its calendars.
    pub discovery: DiscoverySwitches,
    /// How changes are told.
    pub sync: SyncSwitches,
    /// Versions of objects.
    pub etags: EtagSwitches,
    /// What a write may do.
    pub writes: WriteSwitches,
    /// Listings by condition.
    pub queries: QuerySwitches,
    /// Invitations by the server (RFC 6638).
    pub scheduling: SchedulingSwitches,
    /// Budgets.
    pub throttle: ThrottleSwitches,
    /// Faults by chance.
    pub faults: FaultPlan,
    /// Faults on demand, each spent as it says.
    pub scripted: Vec<Scripted>,
}

/// How paths and XML are spelled.
#[expect(clippy::struct_excessive_bools, reason = "each switch is on or off by itself")]
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct HrefSwitches {
    /// Whether `@` is written `%40`, whatever the client wrote.
    pub at_encoded: bool,
    /// Whether escapes are written in lower case, `%c3` for `%C3`.
    pub lower_escapes: bool,
    /// Whether hrefs are whole URLs (iCloud).
    pub absolute: bool,
    /// Whether a collection without its last slash is answered by a redirect.
    pub slash_redirect: bool,
    /// Which prefixes the XML has.
    pub spelling: Spelling,
    /// Whether texts stand in CDATA sections (Cyrus).
    pub cdata: bool,
}

/// How a client finds its calendars.
#[expect(clippy::struct_excessive_bools, reason = "each switch is on or off by itself")]
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct DiscoverySwitches {
    /// Whether a principal is told (Synology and mail.ru tell none).
    pub principals: bool,
    /// Status of the redirect at `/.well-known/caldav`; `None` answers 404.
    pub well_known: Option<u16>,
    /// Scheme and host of the homes, where they are on another one (iCloud's partitions).
    pub home_at: Option<String>,
    /// Whether a listing of depth 1 of a principal is refused with 400 (iCloud, GMX).
    pub strict_depth: bool,
    /// How rights are told.
    pub privileges: Privileges,
    /// Whether the kinds of components are told; absent means all.
    pub components_told: bool,
    /// Whether the home holds scheduling boxes, a subscription and a trash bin besides.
    pub other_collections: bool,
    /// What an answer 401 offers.
    pub challenge: Challenge,
    /// Whether calendars can be made.
    pub mkcalendar: bool,
    /// Whether a new calendar gets a path of the server's own choice (OX, Zimbra, Yahoo).
    pub relocates_calendars: bool,
}

impl Default for DiscoverySwitches {
    fn default() -> Self {
        Self {
            principals: true,
            well_known: Some(301),
            home_at: None,
            strict_depth: false,
            privileges: Privileges::Parts,
            components_told: true,
            other_collections: false,
            challenge: Challenge::Basic,
            mkcalendar: true,
            relocates_calendars: false,
        }
    }
}

/// How changes are told.
#[expect(clippy::struct_excessive_bools, reason = "each switch is on or off by itself")]
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct SyncSwitches {
    /// Whether changes are reported since a token (RFC 6578); Posteo, GMX and Yahoo do not.
    pub offered: bool,
    /// How the report is refused where it is not offered.
    pub refusal: SyncRefusal,
    /// Whether a collection has a ctag.
    pub ctag: bool,
    /// What is said of a token that is not known, or no longer.
    pub dead_token: DeadToken,
    /// How long a change is remembered, in seconds; older tokens die of it.
    pub memory_s: Option<i64>,
    /// The most rows of a report; more are cut with 507 and a token to go on from (Cyrus).
    pub page_max: Option<usize>,
    /// Whether a report lists the collection itself (iCloud).
    pub lists_itself: bool,
    /// Of a thousand unchanged members, how many a delta tells all the same (Zimbra, DAViCal, SOGo).
    pub extra_rows_per_mille: u32,
    /// How fine tokens and ctags are.
    pub grain: TokenGrain,
    /// How long listings lag behind writes, in milliseconds (Infomaniak, Purelymail).
    pub lag_ms: i64,
    /// What is made of a limit that the client asks for.
    pub limit: DavLimit,
    /// Whether the report is refused with 400 when it comes with depth 1 (Purelymail).
    pub strict_depth: bool,
}

impl Default for SyncSwitches {
    fn default() -> Self {
        Self {
            offered: true,
            refusal: SyncRefusal::SupportedReport,
            ctag: true,
            dead_token: DeadToken::Forbidden,
            memory_s: None,
            page_max: None,
            lists_itself: false,
            extra_rows_per_mille: 0,
            grain: TokenGrain::Change,
            lag_ms: 0,
            limit: DavLimit::Honoured,
            strict_depth: false,
        }
    }
}

/// Versions of objects.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct EtagSwitches {
    /// What an etag is made of.
    pub source: EtagSource,
    /// Whether etags are weak wherever they are told.
    pub weak: bool,
    /// What the answer to a write says.
    pub after_put: AfterPut,
}

/// What a write may do.
#[expect(clippy::struct_excessive_bools, reason = "each switch is on or off by itself")]
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct WriteSwitches {
    /// What becomes of the text.
    pub rewrite: Rewrite,
    /// Whether properties that the server does not know are kept.
    pub keeps_unknown: bool,
    /// A second object with a UID that the calendar has.
    pub second_uid: SecondUid,
    /// An object whose UID another calendar of the person has.
    pub across_calendars: AcrossCalendars,
    /// Whether a deleted object's UID stays taken, in a trash bin (Nextcloud).
    pub trash: bool,
    /// Whether `If-None-Match: *` is honoured; Zimbra and SOGo overwrite.
    pub if_none_match: bool,
    /// Whether a change without `If-Match` is refused with 409 (OX).
    pub if_match_required: bool,
    /// What `If-Match: *` means.
    pub if_match_star: IfMatchStar,
    /// Whether an event without an end is refused (iCloud, Cyrus).
    pub end_required: bool,
    /// Whether names of other letters than `[0-9A-Za-z-]` are refused (iCloud, Fastmail).
    pub strict_names: bool,
    /// Whether a new object gets a name of the server's own choice, told as `Location`.
    pub relocates: bool,
    /// What is said of a write to a calendar that is not there.
    pub missing_parent: MissingParent,
    /// How a calendar says that the person may not write.
    pub read_only: ReadOnlyRefusal,
    /// The largest object, in bytes.
    pub size_max: usize,
    /// How many objects a person's calendars have room for.
    pub objects_max: Option<usize>,
}

impl Default for WriteSwitches {
    fn default() -> Self {
        /// One mebibyte.
        const SIZE_MAX: usize = 1024 * 1024;
        Self {
            rewrite: Rewrite::AsSent,
            keeps_unknown: true,
            second_uid: SecondUid::NoUidConflict,
            across_calendars: AcrossCalendars::Free,
            trash: false,
            if_none_match: true,
            if_match_required: false,
            if_match_star: IfMatchStar::Literal,
            end_required: false,
            strict_names: false,
            relocates: false,
            missing_parent: MissingParent::Conflict,
            read_only: ReadOnlyRefusal::NeedPrivileges,
            size_max: SIZE_MAX,
            objects_max: None,
        }
    }
}

/// Listings by condition.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct QuerySwitches {
    /// What is made of a filter for components.
    pub components: ComponentFilter,
    /// How many days to each side of today a listing without a range shows (OX); `None` shows all.
    pub horizon_days: Option<i64>,
    /// Whether recurrences count only by their first date (Yahoo).
    pub first_date_only: bool,
    /// Of a thousand hrefs of a multiget, how many are left out of the answer.
    pub omitted_per_mille: u32,
}

/// Invitations by the server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct SchedulingSwitches {
    /// Whether the server writes to guests by itself.
    pub automatic: bool,
    /// Whether it obeys `SCHEDULE-AGENT`; Nextcloud and SOGo did not always.
    pub obeys_agent: bool,
    /// Whether a write of an invitation answers `Schedule-Tag` and no etag (Cyrus).
    pub tag_only: bool,
}

impl Default for SchedulingSwitches {
    fn default() -> Self {
        Self { automatic: true, obeys_agent: true, tag_only: false }
    }
}
