//! Signing in at Google and Microsoft: in a browser here, or on another device.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;
use starmesh_core::ids::AccountId;
use starmesh_http::oauth::{
    BrowserSignIn, DevicePrompt, Grant, OAuthClient, SignInError, TokenKeeper, device_sign_in,
};
use starmesh_provider::env::Entropy;
use starmesh_store::state::AccountKind;
use url::Url;

use crate::error::{Action, AppError, ErrorCode, quoted};
use crate::providers::Network;
use crate::vault::Vault;

/// Tells the person where to sign in.
pub trait SignInPrompt: Send + Sync {
    /// The system's browser has to go to `address`.
    fn browser(&self, address: &str);
    /// The code has to be typed on any device.
    fn device(&self, prompt: &DevicePrompt);
}

/// Where the person signs in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignInWay {
    /// In a browser on this machine.
    Browser,
    /// On another device, with a code.
    Device,
}

/// Lets a person sign in.
pub(crate) async fn sign_in(
    client: OAuthClient,
    way: SignInWay,
    network: &Network,
    entropy: &dyn Entropy,
    prompt: &dyn SignInPrompt,
) -> Result<Grant, SignInError> {
    let (http, clock) = (network.http(), network.clock());
    match way {
        SignInWay::Browser => {
            let under_way = BrowserSignIn::begin(client, http, clock, entropy).await?;
            prompt.browser(under_way.address().as_str());
            under_way.finish().await
        }
        SignInWay::Device => device_sign_in(client, http, clock, |code| prompt.device(&code)).await,
    }
}

/// Keeps the refresh token of one account in the vault.
pub(crate) struct VaultKeeper {
    pub(crate) vault: Arc<Vault>,
    pub(crate) account: AccountId,
}

#[async_trait]
impl TokenKeeper for VaultKeeper {
    async fn keep(&self, refresh: &SecretString) -> Result<(), String> {
        self.vault.set_password(&self.account, refresh).await.map_err(|error| error.message)
    }
}

impl AppError {
    /// A sign-in that came to nothing; `account` is what the person calls it, when it exists already.
    pub(crate) fn of_sign_in(error: &SignInError, account: Option<&str>) -> Self {
        let code = match error {
            SignInError::Http(_) | SignInError::Trouble { .. } => ErrorCode::Offline,
            SignInError::NotUnderstood { .. } => ErrorCode::InvalidAnswer,
            SignInError::PortTaken { .. } | SignInError::NoListener { .. } => ErrorCode::Refused,
            SignInError::NotKept { .. } => ErrorCode::VaultUnavailable,
            SignInError::NoDeviceFlow => ErrorCode::InvalidValue,
            _ => ErrorCode::SignInRefused,
        };
        let failure = Self::new(code, format!("could not sign in: {error}"));
        let again = "sign in once more, and finish it in the browser that opens";
        let failure = match error {
            SignInError::TimedOut(_)
            | SignInError::NoAnswer
            | SignInError::Declined
            | SignInError::Ended { .. } => failure.hint(again),
            SignInError::OtherFlow => {
                failure.hint("close older sign-in pages and sign in once more; nothing was taken over")
            }
            SignInError::AdminConsent { link } => failure.hint(for_the_administrator(link.as_ref())),
            SignInError::Blocked { .. } => {
                failure.hint("ask the organisation's administrator which rule it is")
            }
            SignInError::ReducedScopes { .. } => {
                failure.hint("sign in once more and leave every box on the consent page ticked")
            }
            SignInError::Client { .. } => failure.hint(
                "check --client-id, --client-secret-stdin and the redirect address of the registration \
                 (docs/accounts.md)",
            ),
            SignInError::NotLasting => failure
                .hint("the registration must allow lasting access (offline_access, access_type=offline)"),
            SignInError::PortTaken { .. } => {
                failure.hint("close the program that uses it, or register a redirect address with any port")
            }
            SignInError::NoDeviceFlow => failure.hint("sign in with the browser"),
            SignInError::Http(_) | SignInError::Trouble { .. } => failure.action(Action::Retry),
            SignInError::NotUnderstood { .. }
            | SignInError::NoListener { .. }
            | SignInError::NotKept { .. } => failure,
        };
        match account {
            Some(account) if failure.code == ErrorCode::SignInRefused => {
                failure.action(Action::SignIn { account: account.to_owned() })
            }
            _ => failure,
        }
    }
}

/// What a person can pass on.
fn for_the_administrator(link: Option<&Url>) -> String {
    match link {
        Some(link) => format!(
            "send your administrator this: “Please allow Starmesh, which keeps my calendars in step from my \
             own computer and needs to read and write my events: {link}”. Then sign in once more"
        ),
        None => "ask the organisation's administrator to allow Starmesh, then sign in once more".to_owned(),
    }
}

/// The command with which a person signs in to an account that has never been signed in to on this computer. Google
/// wants the secret of the client too, which stays behind when an account goes to another computer.
pub(crate) fn first_sign_in(account: &str, kind: &AccountKind) -> String {
    let secret = if matches!(kind, AccountKind::Google(_)) { " --client-secret-stdin < FILE" } else { "" };
    format!("starmesh account signin {}{secret}", quoted(account))
}

/// How to sign in again, as a hint.
pub(crate) fn sign_in_again(account: &str) -> String {
    format!("sign in again with `starmesh account signin {}`", quoted(account))
}
