//! Signing in to a simulated service, and the tokens that come of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use starmesh_core::ids::AccountId;
use starmesh_http::Transport;
use starmesh_http::oauth::{LoopbackHost, OAuthClient, TokenKeeper, Tokens};
use starmesh_provider::env::Clock;
use starmesh_sim::web::ReplyBody;
use starmesh_sim::web::auth::{AuthServer, AuthSwitches, Authorized, Form};

use super::wire::{WebHost, url};

/// Where the browser is sent back to.
const REDIRECT: &str = "http://127.0.0.1:1/";
/// What the program calls itself.
const CLIENT: &str = "starmesh-world";

/// Where an account signs in, and for what.
pub(super) struct Office {
    client: OAuthClient,
    auth: AuthServer,
    switches: AuthSwitches,
    redirect: String,
}

impl Office {
    pub(super) fn of(host: &WebHost) -> Self {
        let owned = |scopes: &[&str]| scopes.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>();
        let (authorize, token, secret, scopes, needed) = match host {
            WebHost::Google(_) => (
                url("https://accounts.google.com/o/oauth2/v2/auth"),
                url("https://oauth2.googleapis.com/token"),
                Some(SecretString::from("secret".to_owned())),
                owned(&starmesh_google::SCOPES),
                owned(&starmesh_google::SCOPES),
            ),
            WebHost::Microsoft(_) => (
                url("https://login.microsoftonline.com/common/oauth2/v2.0/authorize"),
                url("https://login.microsoftonline.com/common/oauth2/v2.0/token"),
                None,
                owned(&["openid", "profile", "offline_access", "User.Read", "Calendars.ReadWrite"]),
                owned(&["Calendars.ReadWrite"]),
            ),
        };
        let client = OAuthClient {
            id: CLIENT.to_owned(),
            secret,
            authorize,
            token,
            device: None,
            scopes,
            needed_scopes: needed,
            parameters: Vec::new(),
            loopback: LoopbackHost::Address,
            port: None,
        };
        let (auth, switches) = match host {
            WebHost::Google(sim) => (sim.auth().clone(), sim.switches().auth),
            WebHost::Microsoft(sim) => (sim.auth().clone(), sim.switches().auth),
        };
        Self { client, auth, switches, redirect: REDIRECT.to_owned() }
    }

    /// What a person does with a browser: gives a refresh token.
    fn grant(&self, mail: &str) -> Result<SecretString, String> {
        let scopes = self.client.scopes.join(" ");
        let query = Form::from([
            ("client_id", CLIENT),
            ("redirect_uri", &self.redirect),
            ("response_type", "code"),
            ("scope", &scopes),
            ("login_hint", mail),
            ("access_type", "offline"),
            ("prompt", "consent"),
        ]);
        let Authorized::Redirect(back) = self.auth.authorize(&query, &self.switches) else {
            return Err("the sign-in page shows an error".to_owned());
        };
        let code = back.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned());
        let code = code.ok_or_else(|| "the sign-in gives no code".to_owned())?;
        let secret = self.client.secret.as_ref().map(|secret| secret.expose_secret().to_owned());
        let secret = secret.unwrap_or_default();
        let form = Form::from([
            ("grant_type", "authorization_code"),
            ("client_id", CLIENT),
            ("client_secret", &secret),
            ("redirect_uri", &self.redirect),
            ("code", &code),
        ]);
        let reply = self.auth.token(&form, None, &self.switches);
        let ReplyBody::Json(body) = &reply.body else { return Err("the sign-in gives no tokens".to_owned()) };
        let refresh = body["refresh_token"].as_str().map(|token| token.to_owned().into());
        refresh.ok_or_else(|| format!("the sign-in gives no lasting token: {}", body["error"]))
    }
}

/// The refresh tokens of every account on every device: the devices' vaults.
#[derive(Clone, Default)]
pub(super) struct KeptTokens(Arc<Mutex<BTreeMap<(AccountId, u8), SecretString>>>);

impl KeptTokens {
    fn kept(&self) -> MutexGuard<'_, BTreeMap<(AccountId, u8), SecretString>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn sign_in(
        &self,
        office: &Office,
        host: &WebHost,
        account: &AccountId,
        device: u8,
    ) -> Result<(), String> {
        let refresh = office.grant(&mail_of(host, account))?;
        self.kept().insert((account.clone(), device), refresh);
        Ok(())
    }

    /// The tokens of an account as a program that was just started has them.
    pub(super) fn tokens(
        &self,
        office: &Office,
        account: &AccountId,
        device: u8,
        http: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Tokens {
        let key = (account.clone(), device);
        // Who never signed in has a token that is none.
        let refresh = self.kept().get(&key).cloned().unwrap_or_else(|| SecretString::from("none".to_owned()));
        let keeper = Arc::new(Keeper { kept: self.clone(), key });
        Tokens::new(office.client.clone(), refresh, keeper, http, clock)
    }
}

struct Keeper {
    kept: KeptTokens,
    key: (AccountId, u8),
}

#[async_trait]
impl TokenKeeper for Keeper {
    async fn keep(&self, refresh: &SecretString) -> Result<(), String> {
        self.kept.kept().insert(self.key.clone(), refresh.clone());
        Ok(())
    }
}

/// The address of an account at Google.
pub(super) fn google_mail(account: &AccountId) -> String {
    format!("{account}@gmail.example")
}

/// The address of an account at Microsoft.
pub(super) fn microsoft_mail(account: &AccountId) -> String {
    format!("{account}@contoso.example")
}

fn mail_of(host: &WebHost, account: &AccountId) -> String {
    match host {
        WebHost::Google(_) => google_mail(account),
        WebHost::Microsoft(_) => microsoft_mail(account),
    }
}
