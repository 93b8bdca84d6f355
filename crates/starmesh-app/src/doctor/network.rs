//! The way to the servers: proxy, name, connection, their clocks, and whether they let the account in. Each look has
//! its time, all go on at once, and one account's trouble hides no other's.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use futures::future::join_all;
use starmesh_http::{Answered, HttpError, Unreachable, addresses, probe};
use starmesh_provider::{ProviderError, Providers, RemoteCalendar};
use starmesh_store::state::{Account, AccountKind};
use tokio::time::timeout;
use url::Url;

use super::{count, lasting};
use crate::dto::{CheckDto, FindingDto, VerdictDto};
use crate::error::{AppError, ErrorCode};
use crate::names::Directory;
use crate::open::Starmesh;

/// How long one look at a server may take: a slow handshake over a slow line takes a few seconds.
const LOOK_WITHIN: Duration = Duration::from_secs(10);

/// How long signing in and listing the calendars may take: some requests one after the other.
const SIGN_IN_WITHIN: Duration = Duration::from_secs(30);

/// A clock that is off by no more harms nothing: answers travel for a while, and `Date` has whole seconds.
const SKEW_MAX: TimeDelta = TimeDelta::seconds(30);

/// A clock that is off by more makes certificates and tokens seem expired or not valid yet.
const SKEW_HARMFUL: TimeDelta = TimeDelta::minutes(5);

/// What is said where nobody asked for the network.
pub(super) fn not_asked() -> Vec<FindingDto> {
    let not_asked = |check| FindingDto::not_checked(check, "no server was asked (--offline)");
    [CheckDto::Clock, CheckDto::Connection, CheckDto::SignIn].map(not_asked).into()
}

/// What was seen of one account's servers.
#[derive(Default)]
struct Seen {
    findings: Vec<FindingDto>,
    /// How far servers' clocks are ahead of ours.
    skews: Vec<TimeDelta>,
}

pub(super) async fn look(starmesh: &Starmesh, directory: &Directory) -> Vec<FindingDto> {
    let looks = directory.accounts().map(|account| of_account(starmesh, directory, account));
    let mut findings = Vec::new();
    let mut skews = Vec::new();
    for seen in join_all(looks).await {
        findings.extend(seen.findings);
        skews.extend(seen.skews);
    }
    findings.push(judge_clock(&skews));
    findings
}

async fn of_account(starmesh: &Starmesh, directory: &Directory, account: &Account) -> Seen {
    let servers = servers(directory, account);
    let looks = servers.values().map(|server| of_server(starmesh, server));
    let mut seen = Seen::default();
    let mut reached = servers.is_empty();
    for of_one in join_all(looks).await {
        reached |= !of_one.skews.is_empty()
            || of_one.findings.iter().all(|finding| finding.verdict != VerdictDto::Failed);
        seen.findings.extend(of_one.findings);
        seen.skews.extend(of_one.skews);
    }
    seen.findings.push(if reached {
        sign_in(starmesh, account).await
    } else {
        FindingDto::not_checked(CheckDto::SignIn, "no server of the account answers")
    });
    seen.findings = seen.findings.into_iter().map(|finding| finding.of_account(&account.name)).collect();
    seen
}

/// The servers of an account by scheme, name and port.
fn servers(directory: &Directory, account: &Account) -> BTreeMap<String, Url> {
    let mut urls: Vec<Url> = match &account.kind {
        AccountKind::Caldav { url, .. } => match starmesh_caldav::Entry::parse(url) {
            Ok(starmesh_caldav::Entry::Url(url)) => vec![url],
            // The server of a mail domain was found when the account was added: its calendars say where.
            Ok(starmesh_caldav::Entry::MailDomain(_)) | Err(_) => Vec::new(),
        },
        AccountKind::Ics { origin, .. } => Url::parse(origin).ok().into_iter().collect(),
        AccountKind::Google(sign_in) | AccountKind::Microsoft { sign_in, .. } => {
            [Some(&sign_in.token), Some(&sign_in.api), sign_in.batch.as_ref()]
                .into_iter()
                .flatten()
                .cloned()
                .collect()
        }
    };
    if matches!(account.kind, AccountKind::Caldav { .. }) {
        let own = directory.calendars().filter(|calendar| calendar.account == account.id);
        urls.extend(own.filter_map(|calendar| Url::parse(calendar.remote.name.as_str()).ok()));
    }
    urls.into_iter().map(|url| (url.origin().ascii_serialization(), url)).collect()
}

