//! Where Google and Microsoft answer, and how else one can say it: another cloud, a gateway, a simulator.

use secrecy::SecretString;
use serde::Deserialize;
use starmesh_http::oauth::{LoopbackHost, OAuthClient};
use starmesh_store::state::{AccountKind, OAuthAccount};
use url::Url;

use crate::error::{AppError, ErrorCode, Result};

/// Whose calendars Microsoft gives to whoever signs in; any of both kinds of account.
pub const TENANT_DEFAULT: &str = "common";

/// What a person says of a provider beyond its name. Everything that is not said is the provider's own.
///
/// As a file it is TOML with these keys and no others.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoints {
    /// The client id under which the addresses are used.
    pub client_id: Option<String>,
    /// Where the browser goes.
    pub authorize: Option<Url>,
    /// Where tokens are had.
    pub token: Option<Url>,
    /// Where a sign-in without a browser begins.
    pub device: Option<Url>,
    /// Where a sign-in is ended (RFC 7009). With a `token` address of another server and without this one, no
    /// sign-in can be ended from here.
    pub revoke: Option<Url>,
    /// The root of the API, its version included.
    pub api: Option<Url>,
    /// Google: where batches go.
    pub batch: Option<Url>,
    /// The port of the redirect address, for a client that is registered with a fixed one.
    pub redirect_port: Option<u16>,
}

impl Endpoints {
    /// Reads a file of endpoints; `name` is what messages call it.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let endpoints: Self = toml::from_str(text).map_err(|error| {
            AppError::new(ErrorCode::InvalidValue, format!("{name}: {}", error.message())).hint(
                "it is TOML with the keys client_id, authorize, token, device, revoke, api, batch and \
                 redirect_port",
            )
        })?;
        endpoints.check(name)?;
        Ok(endpoints)
    }

    /// Fails when an address is not to be trusted with a token; `name` is what messages call its place.
    pub(crate) fn check(&self, name: &str) -> Result<()> {
        for (key, url) in self.urls() {
            let safe = url.scheme() == "https" || (url.scheme() == "http" && starmesh_http::is_loopback(url));
            if !safe {
                return Err(AppError::new(
                    ErrorCode::InvalidValue,
                    format!("{name}: {key} is not an https address"),
                )
                .hint("plain http is for this machine only"));
            }
        }
        Ok(())
    }

    fn urls(&self) -> impl Iterator<Item = (&'static str, &Url)> {
        [
            ("authorize", &self.authorize),
            ("token", &self.token),
            ("device", &self.device),
            ("revoke", &self.revoke),
            ("api", &self.api),
            ("batch", &self.batch),
        ]
        .into_iter()
        .filter_map(|(key, url)| Some((key, url.as_ref()?)))
    }

    /// A Google account with these endpoints.
    pub(crate) fn google(self) -> Result<AccountKind> {
        let client_id = self.client("google")?;
        let own = starmesh_google::Endpoints::default();
        let revoke = match (self.revoke, &self.token) {
            (None, None) => Some(or(None, "https://oauth2.googleapis.com/revoke")?),
            // Another server's tokens are no business of Google's.
            (given, _) => given,
        };
        Ok(AccountKind::Google(OAuthAccount {
            client_id,
            authorize: or(self.authorize, "https://accounts.google.com/o/oauth2/v2/auth")?,
            token: or(self.token, "https://oauth2.googleapis.com/token")?,
            // Google's own gives no right to calendars.
            device: self.device,
            revoke,
            api: self.api.unwrap_or(own.api),
            batch: Some(self.batch.unwrap_or(own.batch)),
            port: self.redirect_port,
        }))
    }

    /// A Microsoft account with these endpoints.
    pub(crate) fn microsoft(self, tenant: &str, mailbox: Option<String>) -> Result<AccountKind> {
        let client_id = self.client("microsoft")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        if tenant.is_empty() || tenant.starts_with('.') || !tenant.chars().all(plain) {
            return Err(AppError::new(ErrorCode::InvalidValue, format!("“{tenant}” is no tenant"))
                .hint("it is a GUID, a domain, or one of common, organizations and consumers"));
        }
        let at = |path: &str| format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/{path}");
        Ok(AccountKind::Microsoft {
            sign_in: OAuthAccount {
                client_id,
                authorize: or(self.authorize, &at("authorize"))?,
                token: or(self.token, &at("token"))?,
                device: Some(or(self.device, &at("devicecode"))?),
                // Microsoft's own has no address that ends a single sign-in.
                revoke: self.revoke,
                api: or(self.api, starmesh_graph::Endpoints::API_DEFAULT)?,
                batch: None,
                port: self.redirect_port,
            },
            mailbox,
        })
    }

    fn client(&self, provider: &str) -> Result<String> {
        let given = self.client_id.as_deref().map(str::trim).filter(|id| !id.is_empty());
        given.map(str::to_owned).ok_or_else(|| {
            AppError::new(
                ErrorCode::InvalidValue,
                format!("this build has no client id of its own for {provider}"),
            )
            .hint(
                "register an app for desktops at the provider (docs/accounts.md says how) and give its id \
                 with --client-id",
            )
        })
    }
}

