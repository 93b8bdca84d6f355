//! Ending what a person allowed at a provider, when its account goes.

use starmesh_http::oauth::revoke;
use starmesh_store::state::{Account, AccountKind};

use crate::dto::GrantDto;
use crate::open::Starmesh;

/// Where people withdraw by hand what they allowed at Google.
const GOOGLE_PAGES: [&str; 1] = ["https://myaccount.google.com/connections"];

/// Where they do at Microsoft: with a personal account, and with one of an organisation.
const MICROSOFT_PAGES: [&str; 2] =
    ["https://account.microsoft.com/privacy/app-access", "https://myapps.microsoft.com"];

impl Starmesh {
    /// Ends the sign-in of an account at its provider, where that can be asked to; `None` for an account that
    /// has a password or is a feed. Never fails: an account can be removed while its provider is out of reach.
    pub(crate) async fn withdraw_grant(&self, account: &Account) -> Option<GrantDto> {
        let (provider, sign_in, pages) = match &account.kind {
            AccountKind::Caldav { .. } | AccountKind::Ics { .. } => return None,
            AccountKind::Google(sign_in) => ("Google", sign_in, &GOOGLE_PAGES[..]),
            AccountKind::Microsoft { sign_in, .. } => ("Microsoft", sign_in, &MICROSOFT_PAGES[..]),
        };
        let stands = |failure: Option<String>| GrantDto::Stands {
            provider: provider.to_owned(),
            failure,
            pages: pages.iter().map(|page| (*page).to_owned()).collect(),
        };
        let Some(endpoint) = &sign_in.revoke else { return Some(stands(None)) };
        let refresh = match self.vault() {
            Ok(vault) => vault.password(&account.id).await,
            Err(error) => Err(error),
        };
        let refresh = match refresh {
            Ok(Some(refresh)) => refresh,
            Ok(None) => return Some(stands(Some("the vault holds no sign-in for the account".to_owned()))),
            Err(error) => return Some(stands(Some(error.message))),
        };
        let http = self.providers.network().http();
        Some(match revoke(endpoint, &refresh, &*http).await {
            Ok(()) => GrantDto::Withdrawn { provider: provider.to_owned() },
            Err(error) => stands(Some(error.to_string())),
        })
    }
}