async fn of_server(starmesh: &Starmesh, server: &Url) -> Seen {
    let name = server.host_str().unwrap_or_default();
    let shown = server.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
    let mut seen = Seen::default();
    let proxy = starmesh.world.http.proxy.on_the_way_to(server);
    match &proxy {
        // Whoever asks a proxy lets it look up names.
        Some(proxy) => seen.findings.push(
            FindingDto::note(CheckDto::Proxy, "it is reached through a proxy, which looks up its name")
                .said(proxy.clone()),
        ),
        None if server.domain().is_some() => {
            seen.findings.push(judge_name(addresses(server, LOOK_WITHIN).await));
        }
        None => {}
    }
    let name_fails = seen.findings.iter().any(|finding| finding.verdict == VerdictDto::Failed);
    if !name_fails {
        let clock = &*starmesh.world.clock;
        let answered = probe(&*starmesh.providers.network().http(), clock, server, LOOK_WITHIN).await;
        seen.skews.extend(answered.as_ref().ok().and_then(skew));
        seen.findings.push(judge_connection(answered, server.scheme() == "https"));
    }
    seen.findings = seen.findings.into_iter().map(|finding| finding.at_host(&shown)).collect();
    seen
}

fn judge_name(found: Result<usize, HttpError>) -> FindingDto {
    match found {
        Ok(number) => {
            let addresses = if number == 1 { "1 address".to_owned() } else { format!("{number} addresses") };
            FindingDto::good(CheckDto::Dns, format!("its name has {addresses}"))
        }
        Err(error) => {
            let late = matches!(error, HttpError::Unreachable { cause: Unreachable::Timeout, .. });
            let message = if late { "its name was not looked up in time" } else { "its name has no address" };
            FindingDto::failed(CheckDto::Dns, message).because(failure(error)).action(
                "check the network connection and the name. The name is looked up by this computer's own resolver",
            )
        }
    }
}

fn judge_connection(answered: Result<Answered, HttpError>, encrypted: bool) -> FindingDto {
    const CHECK: CheckDto = CheckDto::Connection;
    match answered {
        Ok(answered) => {
            let took = answered.took.as_millis();
            let how = if encrypted {
                "over TLS, with a certificate that this computer trusts"
            } else {
                "without TLS"
            };
            FindingDto::good(CHECK, format!("it answers in {took} ms {how}"))
        }
        Err(error @ HttpError::Untrusted { .. }) => FindingDto::failed(
            CHECK,
            "its certificate is not to be trusted, so nothing is sent to it",
        )
        .because(failure(error))
        .action(
            "check the address and this computer's clock, or add the server's authority to the system's \
                     trusted certificates",
        ),
        Err(error) => FindingDto::failed(CHECK, "it does not answer")
            .because(failure(error))
            .action("check the network connection and the proxy; nothing is lost meanwhile"),
    }
}

fn failure(error: HttpError) -> AppError {
    let error = ProviderError::from(error);
    AppError::new(ErrorCode::of_provider(error.kind), error.message)
}

/// How far the server's clock is ahead of ours, at the middle of the exchange.
fn skew(answered: &Answered) -> Option<TimeDelta> {
    let half = TimeDelta::from_std(answered.took / 2).ok()?;
    Some(answered.date? - (answered.at - half))
}

