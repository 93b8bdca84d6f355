//! The one place that knows which adapter serves which account.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use starmesh_caldav::{CaldavAccount, CaldavNetwork, CaldavProvider, CaldavSecret, Entry, discover};
use starmesh_core::ids::AccountId;
use starmesh_google::{GoogleClient, GoogleNetwork};
use starmesh_graph::{GraphClient, GraphNetwork, Mailbox};
use starmesh_http::oauth::Tokens;
use starmesh_http::{
    AccountTransport, Budget, Credentials, Governor, GovernorSettings, HttpOptions, ReqwestTransport,
    Transport,
};
use starmesh_ics::{FeedAccount, FeedAddress, FeedNetwork, FeedProvider, FeedSignIn};
use starmesh_provider::env::{Clock, Entropy};
use starmesh_provider::{CalendarProvider, ErrorKind, ProviderError, Providers};
use starmesh_store::state::{AccountKind, OAuthAccount, State};

use crate::endpoints::oauth_client;
use crate::error::{AppError, ErrorCode};
use crate::sign_in::VaultKeeper;
use crate::vault::Vault;

/// Exchanges with one Google or Microsoft mailbox under way at once: what Microsoft allows. How many a minute
/// is the adapters' own pace, which knows what a batch costs; this bounds a burst and holds a pause.
const MAILBOX_CONCURRENCY: usize = 4;
/// Exchanges with one Google or Microsoft mailbox per second.
const MAILBOX_BUDGET: Budget = Budget::per_second(NonZeroU32::new(50).expect("not zero"));

/// An account's provider once it was made. Behind its own lock, so that one slow account keeps no other
/// waiting and is not discovered twice.
type Slot = Arc<tokio::sync::Mutex<Option<Arc<dyn CalendarProvider>>>>;

/// The providers of all accounts, made when they are first asked for.
pub(crate) struct AccountProviders {
    state: State,
    /// None where nothing was ever kept, so that there are no accounts either.
    vault: Option<Arc<Vault>>,
    network: Network,
    slots: Mutex<HashMap<AccountId, Slot>>,
}

impl AccountProviders {
    pub(crate) fn new(state: State, vault: Option<Arc<Vault>>, network: Network) -> Self {
        Self { state, vault, network, slots: Mutex::default() }
    }

    /// The way to the servers.
    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    /// Forgets every provider: accounts or their passwords may have changed.
    pub(crate) fn forget(&self) {
        self.slots().clear();
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<AccountId, Slot>> {
        // A map is whole after a panic elsewhere.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn make(&self, id: &AccountId) -> Result<Arc<dyn CalendarProvider>, ProviderError> {
        let failed =
            |error: &dyn std::fmt::Display| ProviderError::new(ErrorKind::Offline, error.to_string());
        let account = self.state.account(id).await.map_err(|error| failed(&error))?;
        let account =
            account.ok_or_else(|| ProviderError::new(ErrorKind::Gone, "the account was removed"))?;
        let signed_out =
            || ProviderError::new(ErrorKind::NeedsSignIn, "the vault holds no sign-in for the account");
        let unreadable = |error: AppError| ProviderError::new(ErrorKind::NeedsSignIn, error.message);
        let vault = self.vault.as_ref().ok_or_else(signed_out)?;
        let secret = vault.password(id).await.map_err(unreadable)?.ok_or_else(signed_out)?;
        let client_secret = vault.client_secret(id).await.map_err(unreadable)?;
        let proof = match (&account.kind, oauth_client(&account.kind, client_secret)) {
            (_, Some(client)) => {
                let keeper = Arc::new(VaultKeeper { vault: Arc::clone(vault), account: id.clone() });
                let (http, clock) = (self.network.http(), self.network.clock());
                Proof::Tokens(Arc::new(Tokens::new(client, secret, keeper, http, clock)))
            }
            (AccountKind::Ics { .. }, None) => {
                let password = vault.feed_password(id).await.map_err(unreadable)?;
                Proof::Feed { address: feed_address(&secret)?, password }
            }
            (_, None) => Proof::Secret(secret),
        };
        self.network.connect(&account.kind, proof).await
    }
}

#[async_trait]
impl Providers for AccountProviders {
    async fn provider(&self, account: &AccountId) -> Result<Arc<dyn CalendarProvider>, ProviderError> {
        let slot = Arc::clone(self.slots().entry(account.clone()).or_default());
        let mut slot = slot.lock().await;
        if let Some(provider) = &*slot {
            return Ok(Arc::clone(provider));
        }
        let provider = self.make(account).await?;
        *slot = Some(Arc::clone(&provider));
        Ok(provider)
    }
}

/// What proves who an account is.
pub(crate) enum Proof {
    /// A password, or a token that stands for one.
    Secret(SecretString),
    /// The address of a feed, with a password where that is needed, too.
    Feed {
        /// Where it is.
        address: FeedAddress,
        /// The password.
        password: Option<SecretString>,
    },
    /// The tokens of a sign-in.
    Tokens(Arc<Tokens>),
}

/// The way to the servers.
#[derive(Clone)]
pub(crate) struct Network {
    caldav: CaldavNetwork,
    entropy: Arc<dyn Entropy>,
    clients: Arc<Mutex<HashMap<String, Arc<Governor>>>>,
}

/// Requests per second under one client id, over all its accounts. Google grants a client 10,000 a minute;
/// Microsoft counts by client and mailbox, which the governor of the mailbox covers.
const CLIENT_BUDGET: Budget = Budget::per_second(NonZeroU32::new(150).expect("not zero"));
/// Requests under way at once under one client id.
const CLIENT_CONCURRENCY: usize = 64;

impl Network {
    /// Over the real network.
    pub(crate) fn new(
        options: &HttpOptions,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, AppError> {
        let http = ReqwestTransport::new(options).map_err(|error| {
            AppError::new(ErrorCode::Internal, format!("the network cannot be used: {error}"))
        })?;
        Ok(Self { caldav: CaldavNetwork { http: Arc::new(http), clock }, entropy, clients: Arc::default() })
    }

    /// One exchange, without credentials.
    pub(crate) fn http(&self) -> Arc<dyn Transport> {
        Arc::clone(&self.caldav.http)
    }

    /// The time.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.caldav.clock)
    }