fn or(given: Option<Url>, own: &str) -> Result<Url> {
    match given {
        Some(url) => Ok(url),
        None => Url::parse(own)
            .map_err(|error| AppError::new(ErrorCode::Internal, format!("a built-in address: {error}"))),
    }
}

/// The client as which an account signs in.
pub(crate) fn oauth_client(kind: &AccountKind, secret: Option<SecretString>) -> Option<OAuthClient> {
    let (account, scopes, needed, parameters, loopback) = match kind {
        AccountKind::Caldav { .. } | AccountKind::Ics { .. } => return None,
        AccountKind::Google(account) => (
            account,
            starmesh_google::SCOPES.to_vec(),
            starmesh_google::SCOPES.to_vec(),
            // A refresh token comes for certain only with the consent screen.
            vec![("access_type", "offline"), ("prompt", "consent")],
            LoopbackHost::Address,
        ),
        AccountKind::Microsoft { sign_in, mailbox } => {
            let calendars =
                if mailbox.is_some() { "Calendars.ReadWrite.Shared" } else { "Calendars.ReadWrite" };
            let mut scopes = vec!["openid", "profile", "offline_access", "User.Read", "Calendars.ReadWrite"];
            scopes.extend(mailbox.as_ref().map(|_| calendars));
            (
                sign_in,
                scopes,
                vec![calendars],
                vec![("response_mode", "query"), ("prompt", "select_account")],
                LoopbackHost::Name,
            )
        }
    };
    let owned = |scopes: Vec<&str>| scopes.into_iter().map(str::to_owned).collect();
    Some(OAuthClient {
        id: account.client_id.clone(),
        secret,
        authorize: account.authorize.clone(),
        token: account.token.clone(),
        device: account.device.clone(),
        scopes: owned(scopes),
        needed_scopes: owned(needed),
        parameters: parameters.into_iter().map(|(name, value)| (name, value.to_owned())).collect(),
        loopback,
        port: account.port,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Endpoints> {
        Endpoints::parse("sim.toml", text)
    }

    #[test]
    fn a_file_may_name_any_of_the_addresses() {
        let endpoints = parse(
            "client_id = 'me'\napi = 'http://127.0.0.1:8080/v1.0'\ntoken = 'https://login.example/token'",
        )
        .unwrap();
        let Ok(AccountKind::Microsoft { sign_in, .. }) = endpoints.microsoft("common", None) else {
            panic!("an account of Microsoft")
        };
        assert_eq!(sign_in.api.as_str(), "http://127.0.0.1:8080/v1.0");
        assert_eq!(sign_in.token.as_str(), "https://login.example/token");
        assert_eq!(
            sign_in.authorize.as_str(),
            "https://login.microsoftonline.com/common/oauth2/v2.0/authorize"
        );
    }

    #[test]
    fn a_file_that_cannot_be_meant_is_refused_by_name() {
        for text in ["api = 5", "apis = 'https://x.example'", "token = 'http://login.example/token'", "["] {
            let error = parse(text).err().unwrap();
            assert_eq!(error.code, ErrorCode::InvalidValue, "{text}");
            assert!(error.message.starts_with("sim.toml: "), "{}", error.message);
        }
    }

    #[test]
    fn a_sign_in_is_ended_where_it_was_made_and_nowhere_else() {
        let ends_at = |text: &str| {
            let google = parse(&format!("client_id = 'me'\n{text}")).unwrap().google().unwrap();
            let AccountKind::Google(account) = google else { panic!("an account of Google") };
            account.revoke.map(String::from)
        };
        assert_eq!(ends_at("").as_deref(), Some("https://oauth2.googleapis.com/revoke"));
        assert_eq!(ends_at("token = 'https://gateway.example/token'"), None);
        let both = "token = 'https://gateway.example/token'\nrevoke = 'https://gateway.example/revoke'";
        assert_eq!(ends_at(both).as_deref(), Some("https://gateway.example/revoke"));
    }

    #[test]
    fn a_tenant_is_no_path() {
        let endpoints = || Endpoints { client_id: Some("me".to_owned()), ..Endpoints::default() };
        assert!(endpoints().microsoft("contoso.example", None).is_ok());
        for tenant in ["", "a/b", "common?x", "a b", ".."] {
            assert!(endpoints().microsoft(tenant, None).is_err(), "{tenant}");
        }
    }

    #[test]
    fn without_a_client_id_the_error_says_where_to_get_one() {
        let error = Endpoints::default().google().err().unwrap();
        assert!(error.hint.is_some_and(|hint| hint.contains("--client-id")));
    }

    #[test]
    fn another_mailbox_needs_the_right_to_shared_calendars() {
        let endpoints = || Endpoints { client_id: Some("me".to_owned()), ..Endpoints::default() };
        let needed = |mailbox: Option<&str>| {
            let kind = endpoints().microsoft("common", mailbox.map(str::to_owned)).unwrap();
            oauth_client(&kind, None).unwrap().needed_scopes
        };
        assert_eq!(needed(None), ["Calendars.ReadWrite"]);
        assert_eq!(needed(Some("boss@corp.example")), ["Calendars.ReadWrite.Shared"]);
    }
}