/// A clock that agrees with any server's is right: two that are wrong are seldom wrong by the same.
fn judge_clock(skews: &[TimeDelta]) -> FindingDto {
    const CHECK: CheckDto = CheckDto::Clock;
    let Some(least) = skews.iter().copied().min_by_key(TimeDelta::abs) else {
        return FindingDto::not_checked(CHECK, "no server told its time");
    };
    let most = skews.iter().map(TimeDelta::abs).max().unwrap_or_default();
    let by = lasting(least.abs());
    if least.abs() <= SKEW_MAX {
        return if most <= SKEW_MAX {
            FindingDto::good(CHECK, format!("this computer's clock is within {by} of the servers'"))
        } else {
            FindingDto::note(
                CHECK,
                format!(
                    "this computer's clock agrees with a server's; another server's is off by {}",
                    lasting(most)
                ),
            )
        };
    }
    let way = if least > TimeDelta::zero() { "behind" } else { "ahead of" };
    let whose = if skews.len() == 1 { "the server's clock" } else { "the clocks of all servers" };
    let message = format!("this computer's clock is {by} {way} {whose}");
    let action = "set this computer's clock, and let it be kept by the network";
    if least.abs() > SKEW_HARMFUL {
        FindingDto::failed(CHECK, message).action(action)
    } else {
        FindingDto::warning(CHECK, message).action(action)
    }
}

/// Whether the account's server lets it in. It is asked for what every start asks: the list of calendars.
async fn sign_in(starmesh: &Starmesh, account: &Account) -> FindingDto {
    let listed = async { starmesh.providers.provider(&account.id).await?.list_calendars().await };
    judge_sign_in(timeout(SIGN_IN_WITHIN, listed).await.ok(), &account.name)
}

