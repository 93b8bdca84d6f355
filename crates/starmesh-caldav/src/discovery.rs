//! From a URL or a mail address to the homes of an account's calendars.
//!
//! The order is that of the facts in the field: the URL itself, `/.well-known/caldav`, the root of the
//! host; and for a mail address the DNS first (RFC 6764, section 6). Servers that know no principals
//! (those of Synology, mail.ru) are taken at the given URL, as a home or as a calendar.

use std::time::Duration;

use libdav::sd::{DiscoverableService, find_context_path_via_txt_records, resolve_srv_record};
use serde::{Deserialize, Serialize};
use starmesh_http::{FinalUrl, Response, may_send_credentials};
use starmesh_provider::{ErrorKind, ProviderError, Result};
use url::Url;

use crate::connection::{CaldavAccount, CaldavNetwork, Connection};
use crate::entry::Entry;
use crate::errors::{from_wire, host, refused};
use crate::href::collection_url;
use crate::requests::{FindAddresses, FindHome, FindPrincipal, Place};

/// How long the DNS may take to name the server of a mail address.
const DNS_TIMEOUT: Duration = Duration::from_secs(10);

/// What was found of an account. Holds no secret, and is kept so that it need not be found again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Discovered {
    /// The URL that the credentials belong to.
    pub server: Url,
    /// The principal, where the server knows one.
    pub principal: Option<Url>,
    /// The collections that hold calendars.
    pub homes: Vec<Url>,
    /// Calendars outside any home: a URL given for one calendar of somebody else.
    pub calendars: Vec<Url>,
    /// The addresses under which others invite the owner.
    pub addresses: Vec<String>,
}

/// Finds the calendars of `account`, proving its credentials on the way.
pub async fn discover(account: &CaldavAccount, network: &CaldavNetwork) -> Result<Discovered> {
    match &account.entry {
        Entry::Url(url) => search(account, network, url).await,
        Entry::MailDomain(domain) => {
            let mut failure = None;
            for start in servers_of_mail(domain).await? {
                match search(account, network, &start).await {
                    Ok(discovered) => return Ok(discovered),
                    Err(error) if error.kind == ErrorKind::NeedsSignIn => return Err(error),
                    Err(error) => failure = Some(failure.unwrap_or(error)),
                }
            }
            Err(failure.unwrap_or_else(|| no_server(domain)))
        }
    }
}

async fn search(account: &CaldavAccount, network: &CaldavNetwork, start: &Url) -> Result<Discovered> {
    let search = Search { connection: Connection::new(account, start, network), start };
    let mut given = None;
    let mut failure = None;
    for candidate in search.candidates() {
        match search.place_at(&candidate).await {
            Ok((url, place)) => {
                if let Some(principal) = place.principal.as_deref().and_then(|href| url.join(href).ok()) {
                    let here = (candidate == *start).then_some((url, place.is_calendar));
                    return search.homes_of(principal, given.or(here), account).await;
                }
                if candidate == *start && place.is_collection {
                    given = Some((url, place.is_calendar));
                }
            }
            // A wrong password or a dead network stays so at the next candidate.
            Err(error) if is_final(error.kind) => return Err(error),
            Err(error) => failure = Some(failure.unwrap_or(error)),
        }
    }
    match given {
        Some((url, is_calendar)) => Ok(search.without_principal(&url, is_calendar, account)),
        None => Err(failure.unwrap_or_else(|| no_server(&host(start)))),
    }
}

struct Search<'a> {
    connection: Connection,
    start: &'a Url,
}

impl Search<'_> {
    fn candidates(&self) -> Vec<Url> {
        let mut candidates = vec![self.start.clone()];
        for path in ["/.well-known/caldav", "/"] {
            let mut url = self.start.clone();
            url.set_path(path);
            if !candidates.contains(&url) {
                candidates.push(url);
            }
        }
        candidates
    }

    async fn place_at(&self, url: &Url) -> Result<(Url, Place)> {
        let response = self.connection.send(FindPrincipal::prepare(url)).await?;
        let answered = final_url(&response, url);
        let place = read(&answered, &response, FindPrincipal::parse)?;
        Ok((answered, place))
    }

    /// `given` is the collection at the given URL, and whether it is a calendar.
    async fn homes_of(
        &self,
        principal: Url,
        given: Option<(Url, bool)>,
        account: &CaldavAccount,
    ) -> Result<Discovered> {
        let request = FindHome::prepare(&principal).map_err(|_| unusable(&principal))?;
        let response = self.connection.send(request).await?;
        let answered = final_url(&response, &principal);
        let hrefs = read(&answered, &response, FindHome::parse)?;
        let mut homes: Vec<Url> = Vec::new();
        for href in hrefs {
            let home = collection_url(&answered.join(&href).map_err(|_| unusable(&answered))?);
            if !homes.contains(&home) {
                homes.push(home);
            }
        }
        if homes.is_empty() {
            let Some((url, is_calendar)) = given else { return Err(no_server(&host(self.start))) };
            return Ok(self.without_principal(&url, is_calendar, account));
        }
        let outside = |url: &Url| !homes.iter().any(|home| url.as_str().starts_with(home.as_str()));
        let calendars = given
            .filter(|(_, is_calendar)| *is_calendar)
            .map(|(url, _)| collection_url(&url))
            .filter(outside)
            .into_iter()
            .collect();
        let addresses = self.addresses_of(&principal, account).await?;
        Ok(Discovered { server: self.start.clone(), principal: Some(principal), homes, calendars, addresses })
    }

    /// A server without scheduling does not know the addresses; then the user's name may be one.
    async fn addresses_of(&self, principal: &Url, account: &CaldavAccount) -> Result<Vec<String>> {
        let request = FindAddresses::prepare(principal).map_err(|_| unusable(principal))?;
        let response = self.connection.send(request).await?;
        let mut addresses = match response.status() {
            status if status.is_success() => read(principal, &response, FindAddresses::parse)?,
            _ => Vec::new(),
        };
        addresses.extend(own_name(account));
        Ok(addresses)
    }

    fn without_principal(&self, url: &Url, is_calendar: bool, account: &CaldavAccount) -> Discovered {
        let place = vec![collection_url(url)];
        let (homes, calendars) = if is_calendar { (Vec::new(), place) } else { (place, Vec::new()) };
        Discovered {
            server: self.start.clone(),
            principal: None,
            homes,
            calendars,
            addresses: own_name(account).into_iter().collect(),
        }
    }
}

