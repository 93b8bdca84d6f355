//! Habits in which real servers differ.

use serde::{Deserialize, Serialize};

/// Which prefixes the XML has.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Spelling {
    /// `d:`, `cal:`, `cs:`.
    #[default]
    Short,
    /// `ns0:`, `ns1:`.
    Numbered,
    /// None for `DAV:`.
    DefaultNamespace,
}

/// How rights are told.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Privileges {
    /// Each by itself (sabre).
    #[default]
    Parts,
    /// `write` alone (Radicale).
    Write,
    /// `all` alone (Xandikos).
    All,
    /// Not at all.
    Untold,
}

/// What an answer 401 offers.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Challenge {
    /// Basic.
    #[default]
    Basic,
    /// Another scheme first, then Basic (iCloud).
    Several,
    /// No `WWW-Authenticate` at all (Yahoo).
    Missing,
}

/// How a report of changes is refused by a server that has none.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum SyncRefusal {
    /// 403 `supported-report` (sabre).
    #[default]
    SupportedReport,
    /// 501 and nothing else.
    NotImplemented,
    /// 400 and nothing else: as unspecific as a refusal can be.
    BadRequest,
}

/// What is said of a dead token.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum DeadToken {
    /// 403 `valid-sync-token` (RFC 6578; Radicale, Cyrus).
    #[default]
    Forbidden,
    /// 412 `valid-sync-token` (Xandikos).
    PreconditionFailed,
    /// 500 and nothing else (calendarserver, older Xandikos).
    ServerError,
    /// 410 and nothing else.
    Gone,
    /// 207 with everything, as if there had been no token: what was deleted meanwhile is never told (DAViCal,
    /// SOGo, Stalwart, Synology, Purelymail).
    Everything,
}

/// How fine tokens and ctags are.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum TokenGrain {
    /// Every change counts.
    #[default]
    Change,
    /// Only its second counts: a second change in one second is not told (Bedework, DAViCal).
    Second,
}

/// What is made of `DAV:limit`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum DavLimit {
    /// The answer is cut with 507 (Cyrus).
    #[default]
    Honoured,
    /// The answer is cut without a word, and the rest is skipped (Xandikos, Nextcloud).
    CutSilently,
    /// Nothing.
    Ignored,
}

/// What an etag is made of.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum EtagSource {
    /// The change: every write makes a new one.
    #[default]
    Change,
    /// The text: two equal objects share one, and what returns to an earlier text has its etag again (sabre,
    /// DAViCal).
    Text,
}

/// What the answer to a write says of the version.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum AfterPut {
    /// What a read says.
    #[default]
    Told,
    /// It in its weak form (GMX).
    Weak,
    /// Nothing (sabre where it changes the text).
    Absent,
    /// It percent-encoded (Bedework).
    Encoded,
}

/// What becomes of the text of a write.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Rewrite {
    /// It is stored as it was sent (Cyrus, DAViCal, sabre).
    #[default]
    AsSent,
    /// Properties are put in order and folded anew (Radicale, Xandikos).
    Ordered,
    /// The server puts its name on it and notes when it was made and changed.
    Stamped,
}

/// A second object with a UID that the calendar has.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum SecondUid {
    /// 409 `no-uid-conflict` (Radicale).
    #[default]
    NoUidConflict,
    /// 412 `no-uid-conflict` (Xandikos).
    PreconditionFailed,
    /// 403 `unique-scheduling-object-resource` (Cyrus).
    UniqueSchedulingObject,
    /// 409 and nothing else (SOGo).
    Conflict,
    /// 400 and a sentence (Nextcloud).
    BadRequest,
    /// It is stored (Baikal, DAViCal, Posteo, sabre 1.8).
    Stored,
}

/// An object whose UID another calendar of the person has.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum AcrossCalendars {
    /// Nothing special.
    #[default]
    Free,
    /// 403 `unique-scheduling-object-resource` (iCloud, Cyrus, OX, Yahoo).
    Refused,
    /// The other one goes (Zimbra).
    Moved,
}

/// What `If-Match: *` means.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum IfMatchStar {
    /// There must be something (RFC 9110).
    #[default]
    Literal,
    /// There must be nothing (iCloud, Yahoo, Bedework).
    Inverted,
    /// Anything (SOGo, GMX, Posteo).
    Ignored,
}

/// What is said of a write to a calendar that is not there.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum MissingParent {
    /// 409 (RFC 4918).
    #[default]
    Conflict,
    /// 404.
    NotFound,
}

/// How a calendar says that the person may not write.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum ReadOnlyRefusal {
    /// 403 `need-privileges` (RFC 3744).
    #[default]
    NeedPrivileges,
    /// 403 and nothing else.
    Forbidden,
    /// 405.
    MethodNotAllowed,
}

/// What is made of a filter for components.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum ComponentFilter {
    /// It is obeyed; a time range outside the component of events is refused (sabre).
    #[default]
    Obeyed,
    /// Everything passes (Yahoo, Infomaniak, OX).
    Ignored,
}
