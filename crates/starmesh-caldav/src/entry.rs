//! What a person types to name a CalDAV server: a URL, a host, or a mail address.

use url::Url;

/// Where the search for calendars starts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Entry {
    /// A URL on the server.
    Url(Url),
    /// The domain of a mail address; its server is named in the DNS (RFC 6764, section 6).
    MailDomain(String),
}

/// Why a text names no server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EntryProblem {
    /// Nothing there.
    #[error("the address is empty")]
    Empty,
    /// Not a web address.
    #[error("the address is not a web address (https://…) or a mail address")]
    NotAnAddress,
}

impl Entry {
    /// Reads `text`: a URL, a mail address, or a host with or without a path, which means https.
    pub fn parse(text: &str) -> Result<Self, EntryProblem> {
        let text = text.trim();
        if text.is_empty() {
            return Err(EntryProblem::Empty);
        }
        if let Some((scheme, rest)) = text.split_once("://") {
            let scheme = match scheme.to_ascii_lowercase().as_str() {
                "https" | "caldavs" => "https",
                "http" | "caldav" => "http",
                _ => return Err(EntryProblem::NotAnAddress),
            };
            return web(&format!("{scheme}://{rest}"));
        }
        match text.strip_prefix("mailto:").unwrap_or(text).split_once('@') {
            Some((user, domain)) if !user.is_empty() && !domain.contains(['/', '@', ':']) => {
                // The URL parser knows what a host name may look like.
                let Self::Url(url) = web(&format!("https://{domain}"))? else {
                    return Err(EntryProblem::NotAnAddress);
                };
                let domain = url.domain().ok_or(EntryProblem::NotAnAddress)?;
                Ok(Self::MailDomain(domain.to_owned()))
            }
            Some(_) => Err(EntryProblem::NotAnAddress),
            None => web(&format!("https://{text}")),
        }
    }
}

fn web(text: &str) -> Result<Entry, EntryProblem> {
    let mut url = Url::parse(text).map_err(|_| EntryProblem::NotAnAddress)?;
    if url.host_str().is_none_or(str::is_empty) {
        return Err(EntryProblem::NotAnAddress);
    }
    // Credentials come separately; a query or fragment means nothing to CalDAV.
    url.set_username("").map_err(|()| EntryProblem::NotAnAddress)?;
    url.set_password(None).map_err(|()| EntryProblem::NotAnAddress)?;
    url.set_fragment(None);
    url.set_query(None);
    Ok(Entry::Url(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_hosts_and_mail_addresses_are_understood() {
        let url = |text: &str| Ok(Entry::Url(Url::parse(text).unwrap()));
        for (text, expected) in [
            (" https://dav.example.org/x/ ", url("https://dav.example.org/x/")),
            ("https://ada:pw@dav.example.org/x/?y#z", url("https://dav.example.org/x/")),
            ("http://127.0.0.1:5232/", url("http://127.0.0.1:5232/")),
            ("caldavs://example.org/", url("https://example.org/")),
            ("dav.example.org/x", url("https://dav.example.org/x")),
            ("ada@Example.org", Ok(Entry::MailDomain("example.org".to_owned()))),
            ("mailto:ada@example.org", Ok(Entry::MailDomain("example.org".to_owned()))),
            ("", Err(EntryProblem::Empty)),
            ("ftp://example.org/", Err(EntryProblem::NotAnAddress)),
            ("https://", Err(EntryProblem::NotAnAddress)),
            ("ada@", Err(EntryProblem::NotAnAddress)),
            ("ada@example.org/x", Err(EntryProblem::NotAnAddress)),
        ] {
            assert_eq!(Entry::parse(text), expected, "{text}");
        }
    }
}
