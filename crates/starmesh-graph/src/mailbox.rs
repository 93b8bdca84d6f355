//! Which cloud, and whose calendars.

use url::Url;

use crate::call::encode_segment;

/// Where an account's API is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoints {
    /// The root of the API with its version, without a slash at the end.
    api: Url,
}

impl Endpoints {
    /// The worldwide cloud.
    pub const API_DEFAULT: &'static str = "https://graph.microsoft.com/v1.0";

    /// The API at `api`, its version included: a national cloud, a gateway, a simulator.
    pub fn at(mut api: Url) -> Self {
        let path = api.path().trim_end_matches('/').to_owned();
        api.set_path(&path);
        api.set_query(None);
        api.set_fragment(None);
        Self { api }
    }

    /// The root of the API.
    pub fn api(&self) -> &Url {
        &self.api
    }

    /// The URL of `path`, which starts with a slash and may carry a query.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.api.as_str().trim_end_matches('/'))
    }

    /// True when `link` leads to this very API: only then may it be followed, since every request carries
    /// the account's token.
    pub(crate) fn holds(&self, link: &Url) -> bool {
        let prefix = format!("{}/", self.api.path().trim_end_matches('/'));
        link.origin() == self.api.origin() && link.path().starts_with(&prefix)
    }
}

/// Whose calendars an account reads and writes.
#[derive(Clone, PartialEq, Eq)]
pub enum Mailbox {
    /// Those of the person who signed in, with the shared ones that they accepted.
    Me,
    /// Those of another mailbox, shared or delegated, by its address.
    Address(String),
}

impl std::fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Me => f.write_str("Mailbox::Me"),
            Self::Address(_) => f.write_str("Mailbox::Address(..)"),
        }
    }
}

impl Mailbox {
    /// The path under which its calendars are.
    pub(crate) fn root(&self) -> String {
        match self {
            Self::Me => "/me".to_owned(),
            Self::Address(address) => format!("/users/{}", encode_segment(address.trim())),
        }
    }

    /// The part of a lasting name that stands for the mailbox, where it needs no request.
    pub(crate) fn known_id(&self) -> Option<String> {
        match self {
            Self::Me => None,
            Self::Address(address) => Some(address.trim().to_lowercase()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_into_the_same_api_are_followed() {
        let endpoints = Endpoints::at(Url::parse("https://graph.example.org/v1.0/").unwrap());
        let holds = |link: &str| endpoints.holds(&Url::parse(link).unwrap());
        assert!(holds("https://graph.example.org/v1.0/me/calendars?$skip=10"));
        assert!(!holds("https://graph.example.org.evil.net/v1.0/me"));
        assert!(!holds("https://graph.example.org:8443/v1.0/me"));
        assert!(!holds("http://graph.example.org/v1.0/me"));
        assert!(!holds("https://graph.example.org/v1.0x/me"));
        assert!(!holds("https://graph.example.org/beta/me"));
    }

    #[test]
    fn an_address_stands_encoded_in_a_path() {
        assert_eq!(Mailbox::Address("o'neil+x@ex.org".to_owned()).root(), "/users/o%27neil%2Bx%40ex.org");
    }
}
