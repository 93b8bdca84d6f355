//! The file: TOML that people can read and write. It holds what a person configured, and no secret: passwords,
//! refresh tokens, a client's secret and both keys stay in the vault.
//!
//! What a link may say besides its state belongs in its own table; a file that says more than this program knows is
//! refused as a whole.

use serde::{Deserialize, Serialize};
use starmesh_core::ids::LastingName;
use starmesh_core::policy::Policy;
use starmesh_core::reconcile::LinkState;
use starmesh_store::state::{AccountKind, OAuthAccount};
use url::Url;

use crate::accounts::check_address;
use crate::endpoints::{Endpoints, TENANT_DEFAULT};
use crate::error::{Action, AppError, ErrorCode, Result};

/// The layout that is written and read.
const VERSION: u32 = 1;

/// What stands at the top of every file.
const HEAD: &str = "\
# What is set in Starmesh, without passwords or keys. `starmesh settings import FILE` adds it to what is there.
# The key that recognises busy blocks goes its own way: `starmesh key export`.

";

/// Everything that a person configured.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Default, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub version: u32,
    #[serde(default)]
    pub settings: SettingsTable,
    #[serde(default, rename = "account", skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<AccountTable>,
    #[serde(default, rename = "calendar", skip_serializing_if = "Vec::is_empty")]
    pub calendars: Vec<CalendarTable>,
    #[serde(default, rename = "group", skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupTable>,
    #[serde(default, rename = "link", skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<LinkTable>,
}

/// Settings by the names that `starmesh settings` has for them. One that is absent is left as it is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Default, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsTable {
    pub window: Option<u16>,
    pub poll_interval: Option<u32>,
    pub zone: Option<String>,
    pub label: Option<String>,
    pub pair_limit: Option<u32>,
}

/// An account, without what it signs in with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountTable {
    pub name: String,
    provider: ProviderName,
    /// CalDAV: the server, and who signs in.
    url: Option<String>,
    user: Option<String>,
    /// CalDAV: a token proves it, and no password.
    by_token: Option<bool>,
    /// A feed: what of its address may be shown, and what its calendar is known by. The address itself is a secret.
    origin: Option<String>,
    calendar: Option<String>,
    /// Google and Microsoft: the client, and where the provider answers. What is absent is the provider's own.
    client_id: Option<String>,
    authorize: Option<Url>,
    token: Option<Url>,
    device: Option<Url>,
    revoke: Option<Url>,
    api: Option<Url>,
    batch: Option<Url>,
    redirect_port: Option<u16>,
    /// Microsoft: another mailbox than that of whoever signs in.
    mailbox: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
enum ProviderName {
    Caldav,
    Ics,
    Google,
    Microsoft,
}

/// A calendar of an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct CalendarTable {
    /// What it is called in the rest of the file.
    pub id: String,
    pub account: String,
    /// The name that lasts: for CalDAV the collection's URL.
    pub address: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub display_name: String,
    pub short_name: String,
    /// The zone in which its floating times are read.
    pub zone: chrono_tz::Tz,
    #[serde(default)]
    pub read_only: bool,
}

/// A group of calendars, by their ids in the file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupTable {
    pub name: String,
    pub shape: ShapeName,
    /// A star's hub, and a one-way pair's source, come first.
    pub calendars: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum ShapeName {
    Star,
    Mesh,
    Pair,
    OneWay,
}

/// A link, by the ids of its calendars in the file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkTable {
    pub source: String,
    pub target: String,
    pub state: StateName,
    /// What it mirrors, where that is not the usual.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub policy: Policy,
}

fn is_usual(policy: &Policy) -> bool {
    *policy == Policy::default()
}

/// Whether a link runs. One that retires is nobody's wish any more.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum StateName {
    Active,
    Paused,
}

