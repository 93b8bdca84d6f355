//! A feed's way to its server.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use secrecy::SecretString;
use starmesh_http::{
    AccountTransport, Budget, Credentials, Governor, GovernorSettings, Request, Response, Transport,
};
use starmesh_provider::Result;
use starmesh_provider::env::Clock;

use crate::address::FeedAddress;

/// Requests for one feed under way at once: it is one file.
pub(crate) const CONCURRENCY: usize = 1;

/// Requests for one feed per second, on average. A pass asks once, or twice when something is missing.
const BUDGET: Budget = Budget::per_second(NonZeroU32::new(2).expect("not zero"));

/// What a person tells us about a feed.
#[derive(Clone)]
pub struct FeedAccount {
    /// Where it is.
    pub address: FeedAddress,
    /// Who may read it, where the address alone is not enough.
    pub sign_in: Option<FeedSignIn>,
}

/// A name and a password.
#[derive(Clone)]
pub struct FeedSignIn {
    /// The user's name at the server.
    pub user: String,
    /// The password.
    pub password: SecretString,
}

impl fmt::Debug for FeedAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FeedAccount(..)")
    }
}

impl fmt::Debug for FeedSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FeedSignIn(..)")
    }
}

/// The world that a feed needs.
#[derive(Clone)]
pub struct FeedNetwork {
    /// One exchange, without credentials or redirects.
    pub http: Arc<dyn Transport>,
    /// The time, for delays that a server asks for.
    pub clock: Arc<dyn Clock>,
}

/// A feed's own transport: its credentials, its governor.
pub(crate) struct Connection {
    transport: AccountTransport,
}

impl Connection {
    pub(crate) fn new(account: &FeedAccount, network: &FeedNetwork) -> Self {
        let credentials = match &account.sign_in {
            Some(FeedSignIn { user, password }) => {
                Credentials::Password { user: user.clone(), password: password.clone().into() }
            }
            None => Credentials::Nobody,
        };
        let governor = Arc::new(Governor::new(GovernorSettings { concurrency: CONCURRENCY, budget: BUDGET }));
        let trusted = account.address.expose().clone();
        let (http, clock) = (Arc::clone(&network.http), Arc::clone(&network.clock));
        Self { transport: AccountTransport::new(http, credentials, trusted, governor, clock) }
    }

    /// Sends `request`; any status is an answer.
    pub(crate) async fn send(&self, request: Request) -> Result<Response> {
        Ok(self.transport.send(request).await?)
    }
}
