//! Who we are at a provider, and where it is asked.

use std::fmt;

use secrecy::SecretString;
use url::Url;

/// A client registered at a provider as an app for desktops.
#[derive(Clone)]
pub struct OAuthClient {
    /// The client id.
    pub id: String,
    /// The secret that some providers want even from desktop apps, which cannot keep one; Microsoft
    /// refuses it.
    pub secret: Option<SecretString>,
    /// Where the browser goes.
    pub authorize: Url,
    /// Where codes and refresh tokens are exchanged.
    pub token: Url,
    /// Where a device code is asked for, if the provider has that way.
    pub device: Option<Url>,
    /// Everything that is asked for.
    pub scopes: Vec<String>,
    /// Those of `scopes` without which nothing works. The provider's answer may write them with or without
    /// the address of its API before them.
    pub needed_scopes: Vec<String>,
    /// Further parameters for the browser's address.
    pub parameters: Vec<(&'static str, String)>,
    /// Which name of this machine the provider sends the browser back to.
    pub loopback: LoopbackHost,
    /// The port of the redirect address, for registrations with a fixed one; else any free one.
    pub port: Option<u16>,
}

/// A name of this machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LoopbackHost {
    /// `127.0.0.1`, as RFC 8252, section 7.3, recommends.
    Address,
    /// `localhost`: the only one that Microsoft's portal takes.
    Name,
}

impl OAuthClient {
    /// The scopes that are needed and not among those `granted`.
    pub(crate) fn missing_scopes(&self, granted: &[String]) -> Vec<String> {
        let granted: Vec<String> = granted.iter().map(|scope| plain(scope)).collect();
        self.needed_scopes.iter().filter(|scope| !granted.contains(&plain(scope))).cloned().collect()
    }

    /// Where an administrator allows this client for a whole organisation: Microsoft's page beside the
    /// authorize address (`…/adminconsent`); `None` for providers that have none.
    pub(crate) fn admin_consent(&self) -> Option<Url> {
        let base = self.authorize.as_str().strip_suffix("/oauth2/v2.0/authorize")?;
        // Nobody administers the tenants "common" and "consumers".
        let (host, tenant) = base.rsplit_once('/')?;
        let tenant = if matches!(tenant, "common" | "consumers") { "organizations" } else { tenant };
        let mut url = Url::parse(&format!("{host}/{tenant}/adminconsent")).ok()?;
        url.query_pairs_mut().append_pair("client_id", &self.id);
        Some(url)
    }
}

/// A scope without the address of its API, in small letters: Microsoft writes it either way.
fn plain(scope: &str) -> String {
    let scope = scope.trim().to_ascii_lowercase();
    scope.rsplit('/').next().map_or_else(String::new, str::to_owned)
}

impl fmt::Debug for OAuthClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthClient").field("authorize", &self.authorize.host_str()).finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn client() -> OAuthClient {
        OAuthClient {
            id: "client".to_owned(),
            secret: None,
            authorize: "https://login.example/common/oauth2/v2.0/authorize".parse().unwrap(),
            token: "https://login.example/common/oauth2/v2.0/token".parse().unwrap(),
            device: Some("https://login.example/common/oauth2/v2.0/devicecode".parse().unwrap()),
            scopes: ["offline_access", "Calendars.ReadWrite"].map(str::to_owned).to_vec(),
            needed_scopes: vec!["Calendars.ReadWrite".to_owned()],
            parameters: vec![("prompt", "select_account".to_owned())],
            loopback: LoopbackHost::Address,
            port: None,
        }
    }

    #[test]
    fn a_scope_counts_with_or_without_the_address_of_its_api() {
        let granted = |scope: &str| client().missing_scopes(&[scope.to_owned()]);
        assert!(granted("https://graph.example/calendars.readwrite").is_empty());
        assert!(granted("Calendars.ReadWrite").is_empty());
        assert_eq!(granted("Calendars.Read"), ["Calendars.ReadWrite"]);
    }

    #[test]
    fn an_administrator_gets_an_address_of_the_organisation() {
        let link = client().admin_consent().unwrap();
        assert_eq!(link.as_str(), "https://login.example/organizations/adminconsent?client_id=client");
        let other = OAuthClient { authorize: "https://accounts.example/auth".parse().unwrap(), ..client() };
        assert_eq!(other.admin_consent(), None);
    }
}