/// `None` is no answer in time.
fn judge_sign_in(listed: Option<Result<Vec<RemoteCalendar>, ProviderError>>, account: &str) -> FindingDto {
    const CHECK: CheckDto = CheckDto::SignIn;
    match listed {
        Some(Ok(calendars)) => {
            let calendars = count(calendars.len() as u64, "calendar");
            FindingDto::good(CHECK, format!("the account is let in and lists {calendars}"))
        }
        Some(Err(error)) => {
            let transient = error.kind.is_transient();
            let finding = if transient {
                FindingDto::warning(CHECK, "the account's server does not list its calendars at the moment")
            } else {
                FindingDto::failed(CHECK, "the account is not let in, or its calendars cannot be listed")
            };
            finding.because(AppError::of_provider("list the calendars", account, &error))
        }
        None => {
            let seconds = SIGN_IN_WITHIN.as_secs();
            FindingDto::warning(CHECK, format!("the calendars were not listed within {seconds} s"))
                .action("try again later; nothing is lost meanwhile")
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use starmesh_provider::ErrorKind;
    use starmesh_store::state::OAuthAccount;

    use super::*;
    use crate::names::tests::{account, calendar};

    fn clock(seconds: &[i64]) -> (VerdictDto, String) {
        let skews: Vec<_> = seconds.iter().copied().map(TimeDelta::seconds).collect();
        let found = judge_clock(&skews);
        (found.verdict, found.message)
    }

    #[test]
    fn the_clock_is_wrong_only_when_no_server_agrees_with_it() {
        let rows: [(&[i64], VerdictDto, &str); 7] = [
            (&[], VerdictDto::NotChecked, "no server told its time"),
            (&[1, -2], VerdictDto::Good, "this computer's clock is within 1 s of the servers'"),
            (&[30], VerdictDto::Good, "this computer's clock is within 30 s of the servers'"),
            (&[31], VerdictDto::Warning, "this computer's clock is 31 s behind the server's clock"),
            (&[-301], VerdictDto::Failed, "this computer's clock is 5 min ahead of the server's clock"),
            (
                &[4_000, 4_100],
                VerdictDto::Failed,
                "this computer's clock is 66 min behind the clocks of all servers",
            ),
            (
                &[0, 9_000],
                VerdictDto::Note,
                "this computer's clock agrees with a server's; another server's is off by 2 h",
            ),
        ];
        for (seconds, verdict, message) in rows {
            assert_eq!(clock(seconds), (verdict, message.to_owned()));
        }
    }

    #[test]
    fn the_servers_time_is_compared_with_the_middle_of_the_exchange() {
        let at = DateTime::from_timestamp(1_800_000_010, 0).unwrap();
        let answered = |date: Option<i64>| Answered {
            status: 200,
            date: date.map(|date| DateTime::from_timestamp(date, 0).unwrap()),
            at,
            took: Duration::from_secs(4),
        };
        assert_eq!(skew(&answered(Some(1_800_000_008))), Some(TimeDelta::zero()));
        assert_eq!(skew(&answered(None)), None);
    }

    #[test]
    fn the_servers_of_an_account_are_those_that_it_asks() {
        let of = |account: &Account, calendars: Vec<_>| {
            let directory = Directory::new(vec![account.clone()], calendars);
            servers(&directory, account).into_keys().collect::<Vec<_>>()
        };
        let mut elsewhere = calendar("home", "far", "Far");
        elsewhere.remote.name = starmesh_core::ids::LastingName::new("https://p07.example:8443/x/");
        let home = account("home");
        assert_eq!(
            of(&home, vec![calendar("home", "work", "Work"), elsewhere]),
            ["https://home.example", "https://p07.example:8443"]
        );
        let url = |text: &str| Url::parse(text).unwrap();
        let google = AccountKind::Google(OAuthAccount {
            client_id: "me".to_owned(),
            authorize: url("https://in-the-browser.example/"),
            token: url("https://token.example/token"),
            device: None,
            revoke: None,
            api: url("https://api.example/v3"),
            batch: Some(url("https://api.example/batch")),
            port: None,
        });
        let google = Account { kind: google, ..home };
        assert_eq!(of(&google, Vec::new()), ["https://api.example", "https://token.example"]);
    }

    #[test]
    fn what_a_server_says_stands_beside_our_own_words() {
        let host = || "dav.example.org".to_owned();
        let silent =
            judge_connection(Err(HttpError::Unreachable { host: host(), cause: Unreachable::Connect }), true);
        assert_eq!((silent.verdict, silent.code), (VerdictDto::Failed, Some(ErrorCode::Offline)));
        let untrusted =
            judge_connection(Err(HttpError::Untrusted { host: host(), reason: "expired".to_owned() }), true);
        assert_eq!(untrusted.code, Some(ErrorCode::Untrusted));
        let nameless = judge_name(Err(HttpError::Unreachable { host: host(), cause: Unreachable::Name }));
        let late = judge_name(Err(HttpError::Unreachable { host: host(), cause: Unreachable::Timeout }));
        assert_ne!(nameless.message, late.message);
        let refused = ProviderError::new(ErrorKind::NeedsSignIn, "dav.example.org refuses the password");
        let refused = judge_sign_in(Some(Err(refused)), "home");
        assert_eq!((refused.verdict, refused.code), (VerdictDto::Failed, Some(ErrorCode::SignInRefused)));
        assert!(refused.action.as_ref().is_some_and(|action| action.contains("account signin home")));
        for finding in [silent, untrusted, nameless, late, refused] {
            assert!(!finding.message.contains("example"), "{finding:?}");
            assert!(finding.said.is_some_and(|said| said.contains("dav.example.org")));
            assert!(finding.action.is_some());
        }
    }

    #[test]
    fn a_server_that_is_busy_is_no_failure() {
        let busy = ProviderError::new(ErrorKind::Throttled { retry_after: None }, "slow down");
        assert_eq!(judge_sign_in(Some(Err(busy)), "home").verdict, VerdictDto::Warning);
        assert_eq!(judge_sign_in(None, "home").verdict, VerdictDto::Warning);
    }
}