impl StateName {
    pub(super) fn of(state: LinkState) -> Option<Self> {
        match state {
            LinkState::Active => Some(Self::Active),
            LinkState::Paused => Some(Self::Paused),
            LinkState::Retiring => None,
        }
    }

    pub(super) fn state(self) -> LinkState {
        match self {
            Self::Active => LinkState::Active,
            Self::Paused => LinkState::Paused,
        }
    }
}

/// As much of a file as tells whether the rest can be read.
#[derive(Deserialize)]
struct Head {
    version: Option<u32>,
}

impl File {
    pub(super) fn new() -> Self {
        Self { version: VERSION, ..Self::default() }
    }

    /// Reads a file; `name` is what messages call it.
    pub(super) fn parse(name: &str, text: &str) -> Result<Self> {
        let broken = |error: &toml::de::Error| {
            let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            let place = line.map(|line| format!(", line {line}")).unwrap_or_default();
            invalid(format!("{name}{place}: {}", error.message().trim()))
        };
        let head: Head = toml::from_str(text).map_err(|error| broken(&error))?;
        match head.version {
            Some(VERSION) => toml::from_str(text).map_err(|error| broken(&error)),
            Some(other) if other > VERSION => {
                Err(invalid(format!("{name} has version {other}, this program reads version {VERSION}"))
                    .hint("install the newest Starmesh")
                    .action(Action::Update))
            }
            Some(other) => Err(invalid(format!("{name} has version {other}, which there never was"))),
            None => Err(invalid(format!("{name} names no version: it is no file of settings"))
                .hint("`starmesh settings export FILE` writes one")),
        }
    }

    /// The text of the file.
    pub(super) fn text(&self) -> Result<String> {
        let text = toml::to_string(self).map_err(|error| {
            AppError::new(ErrorCode::Internal, format!("the settings cannot be written: {error}"))
        })?;
        Ok(format!("{HEAD}{text}"))
    }
}

impl AccountTable {
    pub(super) fn of(name: &str, kind: &AccountKind) -> Self {
        let (sign_in, mailbox) = match kind {
            AccountKind::Caldav { url, user, by_token } => {
                return Self {
                    url: Some(without_secrets(url)),
                    user: Some(user.clone()),
                    by_token: by_token.then_some(true),
                    ..Self::empty(name, ProviderName::Caldav)
                };
            }
            AccountKind::Ics { origin, calendar, user } => {
                return Self {
                    origin: Some(origin.clone()),
                    calendar: Some(calendar.to_string()),
                    user: user.clone(),
                    ..Self::empty(name, ProviderName::Ics)
                };
            }
            AccountKind::Google(sign_in) => (sign_in, None),
            AccountKind::Microsoft { sign_in, mailbox } => (sign_in, mailbox.clone()),
        };
        let google = matches!(kind, AccountKind::Google(_));
        let OAuthAccount { client_id, authorize, token, device, revoke, api, batch, port } = sign_in.clone();
        Self {
            client_id: Some(client_id),
            authorize: Some(authorize),
            token: Some(token),
            device,
            revoke,
            api: Some(api),
            batch,
            redirect_port: port,
            mailbox,
            ..Self::empty(name, if google { ProviderName::Google } else { ProviderName::Microsoft })
        }
    }

    fn empty(name: &str, provider: ProviderName) -> Self {
        Self {
            name: name.to_owned(),
            provider,
            url: None,
            user: None,
            by_token: None,
            origin: None,
            calendar: None,
            client_id: None,
            authorize: None,
            token: None,
            device: None,
            revoke: None,
            api: None,
            batch: None,
            redirect_port: None,
            mailbox: None,
        }
    }