    /// The provider of an account, found and signed in.
    pub(crate) async fn connect(
        &self,
        kind: &AccountKind,
        proof: Proof,
    ) -> Result<Arc<dyn CalendarProvider>, ProviderError> {
        match (kind, proof) {
            (AccountKind::Caldav { url, user, by_token }, Proof::Secret(secret)) => {
                let entry = Entry::parse(url)
                    .map_err(|problem| ProviderError::new(ErrorKind::Refused, problem.to_string()))?;
                let secret = if *by_token {
                    CaldavSecret::Token(secret)
                } else {
                    CaldavSecret::Password(secret.into())
                };
                let account = CaldavAccount { entry, user: user.clone(), secret };
                let discovered = discover(&account, &self.caldav).await?;
                Ok(Arc::new(CaldavProvider::new(&account, discovered, &self.caldav)))
            }
            (AccountKind::Ics { calendar, user, .. }, Proof::Feed { address, password }) => {
                let sign_in = match (user.clone(), password) {
                    (None, _) => None,
                    (Some(user), Some(password)) => Some(FeedSignIn { user, password }),
                    (Some(_), None) => {
                        let message = "the vault holds no password for the feed";
                        return Err(ProviderError::new(ErrorKind::NeedsSignIn, message));
                    }
                };
                let network = FeedNetwork { http: self.http(), clock: self.clock() };
                let account = FeedAccount { address, sign_in };
                Ok(Arc::new(FeedProvider::new(&account, calendar.clone(), &network)))
            }
            (AccountKind::Google(account), Proof::Tokens(tokens)) => {
                let network = GoogleNetwork {
                    http: Arc::new(self.signed_in(account, tokens)),
                    clock: self.clock(),
                    entropy: Arc::clone(&self.entropy),
                };
                let batch = account.batch.clone().unwrap_or_else(|| account.api.clone());
                let endpoints = starmesh_google::Endpoints { api: account.api.clone(), batch };
                Ok(Arc::new(GoogleClient::new(&network, endpoints)))
            }
            (AccountKind::Microsoft { sign_in, mailbox }, Proof::Tokens(tokens)) => {
                let network = GraphNetwork {
                    http: Arc::new(self.signed_in(sign_in, tokens)),
                    clock: self.clock(),
                    entropy: Arc::clone(&self.entropy),
                    budget: starmesh_graph::BUDGET,
                };
                let endpoints = starmesh_graph::Endpoints::at(sign_in.api.clone());
                let mailbox = mailbox.clone().map_or(Mailbox::Me, Mailbox::Address);
                Ok(Arc::new(GraphClient::new(&network, endpoints, mailbox)))
            }
            (_, Proof::Secret(_) | Proof::Tokens(_) | Proof::Feed { .. }) => {
                Err(ProviderError::new(ErrorKind::NeedsSignIn, "the account signs in another way"))
            }
        }
    }

    fn signed_in(&self, account: &OAuthAccount, tokens: Arc<Tokens>) -> AccountTransport {
        let governor = governor(MAILBOX_CONCURRENCY, MAILBOX_BUDGET);
        let credentials = Credentials::Bearer(tokens);
        AccountTransport::new(self.http(), credentials, account.api.clone(), governor, self.clock())
            .under_client(self.client_governor(&account.client_id))
    }

    fn client_governor(&self, client_id: &str) -> Arc<Governor> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = clients
            .entry(client_id.to_owned())
            .or_insert_with(|| governor(CLIENT_CONCURRENCY, CLIENT_BUDGET));
        Arc::clone(shared)
    }
}

/// How fast an account may be asked, and how many requests may be under way at once; `None` when nobody knows which
/// server is meant, or nothing is counted there.
pub(crate) fn budget_of(kind: &AccountKind) -> Option<(Budget, usize)> {
    match kind {
        AccountKind::Caldav { url, .. } => {
            let budget = match Entry::parse(url).ok()? {
                Entry::Url(url) => starmesh_caldav::budget_of(&url),
                Entry::MailDomain(_) => starmesh_caldav::BUDGET,
            };
            Some((budget, starmesh_caldav::CONCURRENCY))
        }
        AccountKind::Google(_) => Some((starmesh_google::BUDGET, MAILBOX_CONCURRENCY)),
        AccountKind::Microsoft { .. } => Some((starmesh_graph::BUDGET, MAILBOX_CONCURRENCY)),
        AccountKind::Ics { .. } => None,
    }
}

/// The address of a feed out of the vault.
pub(crate) fn feed_address(secret: &SecretString) -> Result<FeedAddress, ProviderError> {
    FeedAddress::parse(secret.expose_secret())
        .map_err(|problem| ProviderError::new(ErrorKind::NeedsSignIn, problem.to_string()))
}

fn governor(concurrency: usize, budget: Budget) -> Arc<Governor> {
    Arc::new(Governor::new(GovernorSettings { concurrency, budget }))
}
