//! The one place that knows which adapter serves which account.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use secrecy::SecretString;
use starmesh_caldav::{CaldavAccount, CaldavNetwork, CaldavProvider, Entry, discover};
use starmesh_core::ids::AccountId;
use starmesh_http::{HttpOptions, ReqwestTransport};
use starmesh_provider::env::Clock;
use starmesh_provider::{CalendarProvider, ErrorKind, ProviderError, Providers};
use starmesh_store::state::{AccountKind, State};

use crate::error::{AppError, ErrorCode};
use crate::vault::Vault;

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
            || ProviderError::new(ErrorKind::NeedsSignIn, "the vault holds no password for the account");
        let vault = self.vault.as_ref().ok_or_else(signed_out)?;
        let password = vault
            .password(id)
            .await
            .map_err(|error| ProviderError::new(ErrorKind::NeedsSignIn, error.message))?
            .ok_or_else(signed_out)?;
        self.network.connect(&account.kind, password).await
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

/// The way to the servers.
#[derive(Clone)]
pub(crate) struct Network {
    caldav: CaldavNetwork,
}

impl Network {
    /// Over the real network.
    pub(crate) fn new(options: &HttpOptions, clock: Arc<dyn Clock>) -> Result<Self, AppError> {
        let http = ReqwestTransport::new(options).map_err(|error| {
            AppError::new(ErrorCode::Internal, format!("the network cannot be used: {error}"))
        })?;
        Ok(Self { caldav: CaldavNetwork { http: Arc::new(http), clock } })
    }

    /// The provider of an account, found and signed in.
    pub(crate) async fn connect(
        &self,
        kind: &AccountKind,
        password: SecretString,
    ) -> Result<Arc<dyn CalendarProvider>, ProviderError> {
        match kind {
            AccountKind::Caldav { url, user } => {
                let entry = Entry::parse(url)
                    .map_err(|problem| ProviderError::new(ErrorKind::Refused, problem.to_string()))?;
                let account = CaldavAccount { entry, user: user.clone(), password };
                let discovered = discover(&account, &self.caldav).await?;
                Ok(Arc::new(CaldavProvider::new(&account, discovered, &self.caldav)))
            }
        }
    }
}