    /// Where the account is, checked as if a person had typed it. `file` is what messages call the file.
    pub(super) fn kind(&self, file: &str) -> Result<AccountKind> {
        let place = format!("{file}: the account “{}”", self.name);
        let kind = match self.provider {
            ProviderName::Caldav => {
                let missing = |what| invalid(format!("{place} has no {what}"));
                let url = self.url.clone().ok_or_else(|| missing("url"))?;
                let by_token = self.by_token == Some(true);
                let user = self.user.clone().filter(|user| by_token || !user.trim().is_empty());
                let user =
                    if by_token { user.unwrap_or_default() } else { user.ok_or_else(|| missing("user"))? };
                check_address(&url).map_err(|error| within(&place, error))?;
                AccountKind::Caldav { url, user, by_token }
            }
            ProviderName::Ics => {
                let missing = |what| invalid(format!("{place} has no {what}"));
                AccountKind::Ics {
                    origin: self.origin.clone().ok_or_else(|| missing("origin"))?,
                    calendar: LastingName::new(self.calendar.clone().ok_or_else(|| missing("calendar"))?),
                    user: self.user.clone(),
                }
            }
            ProviderName::Google | ProviderName::Microsoft => {
                let endpoints = Endpoints {
                    client_id: self.client_id.clone(),
                    authorize: self.authorize.clone(),
                    token: self.token.clone(),
                    device: self.device.clone(),
                    revoke: self.revoke.clone(),
                    api: self.api.clone(),
                    batch: self.batch.clone(),
                    redirect_port: self.redirect_port,
                };
                endpoints.check(&place)?;
                let kind = if self.provider == ProviderName::Google {
                    endpoints.google()
                } else {
                    endpoints.microsoft(TENANT_DEFAULT, self.mailbox.clone())
                };
                kind.map_err(|error| within(&place, error))?
            }
        };
        // What the file says of an account must be about an account of this kind.
        let meant = Self::of(&self.name, &kind);
        let foreign = [
            ("url", self.url.is_some() && meant.url.is_none()),
            ("user", self.user.is_some() && meant.user.is_none()),
            ("by_token", self.by_token.is_some() && self.provider != ProviderName::Caldav),
            ("origin", self.origin.is_some() && meant.origin.is_none()),
            ("calendar", self.calendar.is_some() && meant.calendar.is_none()),
            ("client_id", self.client_id.is_some() && meant.client_id.is_none()),
            ("batch", self.batch.is_some() && meant.batch.is_none()),
            ("mailbox", self.mailbox.is_some() && meant.mailbox.is_none()),
        ];
        match foreign.iter().find(|(_, foreign)| *foreign) {
            Some((key, _)) => Err(invalid(format!("{place} has a {key}, which its provider does not know"))),
            None => Ok(kind),
        }
    }
}

/// An address without a password, and without a query in which one may stand.
fn without_secrets(address: &str) -> String {
    let Ok(mut url) = Url::parse(address) else { return address.to_owned() };
    if url.cannot_be_a_base() {
        return address.to_owned();
    }
    // Both fail only for addresses that have no place for a password.
    let plain = url.set_password(None).is_ok() && url.query().is_none() && url.fragment().is_none();
    url.set_query(None);
    url.set_fragment(None);
    if plain && Url::parse(address).is_ok_and(|whole| whole == url) { address.to_owned() } else { url.into() }
}

pub(super) fn invalid(message: String) -> AppError {
    AppError::new(ErrorCode::InvalidValue, message)
}

