//! An account's way to its server.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use secrecy::SecretString;
use starmesh_http::{
    AccountTransport, Budget, Credentials, Governor, GovernorSettings, HttpError, Password, Request,
    Response, Transport, is_loopback,
};
use starmesh_provider::Result;
use starmesh_provider::env::Clock;
use url::Url;

use crate::entry::Entry;

/// Requests to one account under way at once.
pub const CONCURRENCY: usize = 4;

/// Requests to one account per second, on average. Providers name no numbers; those that want less say so
/// with 429.
pub const BUDGET: Budget = Budget::per_second(NonZeroU32::new(25).expect("not zero"));

/// The same for a server on this computer, which nobody else shares.
const BUDGET_LOOPBACK: Budget = Budget::per_second(NonZeroU32::new(1000).expect("not zero"));

/// How fast a server may be asked.
pub fn budget_of(server: &Url) -> Budget {
    if is_loopback(server) { BUDGET_LOOPBACK } else { BUDGET }
}

/// What a person tells us about an account.
#[derive(Clone)]
pub struct CaldavAccount {
    /// Where to look for it.
    pub entry: Entry,
    /// The user's name at the server; often the mail address. May be empty where a token says who it is.
    pub user: String,
    /// What proves it.
    pub secret: CaldavSecret,
}

/// What proves who an account is.
#[derive(Clone)]
pub enum CaldavSecret {
    /// The password, often one made for this program alone, for Basic and Digest.
    Password(Password),
    /// A token (RFC 6750), for servers that stand behind a sign-in of their own.
    Token(SecretString),
}

impl fmt::Debug for CaldavSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CaldavSecret(..)")
    }
}

impl fmt::Debug for CaldavAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CaldavAccount(..)")
    }
}

/// The world that an account needs.
#[derive(Clone)]
pub struct CaldavNetwork {
    /// One exchange, without credentials or redirects.
    pub http: Arc<dyn Transport>,
    /// The time, for stamps and delays.
    pub clock: Arc<dyn Clock>,
}

/// An account's own transport: its credentials, its governor.
pub(crate) struct Connection {
    transport: AccountTransport,
}

impl Connection {
    /// A connection whose credentials belong to the site of `server`.
    pub(crate) fn new(account: &CaldavAccount, server: &Url, network: &CaldavNetwork) -> Self {
        let credentials = match &account.secret {
            CaldavSecret::Password(password) => {
                Credentials::Password { user: account.user.clone(), password: password.clone() }
            }
            CaldavSecret::Token(token) => Credentials::Token(token.clone()),
        };
        let settings = GovernorSettings { concurrency: CONCURRENCY, budget: budget_of(server) };
        let governor = Arc::new(Governor::new(settings));
        let transport = AccountTransport::new(
            Arc::clone(&network.http),
            credentials,
            server.clone(),
            governor,
            Arc::clone(&network.clock),
        );
        Self { transport }
    }

    /// Sends `request`; any status is an answer.
    pub(crate) async fn send(&self, request: Request) -> Result<Response> {
        Ok(self.exchange(request).await?)
    }

    /// The same with the unclassified error.
    pub(crate) async fn exchange(&self, request: Request) -> std::result::Result<Response, HttpError> {
        self.transport.send(request).await
    }
}
