//! Who may see the credentials.

use url::{Host, Url};

/// True when credentials given for `trusted` may be sent to `target`: the same host, or one under the same
/// registrable domain (iCloud serves each account from `pNN-caldav.icloud.com`), and never in clear except
/// on this computer.
pub fn may_send_credentials(trusted: &Url, target: &Url) -> bool {
    let in_clear = target.scheme() != "https" && !is_loopback(target);
    !in_clear && same_site(trusted, target)
}

/// True when `url` names this very computer.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn same_site(one: &Url, other: &Url) -> bool {
    match (one.host(), other.host()) {
        (Some(Host::Domain(one)), Some(Host::Domain(other))) => {
            one == other || registrable(one).is_some_and(|domain| registrable(other) == Some(domain))
        }
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

/// The part of a host name that somebody registered, by the Public Suffix List: without it, everybody
/// under `co.uk` or a dynamic DNS service would be one site. Unlisted suffixes count as none, so that two
/// machines of a home network are two sites.
fn registrable(host: &str) -> Option<&str> {
    let domain = psl::domain(host.trim_end_matches('.').as_bytes())?;
    if !domain.suffix().is_known() {
        return None;
    }
    std::str::from_utf8(domain.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(trusted: &str, target: &str) -> bool {
        may_send_credentials(&Url::parse(trusted).unwrap(), &Url::parse(target).unwrap())
    }

    #[test]
    fn credentials_go_to_the_same_host_and_its_siblings_only() {
        assert!(may("https://caldav.icloud.com/", "https://p42-caldav.icloud.com:443/1/"));
        assert!(may("https://example.org/", "https://dav.example.org/"));
        assert!(may("https://dav.example.co.uk/", "https://dav.example.co.uk:8443/"));
        assert!(!may("https://example.co.uk/", "https://other.co.uk/"));
        assert!(!may("https://a.github.io/", "https://b.github.io/"));
        assert!(!may("https://example.org/", "https://example.org.evil.net/"));
        assert!(!may("https://nas.home/", "https://tv.home/"));
        assert!(!may("https://192.0.2.1/", "https://192.0.2.2/"));
    }

    #[test]
    fn credentials_cross_the_network_encrypted_only() {
        assert!(!may("https://example.org/", "http://example.org/"));
        assert!(!may("http://example.org/", "http://example.org/"));
        assert!(may("http://127.0.0.1:5232/", "http://127.0.0.1:5233/"));
        assert!(may("http://[::1]/", "http://[::1]/"));
        assert!(may("http://localhost/", "http://localhost/x"));
    }
}