/// The user's name, where it is a mail address.
fn own_name(account: &CaldavAccount) -> Option<String> {
    account.user.contains('@').then(|| account.user.clone())
}

fn read<T>(
    url: &Url,
    response: &Response,
    parse: impl FnOnce(&Response) -> std::result::Result<T, crate::wire::WireError>,
) -> Result<T> {
    if !response.status().is_success() {
        return Err(refused(url, response));
    }
    parse(response).map_err(|error| from_wire(url, error))
}

fn final_url(response: &Response, asked: &Url) -> Url {
    response.extensions().get::<FinalUrl>().map_or_else(|| asked.clone(), |url| url.0.clone())
}

fn is_final(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NeedsSignIn | ErrorKind::Offline | ErrorKind::Untrusted | ErrorKind::Throttled { .. }
    )
}

fn no_server(name: &str) -> ProviderError {
    ProviderError::new(ErrorKind::Refused, format!("no CalDAV server answers at {name}"))
}

fn unusable(url: &Url) -> ProviderError {
    ProviderError::new(ErrorKind::InvalidData, format!("{} names an address that cannot be used", host(url)))
}

/// The URLs at which the server for the mail addresses of `domain` may be, best first.
///
/// Nothing proves an answer of the DNS, so the password goes to hosts of the same registrable domain only;
/// for another one the person has to give its URL, and thereby agree.
async fn servers_of_mail(domain: &str) -> Result<Vec<Url>> {
    let fallback = https(domain, None, "/.well-known/caldav").into_iter();
    let Ok(name) = domain.parse::<domain::base::Name<Vec<u8>>>() else { return Ok(fallback.collect()) };
    let service = DiscoverableService::CalDavs;
    let lookup = async {
        let found = resolve_srv_record(service, &name, service.default_port()).await?;
        // Without a path in the DNS, or with an unreadable one, the well-known place leads on.
        let path = find_context_path_via_txt_records(service, &name).await.unwrap_or_default();
        Ok::<_, libdav::sd::DnsError>((found, path))
    };
    // Many domains have no such records, and some resolvers answer nothing at all to the question: the
    // domain itself may still be the server.
    let Ok(Ok((found, path))) = tokio::time::timeout(DNS_TIMEOUT, lookup).await else {
        return Ok(fallback.collect());
    };
    let Some(found) = found else {
        return Err(ProviderError::new(
            ErrorKind::Refused,
            format!("{domain} declares that it has no CalDAV server"),
        ));
    };
    let path = path.as_ref().map_or("/.well-known/caldav", |path| path.as_str());
    let servers: Vec<Url> = found
        .iter()
        .filter_map(|(name, port)| https(name.trim_end_matches('.'), Some(*port), path))
        .collect();
    same_site_only(domain, servers)
}

fn same_site_only(domain: &str, servers: Vec<Url>) -> Result<Vec<Url>> {
    let Some(home) = https(domain, None, "/") else { return Err(no_server(domain)) };
    let (own, foreign): (Vec<Url>, Vec<Url>) =
        servers.into_iter().partition(|server| may_send_credentials(&home, server));
    match foreign.first() {
        Some(server) if own.is_empty() => Err(ProviderError::new(
            ErrorKind::Refused,
            format!("{domain} names {} as its server: give that address to agree", host(server)),
        )),
        _ => Ok(own),
    }
}

fn https(host: &str, port: Option<u16>, path: &str) -> Option<Url> {
    let mut url = Url::parse(&format!("https://{host}")).ok()?;
    url.set_port(port).ok()?;
    url.set_path(path);
    Some(url)
}

#[cfg(test)]
mod tests;
