//! The address of a feed.

use std::fmt;

use data_encoding::BASE32HEX_NOPAD;
use sha2::{Digest, Sha256};
use starmesh_core::ids::LastingName;
use starmesh_http::is_loopback;
use url::Url;

/// The address of a feed. Whoever has it can read the calendar, so it shows its host only.
#[derive(Clone, PartialEq, Eq)]
pub struct FeedAddress(Url);

/// Why a text is no address of a feed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AddressProblem {
    /// Nothing there.
    #[error("the address is empty")]
    Empty,
    /// Not a web address.
    #[error("the address is not that of a feed (https://… or webcal://…)")]
    NotAnAddress,
    /// Credentials in an address end up in too many places.
    #[error("the address holds a password")]
    HoldsPassword,
}

/// Bytes of the digest in a name: enough that no two addresses share it, and none is found from it.
const DIGEST_BYTES: usize = 20;

impl FeedAddress {
    /// Reads `text`. `webcal` and `webcals` say that a calendar program should open the address, over https;
    /// an address without a scheme means https, too.
    pub fn parse(text: &str) -> Result<Self, AddressProblem> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AddressProblem::Empty);
        }
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
                "https" | "webcal" | "webcals" => ("https", rest),
                "http" => ("http", rest),
                _ => return Err(AddressProblem::NotAnAddress),
            },
            None => ("https", text),
        };
        let mut url = Url::parse(&format!("{scheme}://{rest}")).map_err(|_| AddressProblem::NotAnAddress)?;
        if url.host_str().is_none_or(str::is_empty) {
            return Err(AddressProblem::NotAnAddress);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressProblem::HoldsPassword);
        }
        url.set_fragment(None);
        Ok(Self(url))
    }

    /// The whole address, for a request and for the vault.
    pub fn expose(&self) -> &Url {
        &self.0
    }

    /// Its host, and port where it has one.
    pub fn host(&self) -> String {
        host_of(&self.0)
    }

    /// The part of it that may be shown.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.0.scheme(), self.host())
    }

    /// True when everybody on the way can read the address and the calendar.
    pub fn is_in_clear(&self) -> bool {
        self.0.scheme() != "https" && !is_loopback(&self.0)
    }

    /// The name of the feed's calendar, the same on every device that is given this address. The digest needs no
    /// key: an address that a person can guess protects nothing.
    pub fn lasting_name(&self) -> LastingName {
        let mut hash = Sha256::new();
        hash.update(b"starmesh feed\0");
        hash.update(self.0.as_str());
        let digest = BASE32HEX_NOPAD.encode(&hash.finalize()[..DIGEST_BYTES]).to_ascii_lowercase();
        LastingName::new(format!("feed:{}:{digest}", self.host()))
    }
}

impl fmt::Debug for FeedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FeedAddress({}/..)", self.origin())
    }
}

/// The host of `url`, for messages.
fn host_of(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => "the server".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calendar_schemes_mean_https_and_nothing_else_is_taken() {
        let url = |text: &str| Ok(FeedAddress(Url::parse(text).unwrap()));
        for (text, expected) in [
            (" https://example.org/a.ics?key=b#c ", url("https://example.org/a.ics?key=b")),
            ("webcal://example.org/a.ics", url("https://example.org/a.ics")),
            ("WebCals://example.org:8443/a", url("https://example.org:8443/a")),
            ("http://example.org/a.ics", url("http://example.org/a.ics")),
            ("example.org/a.ics", url("https://example.org/a.ics")),
            ("", Err(AddressProblem::Empty)),
            ("ftp://example.org/a.ics", Err(AddressProblem::NotAnAddress)),
            ("file:///etc/passwd", Err(AddressProblem::NotAnAddress)),
            ("https://", Err(AddressProblem::NotAnAddress)),
            ("https://ada:pw@example.org/a.ics", Err(AddressProblem::HoldsPassword)),
            ("webcal://ada@example.org/a.ics", Err(AddressProblem::HoldsPassword)),
        ] {
            assert_eq!(FeedAddress::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn an_address_shows_its_host_only() {
        let address =
            FeedAddress::parse("https://example.org:8443/private-s3cret/basic.ics?t=s3cret").unwrap();
        for shown in
            [format!("{address:?}"), address.host(), address.origin(), address.lasting_name().to_string()]
        {
            assert!(shown.contains("example.org:8443") && !shown.contains("s3cret"), "{shown}");
        }
    }

    #[test]
    fn a_name_stays_the_same_and_differs_by_address() {
        let name = |text: &str| FeedAddress::parse(text).unwrap().lasting_name();
        assert_eq!(name("webcal://example.org/a.ics"), name("https://example.org/a.ics"));
        assert_ne!(name("https://example.org/a.ics"), name("https://example.org/b.ics"));
        // Mirrors that stand are known by it: it may never change.
        assert_eq!(
            name("https://example.org/a.ics").as_str(),
            "feed:example.org:p65130dn1kbejjr02vfj6ucf1imbac1h"
        );
    }

    #[test]
    fn only_what_leaves_this_computer_is_in_clear() {
        let in_clear = |text: &str| FeedAddress::parse(text).unwrap().is_in_clear();
        assert!(in_clear("http://example.org/a.ics"));
        assert!(!in_clear("https://example.org/a.ics"));
        assert!(!in_clear("http://127.0.0.1:8000/a.ics"));
    }
}