/// The failure, with the place in the file before it.
pub(super) fn within(place: &str, error: AppError) -> AppError {
    AppError { message: format!("{place}: {}", error.message), ..error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> AppError {
        File::parse("mine.toml", text).unwrap_err()
    }

    #[test]
    fn a_file_that_cannot_be_meant_is_refused_by_name_and_line() {
        let rows = [
            ("", "mine.toml names no version"),
            ("[settings]\nwindow = 90", "mine.toml names no version"),
            ("version = 2\n[new]\nx = 1", "mine.toml has version 2, this program reads version 1"),
            ("version = 0", "mine.toml has version 0"),
            ("version = 1\n\n[settings]\nwindows = 90", "mine.toml, line 4: unknown field `windows`"),
            (
                "version = 1\n[[account]]\nname = 'a'\nprovider = 'caldav'\npassword = 'x'",
                "mine.toml, line 5: unknown field `password`",
            ),
            (
                "version = 1\n[[link]]\nsource = 'a'\ntarget = 'b'\nstate = 'gone'",
                "mine.toml, line 5: unknown variant `gone`",
            ),
            ("version = 1\nwhat", "mine.toml, line 2"),
            ("version = 'one'", "mine.toml, line 1"),
        ];
        for (text, message) in rows {
            let error = refusal(text);
            assert_eq!(error.code, ErrorCode::InvalidValue, "{text}");
            assert!(error.message.starts_with(message), "{} for {text:?}", error.message);
        }
        assert_eq!(refusal("version = 2").action, Some(Action::Update));
    }

    #[test]
    fn every_kind_of_account_comes_back_as_it_went() {
        let endpoints = || Endpoints { client_id: Some("me".to_owned()), ..Endpoints::default() };
        let kinds = [
            AccountKind::Caldav {
                url: "dav.example.org".to_owned(),
                user: "ann".to_owned(),
                by_token: false,
            },
            AccountKind::Caldav { url: "dav.example.org".to_owned(), user: String::new(), by_token: true },
            AccountKind::Ics {
                origin: "https://feeds.example.org".to_owned(),
                calendar: LastingName::new("feed:digest"),
                user: None,
            },
            AccountKind::Caldav {
                url: "ann@example.org".to_owned(),
                user: "ann".to_owned(),
                by_token: false,
            },
            endpoints().google().unwrap(),
            endpoints().microsoft("contoso.example", None).unwrap(),
            endpoints().microsoft("common", Some("boss@corp.example".to_owned())).unwrap(),
        ];
        for kind in kinds {
            let file = File { accounts: vec![AccountTable::of("one", &kind)], ..File::new() };
            let read = File::parse("mine.toml", &file.text().unwrap()).unwrap();
            assert_eq!(read, file);
            assert!(read.accounts[0].kind("mine.toml").unwrap() == kind, "{kind:?}");
        }
    }

    #[test]
    fn no_password_leaves_in_an_address() {
        let rows = [
            ("https://ann:pw@dav.example.org/x/?token=t#f", "https://ann@dav.example.org/x/"),
            ("https://dav.example.org/x/", "https://dav.example.org/x/"),
            ("https://dav.example.org", "https://dav.example.org"),
            ("dav.example.org/x", "dav.example.org/x"),
            ("mailto:ann@example.org", "mailto:ann@example.org"),
        ];
        for (address, shown) in rows {
            assert_eq!(without_secrets(address), shown);
        }
    }

    #[test]
    fn an_account_must_be_possible() {
        let refusal = |table: &str| {
            let text = format!("version = 1\n[[account]]\nname = 'home'\n{table}");
            File::parse("mine.toml", &text).unwrap().accounts[0].kind("mine.toml").err().unwrap().message
        };
        let rows = [
            ("provider = 'caldav'\nuser = 'ann'", "has no url"),
            ("provider = 'caldav'\nurl = 'https://x.example'\nuser = ' '", "has no user"),
            (
                "provider = 'caldav'\nurl = 'https://a:pw@x.example'\nuser = 'a'",
                "the address holds a password",
            ),
            (
                "provider = 'caldav'\nurl = 'https://x.example'\nuser = 'a'\nclient_id = 'c'",
                "has a client_id",
            ),
            ("provider = 'google'", "no client id"),
            (
                "provider = 'google'\nclient_id = 'c'\ntoken = 'http://x.example/token'",
                "token is not an https address",
            ),
            ("provider = 'google'\nclient_id = 'c'\nmailbox = 'm@x.example'", "has a mailbox"),
        ];
        for (table, message) in rows {
            let found = refusal(table);
            assert!(found.starts_with("mine.toml: the account “home”") && found.contains(message), "{found}");
        }
    }
}
